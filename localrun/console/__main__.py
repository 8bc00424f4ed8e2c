"""python -m localrun.console --aws URL --search URL --port N --state FILE"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import uvicorn

from localrun.console.app import application
from localrun.console.dashboard import Dashboard
from localrun.console.sampler import Sampler
from localrun.delivery.http import Server
from localrun.event_sources.clock import Clock
from localrun.processes import LOCALHOST

#: An engine that takes longer does not answer, as far as a page that shows the last second is concerned.
ANSWER_SECONDS = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m localrun.console", description="A page that shows the pipeline live.")
    parser.add_argument("--aws", required=True, help="URL of the AWS emulator")
    parser.add_argument("--search", required=True, help="URL of OpenSearch")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--state", required=True, type=Path, help="the pipeline's state file, which may appear later")
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # A connection serves one thread at a time: the sampler's, and the one that asks for the panels.
    clock = Clock()
    sampler = Sampler(Server(options.aws, ANSWER_SECONDS), Server(options.search, ANSWER_SECONDS), options.state, clock)
    dashboard = Dashboard(Server(options.search, ANSWER_SECONDS), clock)
    uvicorn.run(
        application(sampler, dashboard, clock),
        host=LOCALHOST,
        port=options.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
