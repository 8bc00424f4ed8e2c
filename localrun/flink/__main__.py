"""python -m localrun.flink --endpoint URL --cluster URL --distribution DIR --java FILE --checkpoints DIR --state DIR"""

from __future__ import annotations

import sys
from pathlib import Path

from localrun.errors import LocalRunError
from localrun.event_sources.clock import Clock
from localrun.event_sources.process import arguments, prepare, serve
from localrun.event_sources.status import Status
from localrun.flink.client import Client
from localrun.flink.distribution import Distribution
from localrun.flink.manager import REFRESH_SECONDS, Applications


def main() -> int:
    parser = arguments("localrun.flink", "Runs the deployed Flink applications on a session cluster.")
    parser.add_argument("--cluster", required=True, help="URL of the JobManager")
    parser.add_argument("--distribution", required=True, type=Path, help="where Flink lies")
    parser.add_argument("--java", required=True, type=Path, help="the program that runs it")
    parser.add_argument("--checkpoints", required=True, type=Path, help="the cluster's directory of checkpoints")
    options = parser.parse_args()
    try:
        state = prepare(options.state)
        clock = Clock()
        status = Status(state / "status.json", "flink")
        client = Client(Distribution(options.distribution, options.java), options.cluster)
        worker = Applications(options.endpoint, client, options.checkpoints, state, status, clock)
        return serve(status, clock, worker.threads, worker.refresh, REFRESH_SECONDS)
    except LocalRunError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
