"""A worker's life as a process: refresh, status, stop."""

from __future__ import annotations

import errno
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from localrun.event_sources.process import arguments, serve
from localrun.event_sources.status import Status
from tests.unit.event_sources.fakes import FakeClock


class Joined:
    def __init__(self, failed: bool = False) -> None:
        self.failed = failed
        self.joined = False

    def join(self, seconds: float) -> None:
        self.joined = True


@pytest.fixture(autouse=True)
def _handlers_put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_refreshes_writes_the_status_each_second_and_ends_with_its_threads(tmp_path: Path) -> None:
    refreshed: list[float] = []
    clock, threads = FakeClock(stop_after=5), Joined()
    status = Status(tmp_path / "status.json", "worker")
    assert serve(status, clock, threads, lambda: refreshed.append(clock.now()), refresh_seconds=2.0) == 0
    assert len(refreshed) == 3
    assert clock.waits == [1.0] * 5
    assert threads.joined
    assert json.loads((tmp_path / "status.json").read_text())["updated"] == "2023-11-14T22:13:25.000Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it(tmp_path: Path, number: signal.Signals) -> None:
    clock = FakeClock()
    status = Status(tmp_path / "status.json", "worker")
    assert serve(status, clock, Joined(), lambda: signal.raise_signal(number), refresh_seconds=2.0) == 0
    assert clock.stopped


def test_a_failed_thread_is_an_exit_status(tmp_path: Path) -> None:
    clock = FakeClock(stop_after=1)
    assert serve(Status(tmp_path / "status.json", "worker"), clock, Joined(failed=True), lambda: None, 2.0) == 1


def test_a_full_disk_ends_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    status, threads = Status(tmp_path / "status.json", "worker"), Joined()
    with monkeypatch.context() as disk:
        disk.setattr(Status, "write", full)
        assert serve(status, FakeClock(stop_after=2), threads, lambda: None, 2.0) == 0
    assert threads.joined
    assert caplog.messages == ["status.json was not written: [Errno 28] No space left on device"] * 3
    # WHEN there is space again
    serve(status, FakeClock(stop_after=1), threads, lambda: None, 2.0)
    assert (tmp_path / "status.json").exists()


def test_both_arguments_are_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments("localrun.event_sources", "x").parse_args([])
    assert ended.value.code == 2
    assert "--endpoint, --state" in capsys.readouterr().err
