"""python -m localrun.delivery --endpoint URL --search URL --state DIR"""

from __future__ import annotations

import sys

from localrun.delivery.manager import REFRESH_SECONDS, Deliveries
from localrun.errors import LocalRunError
from localrun.event_sources.clock import Clock
from localrun.event_sources.process import arguments, prepare, serve
from localrun.event_sources.status import Status


def main() -> int:
    parser = arguments("localrun.delivery", "Delivers what the deployed delivery streams take to S3 and OpenSearch.")
    parser.add_argument("--search", required=True, help="URL of the OpenSearch node")
    options = parser.parse_args()
    try:
        state = prepare(options.state)
        clock = Clock()
        status = Status(state / "status.json", "delivery")
        worker = Deliveries(options.endpoint, options.search, state, status, clock)
        return serve(status, clock, worker.threads, worker.refresh, REFRESH_SECONDS)
    except LocalRunError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
