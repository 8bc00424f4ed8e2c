"""CPU time of the pipeline's processes: on a machine shared with others it says what wall time does not.

Source: proc(5), /proc/<pid>/stat and /proc/<pid>/cmdline, so on Linux only; elsewhere nothing is known of other processes.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from localrun.state import State

PROC = Path("/proc")
SENDER = "sender"
#: How the emulator calls the process of a function.
_FUNCTION = re.compile(r"/ministack-lambda-(?P<name>[^/]+)-[^-/]+/_worker\.py")
_TICKS = os.sysconf("SC_CLK_TCK")


class _Process(NamedTuple):
    parent: int
    seconds: float
    command: str


def used(state: State, proc: Path = PROC) -> dict[str, float]:
    """Seconds so far: of each engine, of all processes of each function, and of this process, by name."""
    names = {engine.pid: engine.name for engine in state.engines} | {os.getpid(): SENDER}
    seconds: defaultdict[str, float] = defaultdict(float)
    for pid, process in _processes(proc).items():
        function = _FUNCTION.search(process.command) if process.parent in names else None
        name = function["name"] if function else names.get(pid)
        if name:
            seconds[name] += process.seconds
    return seconds


def each(before: Mapping[str, float], after: Mapping[str, float], events: int) -> dict[str, float]:
    """Microseconds an event by name, the most first. What has ended meanwhile, or used nothing, is left out."""
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    most = sorted((name for name, seconds in spent.items() if seconds > 0), key=lambda name: -spent[name])
    return {name: round(spent[name] / events * 1e6, 1) for name in most} if events else {}


def _processes(proc: Path) -> dict[int, _Process]:
    found = {}
    for directory in proc.glob("[0-9]*"):
        try:
            # The name in brackets may hold anything; what follows it is numbers.
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        found[int(directory.name)] = _Process(int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS, command)
    return found
