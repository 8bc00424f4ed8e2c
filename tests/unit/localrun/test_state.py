"""One pipeline a checkout; what is running is found by others, and what is not running is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localrun import state
from localrun.errors import LocalRunError
from localrun.paths import make_directory, run_dir
from localrun.state import Endpoints, Engine, State, holder, only_pipeline, read_state, refuse_second, running_state, write_state


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))
    monkeypatch.setattr(state, "READER_SECONDS", 0.05)


def a_state(pid: int) -> State:
    return State(
        pid=pid,
        environment="local",
        endpoints=Endpoints(aws="http://127.0.0.1:1", opensearch="http://127.0.0.1:2", console="http://127.0.0.1:3"),
        outputs={"ingestion": {"RawStream": "weir-local-raw"}},
        engines=(Engine(name="console", pid=5, log=Path("/logs/console.log")),),
        absent=("alerting",),
    )


@contextmanager
def another_process_holding_the_lock() -> Iterator[subprocess.Popen[str]]:
    program = (
        "import sys; from localrun.state import only_pipeline\nwith only_pipeline(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_ready_pipeline_is_found_and_forgotten_when_it_ends() -> None:
    with only_pipeline():
        assert read_state() is None
        write_state(a_state(os.getpid()))
        assert read_state() == a_state(os.getpid()) == running_state()
    assert read_state() is None
    assert not (run_dir() / "state.json").exists()


def test_without_a_pipeline_the_error_names_the_command_that_starts_one() -> None:
    with pytest.raises(LocalRunError, match=r"no pipeline is running here; start one with ./weir up"):
        running_state()


def test_a_pipeline_that_is_not_ready_is_said_to_be_starting() -> None:
    with only_pipeline(), pytest.raises(LocalRunError, match="still starting"):
        running_state()


def test_a_second_pipeline_is_refused_with_the_console_of_the_first() -> None:
    with another_process_holding_the_lock() as first:
        write_state(a_state(first.pid))
        for attempt in (only_pipeline().__enter__, refuse_second):
            with pytest.raises(LocalRunError, match=rf"process {first.pid}; its console is http://127.0.0.1:3.*weir down"):
                attempt()
        assert holder() == first.pid


def test_what_a_killed_pipeline_left_is_not_taken_for_a_running_one() -> None:
    with another_process_holding_the_lock() as killed:
        write_state(a_state(killed.pid))
    assert holder() is None
    assert read_state() is None
    with only_pipeline():
        assert read_state() is None


def test_a_state_file_of_another_version_is_not_read() -> None:
    make_directory(run_dir())
    with only_pipeline():
        state.state_file().write_text('{"pid": 1, "something": "else"}')
        assert read_state() is None
