"""Engines that end while the pipeline runs: started again where they can go on, and given up where that does not help."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localrun import supervisor
from localrun.errors import LocalRunError
from localrun.state import Endpoints, State, only_pipeline, read_state
from localrun.supervisor import Pipeline

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


class Running(Pipeline):
    """A pipeline of engines that do nothing."""

    def __init__(self, directory: Path, *engines: str) -> None:
        self.said: list[str] = []
        super().__init__(report=self.said.append)
        self._directory = directory
        self._names = engines

    def _start(self) -> State:
        self._closing.enter_context(only_pipeline())
        self._closing.enter_context(self._groups)
        for name in self._names:
            self._groups.start(name, SLEEP, log=self._directory / name, env=dict(os.environ))
        endpoints = Endpoints(aws="http://aws", opensearch="http://search", console="http://console")
        return self._publish(State(pid=os.getpid(), environment="local", endpoints=endpoints, outputs={}, engines=(), absent=()))

    def kill(self, name: str) -> int:
        """Kill an engine; returns its process id."""
        engine = next(engine for engine in self._groups.running() if engine.name == name)
        os.kill(engine.pid, signal.SIGKILL)
        engine.popen.wait()
        return engine.pid


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))
    running = Running(tmp_path, "AWS emulator", "event sources")
    with running:
        running.start()
        yield running


def test_while_all_engines_run_nothing_happens(pipeline: Running) -> None:
    pipeline.check()
    assert pipeline.said == []


def test_an_engine_that_can_go_on_is_started_again_and_found_by_other_commands(pipeline: Running) -> None:
    dead = pipeline.kill("event sources")
    pipeline.check()
    assert pipeline.said == ["event sources ended (killed by SIGKILL); starting it again"]
    state = read_state()
    assert state is not None
    emulator, worker = state.engines
    assert (emulator.name, worker.name) == ("AWS emulator", "event sources")
    assert worker.pid != dead
    os.kill(worker.pid, 0)


def test_one_that_ends_again_at_once_ends_the_pipeline(pipeline: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.kill("event sources")
    pipeline.check()
    pipeline.kill("event sources")
    with pytest.raises(LocalRunError, match=r"event sources ended \(killed by SIGKILL\); its log"):
        pipeline.check()
    # Later it is another fault.
    monkeypatch.setattr(supervisor, "TRIED_SECONDS", 0.0)
    pipeline.check()
    assert len(pipeline.said) == 2


def test_the_emulator_ends_the_pipeline_for_its_streams_end_with_it(pipeline: Running) -> None:
    pipeline.kill("AWS emulator")
    with pytest.raises(LocalRunError, match=r"AWS emulator ended \(killed by SIGKILL\); its log"):
        pipeline.check()
