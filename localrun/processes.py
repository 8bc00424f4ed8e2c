"""Starting and ending the engines: each in a process group of its own, so that what it starts ends with it."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

from localrun import guard
from localrun.errors import LocalRunError

#: From asking an engine to end to killing it: a hung custom resource, for one, ignores SIGTERM.
STOP_SECONDS = 5.0
LOG_TAIL_LINES = 15
#: Nice value, see setpriority(2), of what may lag: the greatest, so that it gets what is left.
YIELDING = 19
LOCALHOST = "127.0.0.1"
#: Below what systems give who asks for any port, and outgoing connections: an engine that asks so while another starts takes none
#: of these.
PORTS = range(10_000, 32_768)


@dataclass(frozen=True, slots=True)
class User:
    """Whom a process runs as; None where this one is passed means: as ourselves."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """A running engine."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    again: Callable[[], subprocess.Popen[bytes]]
    """Starts the same command once more, its output after what the log holds."""

    @property
    def pid(self) -> int:
        """Its process group too: it was started as the leader of one."""
        return self.popen.pid

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])

    def raise_if_ended(self) -> None:
        """Raise LocalRunError with the end of its log when it is no longer running."""
        code = self.popen.poll()
        if code is not None:
            raise LocalRunError(f"{self.name} ended ({describe_exit(code)}); its log {self.log} ends with:\n{self.tail()}")


def yield_to_others(pid: int, nice: int) -> None:
    """Give a process, the first of its session, a nice value. Raises OSError.

    Where Linux groups processes by session, that of a process counts within its session alone, and the session has one of its
    own: sched(7), "The autogroup feature".
    """
    os.setpriority(os.PRIO_PROCESS, pid, nice)
    autogroup = Path(f"/proc/{pid}/autogroup")
    if autogroup.exists():
        autogroup.write_text(f"{nice}\n")


class ProcessGroups:
    """Every process group of a pipeline, watched by a guard that ends them should this process be killed.

    A context manager: leaving it ends everything, and refuses to start more. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._processes: list[Process] = []
        self._changing = threading.Lock()
        self._guard: subprocess.Popen[str] | None = None

    def __enter__(self) -> ProcessGroups:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__], stdin=subprocess.PIPE, text=True, bufsize=1, start_new_session=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        user: User | None = None,
        nice: int = 0,
    ) -> Process:
        """Start a process; its output goes to `log`, which is emptied first. Raises LocalRunError if it cannot be started.

        One that is `nice` gets the processor when the others leave some of it.
        """
        with self._changing:
            if self._guard is None:
                raise LocalRunError(f"{name} was not started: the pipeline is stopping")

            def spawn(mode: Literal["wb", "ab"]) -> subprocess.Popen[bytes]:
                try:
                    with log.open(mode) as output:
                        popen = subprocess.Popen(
                            [str(part) for part in command],
                            stdin=subprocess.DEVNULL,
                            stdout=output,
                            stderr=subprocess.STDOUT,
                            env=env,
                            cwd=cwd,
                            start_new_session=True,
                            user=user.uid if user else None,
                            group=user.gid if user else None,
                            extra_groups=[] if user else None,
                        )
                    if nice:
                        yield_to_others(popen.pid, nice)
                except OSError as error:
                    raise LocalRunError(f"{name} cannot be started: {error.filename or command[0]}: {error.strerror}") from error
                return popen

            process = Process(name, spawn("wb"), log, partial(spawn, "ab"))
            self._processes.append(process)
            self._tell_guard(f"+{process.pid}")
        return process

    def restart(self, process: Process) -> Process:
        """Start an ended process anew, with what it was started with; what it had started itself is killed first.

        Raises LocalRunError if it cannot be started.
        """
        guard.send(process.pid, signal.SIGKILL)
        with self._changing:
            if self._guard is None:
                raise LocalRunError(f"{process.name} was not started again: the pipeline is stopping")
            successor = dataclasses.replace(process, popen=process.again())
            self._processes[self._processes.index(process)] = successor
            self._tell_guard(f"-{process.pid}")
            self._tell_guard(f"+{successor.pid}")
        return successor

    def run(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        timeout: float,
    ) -> int:
        """Run a program to its end and return its exit code. Raises LocalRunError when it takes longer than `timeout` seconds."""
        process = self.start(name, command, log=log, env=env, cwd=cwd)
        try:
            return process.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LocalRunError(f"{name} took longer than {timeout:.0f} s; its log {log} ends with:\n{process.tail()}") from None
        finally:
            self._end([process])

    def running(self) -> tuple[Process, ...]:
        """What was started and not ended, in that order."""
        return tuple(self._processes)

    def stop(self) -> None:
        """End every process group, and then the guard. Does nothing the second time."""
        with self._changing:
            watching, self._guard = self._guard, None
        if watching is None:
            return
        self._end(list(self._processes))
        # Nothing is left that it could end; the end of its input ends it.
        watching.communicate()

    def _end(self, processes: list[Process]) -> None:
        for process in processes:
            guard.send(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        remaining = processes
        while remaining and time.monotonic() < deadline:
            # A leader may have ended while what it started has not.
            remaining = [process for process in remaining if _group_lives(process)]
            if remaining:
                time.sleep(0.02)
        for process in remaining:
            guard.send(process.pid, signal.SIGKILL)
        with self._changing:
            for process in processes:
                process.popen.wait()
                self._tell_guard(f"-{process.pid}")
            self._processes = [process for process in self._processes if process not in processes]

    def _tell_guard(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.write(line + "\n")


def _group_lives(process: Process) -> bool:
    process.popen.poll()  # collects the leader, which otherwise stays in its group as a zombie
    return guard.send(process.pid, 0)


def describe_exit(code: int) -> str:
    """An exit code in words; subprocess gives the number of the signal that ended it as a negative one."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def free_ports(count: int) -> list[int]:
    """Ports of this machine nobody listens on. Another process may take one before we do: engines then fail with a clear log."""
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in random.sample(PORTS, len(PORTS)):
            if len(found) == count:
                break
            with contextlib.suppress(OSError):
                stack.enter_context(socket.socket()).bind((LOCALHOST, port))
                found.append(port)
    return found


def need_free_port(port: int, what: str) -> None:
    """Raise LocalRunError when somebody listens on `port`, or it may not be bound."""
    with socket.socket() as probe:
        # Without this, connections of a listener that has just ended would make its port look taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError as error:
            raise LocalRunError(
                f"port {port} for {what} is not available ({os.strerror(error.errno or 0)}); choose another one"
            ) from error


def wait_until_answering(process: Process, url: str, timeout: float, ready: Callable[[int, bytes], bool] | None = None) -> float:
    """Wait until `url` answers and `ready(status, body)` agrees (default: any status below 500); returns the seconds it took.

    Raises LocalRunError with the end of the engine's log when it ends first, or does not answer within `timeout` seconds.
    """
    parts = urlsplit(url)
    started = time.monotonic()
    while time.monotonic() - started < timeout:
        process.raise_if_ended()
        connection = http.client.HTTPConnection(parts.hostname or LOCALHOST, parts.port, timeout=3)
        with (
            contextlib.closing(connection),
            contextlib.suppress(OSError, http.client.HTTPException),
        ):  # not listening yet: ask again
            connection.request("GET", parts.path or "/")
            answer = connection.getresponse()
            body = answer.read()
            if ready(answer.status, body) if ready else answer.status < 500:
                return time.monotonic() - started
        time.sleep(0.05)
    raise LocalRunError(
        f"{process.name} did not answer within {timeout:.0f} s; its log {process.log} ends with:\n{process.tail()}"
    )
