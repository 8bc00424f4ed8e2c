"""CPU time is told apart by engine and by function, from what the system says of processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localrun import cpu
from localrun.state import Endpoints, Engine, State

TICK = 1 / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def state() -> State:
    engines = [Engine(name=name, pid=pid, log=Path("log")) for name, pid in (("AWS emulator", 10), ("OpenSearch", 11))]
    return State(
        pid=1,
        environment="local",
        endpoints=Endpoints(aws="a", opensearch="o", console="c"),
        outputs={},
        engines=tuple(engines),
        absent=(),
    )


def process(proc: Path, pid: int, parent: int, user: int, system: int, command: str = "x", name: str = "python") -> None:
    """As the kernel writes it."""
    (proc / str(pid)).mkdir(parents=True)
    fields = ["S", str(parent), *["0"] * 9, str(user), str(system), "0", "0"]
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")
    (proc / str(pid) / "cmdline").write_bytes(command.replace(" ", "\0").encode())


def test_engines_functions_and_the_sender(state: State, tmp_path: Path) -> None:
    worker = "python /x/ministack-lambda-weir-local-{}-a1_b2c/_worker.py"
    process(tmp_path, 10, 1, 100, 50)
    process(tmp_path, 11, 1, 300, 0, name="a name) S 9 (")
    process(tmp_path, 12, 10, 20, 5, worker.format("normalise"))
    process(tmp_path, 13, 10, 30, 0, worker.format("normalise"))
    process(tmp_path, 14, 10, 7, 0, worker.format("route"))
    process(tmp_path, 15, 99, 1_000, 0, worker.format("normalise"))  # of another pipeline
    process(tmp_path, os.getpid(), 1, 40, 2)
    (tmp_path / "self").mkdir()
    (tmp_path / "77").mkdir()  # ended while it was looked at
    found = cpu.used(state, tmp_path)
    assert {name: round(seconds / TICK) for name, seconds in found.items()} == {
        "AWS emulator": 150,
        "OpenSearch": 300,
        "weir-local-normalise": 55,
        "weir-local-route": 7,
        "sender": 42,
    }


def test_nothing_is_known_where_there_is_no_proc(state: State, tmp_path: Path) -> None:
    assert cpu.used(state, tmp_path / "none") == {}


def test_an_event_s_share() -> None:
    before = {"a": 1.0, "b": 1.0, "ended": 3.0, "idle": 1.0}
    assert cpu.each(before, {"a": 1.5, "b": 3.0, "idle": 1.0, "new": 0.1}, 10_000) == {"b": 200.0, "a": 50.0, "new": 10.0}
    assert cpu.each({}, {"a": 0.5}, 0) == {}
