"""A pipeline that goes on when the command that started it has ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from localrun.errors import LocalRunError
from localrun.paths import PROJECT, PYTHON_PATH, make_directory, run_dir
from localrun.processes import STOP_SECONDS
from localrun.state import State, holder, refuse_second, running_state

#: Engines have STOP_SECONDS to end before they are killed; a supervisor that takes much longer than that hangs.
PATIENCE_SECONDS = 2 * STOP_SECONDS
POLL_SECONDS = 0.05


def start(*, report: Callable[[str], None], console_port: int | None = None, environment: str = "local") -> State:
    """Start a supervisor of its own and wait until its pipeline is ready.

    Raises LocalRunError when one is running already or the start fails. Interrupted, it stops what it started.
    """
    refuse_second()
    progress = make_directory(run_dir() / "logs") / "progress.jsonl"
    errors = run_dir() / "logs" / "supervisor.log"
    command = [sys.executable, "-m", "localrun.supervisor", "--environment", environment]
    if console_port is not None:
        command += ["--console-port", str(console_port)]
    with progress.open("wb") as output, errors.open("wb") as log:
        supervisor = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            env=os.environ | {"PYTHONPATH": PYTHON_PATH},
            start_new_session=True,
        )
    try:
        for message in follow(progress, supervisor):
            if "progress" in message:
                report(message["progress"])
            elif "error" in message:
                supervisor.wait(PATIENCE_SECONDS)
                raise LocalRunError(message["error"])
            else:
                return running_state()
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait(PATIENCE_SECONDS)
        raise
    raise LocalRunError(
        f"the supervisor ended before the pipeline was ready; see {errors}:\n{errors.read_text().strip()[-2_000:]}"
    )


def follow(file: Path, writer: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON lines of a file as they are written, until their writer has ended."""
    with file.open() as lines:
        rest = ""
        while True:
            ended = writer.poll() is not None
            rest += lines.read()
            *whole, rest = rest.split("\n")
            yield from map(json.loads, whole)
            if ended:
                return
            time.sleep(POLL_SECONDS)


def stop() -> bool:
    """Stop the pipeline of this checkout, running or still starting; False when there was none.

    Raises LocalRunError when its supervisor does not end.
    """
    pid = holder()
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while holder() == pid:
        if time.monotonic() > deadline:
            raise LocalRunError(f"process {pid}, which runs the pipeline, does not end; its logs are in {run_dir() / 'logs'}")
        time.sleep(POLL_SECONDS)
    return True
