"""python -m localrun.event_sources --endpoint URL --state DIR"""

from __future__ import annotations

import sys

from localrun.errors import LocalRunError
from localrun.event_sources.checkpoint import Checkpoints
from localrun.event_sources.clock import Clock
from localrun.event_sources.process import arguments, prepare, serve
from localrun.event_sources.status import Status
from localrun.event_sources.worker import REFRESH_SECONDS, EventSources


def main() -> int:
    options = arguments("localrun.event_sources", "Invokes functions from Kinesis streams as their mappings say.").parse_args()
    try:
        state = prepare(options.state)
        clock = Clock()
        status = Status(state / "status.json", "event_sources")
        worker = EventSources(options.endpoint, Checkpoints(state / "checkpoints"), status, clock)
        return serve(status, clock, worker.threads, worker.refresh, REFRESH_SECONDS)
    except LocalRunError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
