"""Running a worker as a process: log, signals, status once a second."""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Status
from localrun.paths import make_directory

STATUS_SECONDS = 1.0
#: How long a stop waits for a thread to finish what it does. A delivery that is cut short has files in S3 that no checkpoint
#: knows, and puts their records there again; who cannot wait so long kills.
STOP_SECONDS = 30.0

log = logging.getLogger(__name__)


class Joinable(Protocol):
    """The threads of a worker."""

    failed: bool

    def join(self, seconds: float) -> None: ...


def arguments(program: str, description: str) -> argparse.ArgumentParser:
    """What every worker takes: --endpoint and --state."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--endpoint", required=True, help="URL of the AWS emulator")
    parser.add_argument("--state", required=True, type=Path, help="directory for checkpoints and status.json; made if absent")
    return parser


def serve(status: Status, clock: Clock, threads: Joinable, refresh: Callable[[], None], refresh_seconds: float) -> int:
    """Refresh and write the status until SIGTERM or SIGINT, then stop. Returns the exit status: 1 if a thread failed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: clock.stop())
    next_refresh = 0.0
    while not clock.stopped:
        if clock.now() >= next_refresh:
            refresh()
            next_refresh = clock.now() + refresh_seconds
        write(status, clock)
        clock.wait(STATUS_SECONDS)
    threads.join(STOP_SECONDS)
    write(status, clock)
    return 1 if threads.failed else 0


def write(status: Status, clock: Clock) -> None:
    """Write the status file; a full disk leaves the old one, and ends no worker."""
    try:
        status.write(clock.now())
    except OSError as error:
        log.error("status.json was not written: %s", error)


def prepare(state: Path) -> Path:
    """Log to stderr, make the state directory, and collect garbage less often. Raises LocalRunError if it cannot be made."""
    # What a worker holds is records, by the hundred thousand and without cycles: the collector looked through them all the time.
    gc.set_threshold(100_000, 20, 50)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    return make_directory(state)
