"""What is running: the lock a pipeline holds while it lives, and the state file other commands find it by."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from localrun.errors import LocalRunError
from localrun.paths import make_directory, run_dir, write_atomically

#: A command that looks who holds the lock has it for an instant; a start waits that out.
READER_SECONDS = 0.5


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Endpoints(_Model):
    """URLs without a trailing slash."""

    aws: str
    opensearch: str
    console: str


class Engine(_Model):
    """One process of the pipeline and where it writes."""

    name: str
    pid: int
    log: Path


class State(_Model):
    """A running pipeline."""

    pid: int
    """The supervising process: it ends, everything ends."""
    environment: str
    endpoints: Endpoints
    outputs: dict[str, dict[str, str]]
    """Stack outputs by pipeline step, e.g. `outputs["ingestion"]["RawStream"]`."""
    engines: tuple[Engine, ...]
    absent: tuple[str, ...]
    """What AWS has and this run has not, named so that nobody takes it for tested."""


def state_file() -> Path:
    return run_dir() / "state.json"


def lock_file() -> Path:
    return run_dir() / "lock"


@contextmanager
def only_pipeline() -> Iterator[None]:
    """Hold this checkout's lock, which the system frees when the process ends, however it ends.

    Raises LocalRunError when another pipeline of this checkout holds it.
    """
    make_directory(run_dir())
    with lock_file().open("a+") as lock:
        deadline = time.monotonic() + READER_SECONDS
        while not _try_lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise _second()
            time.sleep(0.05)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        state_file().unlink(missing_ok=True)  # left by a process that was killed
        try:
            yield
        finally:
            state_file().unlink(missing_ok=True)
            lock.truncate(0)


def refuse_second() -> None:
    """Raise LocalRunError when a pipeline of this checkout is running or starting."""
    if holder() is not None:
        raise _second()


def _second() -> LocalRunError:
    running = _stored_state()
    where = f"its console is {running.endpoints.console}" if running else "it is still starting"
    return LocalRunError(
        f"a pipeline of this checkout is already running (process {holder()}; {where}); stop it with ./weir down"
    )


def holder() -> int | None:
    """Process that holds the lock, running or still starting; None if nobody does."""
    try:
        with lock_file().open() as lock:
            if _try_lock(lock, fcntl.LOCK_SH):
                return None
            return int(lock.read() or 0) or None
    except FileNotFoundError:
        return None


def write_state(state: State) -> None:
    write_atomically(state_file(), state.model_dump_json(indent=2))


def read_state() -> State | None:
    """The running pipeline of this checkout, or None when there is none or it is not ready yet."""
    pid = holder()
    state = _stored_state()
    return state if state is not None and state.pid == pid else None


def running_state() -> State:
    """The running pipeline of this checkout. Raises LocalRunError if there is none."""
    state = read_state()
    if state is None:
        starting = holder() is not None
        raise LocalRunError(
            "the pipeline is still starting" if starting else "no pipeline is running here; start one with ./weir up"
        )
    return state


def _stored_state() -> State | None:
    """None also for a file of another version of the project, which no process of this one wrote."""
    try:
        return State.model_validate_json(state_file().read_text())
    except (FileNotFoundError, ValidationError):
        return None


def _try_lock(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
