"""How old a metric is in the index is told of the windows that end while events are sent, once all applications run."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from bench import windows
from localrun import demo as traffic
from localrun.demo.plan import Plan
from localrun.demo.report import Latency, Report
from localrun.errors import LocalRunError
from localrun.latency import BUCKET_MS
from localrun.state import Endpoints, State

PLAN = Plan(1, 1_000)
RUNNING = {"aggregates": {"state": "running", "failing": {}}}


def account(**other: int) -> Report:
    figures: dict[str, Any] = {
        **{"sent": 1_000, "indexed": 900, "errors": 100, "archived": 1_000, "records": 1_000, "lost": 0, "duplicated": 0},
        **{"malformed": 100, "malformed_kept": 100, "seconds": 1.0, "rate": 1_000.0, "arrived_seconds": 10.0},
        **{"latency_seconds": Latency(p50=1.0, p99=2.0), "burst_latency_seconds": None, "first_indexed_seconds": None},
        "cpu_microseconds": {},
    }
    return Report(**{**figures, **other})


class Index:
    """Has ten metrics, of a window that ends after the first look, at the fourth."""

    looks = 0
    end = 0

    def __init__(self, _: str) -> None:
        pass

    def ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert (method, path.partition("?")[0]) == ("POST", "/logs-weir.metric-*/_search")
        Index.looks += 1
        if Index.looks == 1:
            since = body["query"]["range"]["event.ingested"]["gte"]
            # The look is a minute after what it looks for.
            Index.end = since + 60_000 + BUCKET_MS
        buckets = [{"key": Index.end, "doc_count": 10}] if Index.looks >= 4 else []
        return {"aggregations": {"arrivals": {"buckets": buckets}}}

    def close(self) -> None:
        pass


def looked(times: int) -> None:
    done = threading.Event()
    while Index.looks < times:
        done.wait(0.01)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    Index.looks = 0
    monkeypatch.setattr(windows, "Search", Index)
    monkeypatch.setattr(windows, "_WATCH_SECONDS", 0.02)
    monkeypatch.setattr(windows, "read_applications", lambda _: RUNNING)
    return State.model_construct(endpoints=Endpoints.model_construct(opensearch="http://127.0.0.1:1"))


def measure(state: State) -> windows.WindowsReport:
    return windows.run(state, PLAN, report=lambda line: None, check=lambda: None)


def test_a_metric_is_as_old_as_its_windows_end(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(*_: object, **__: object) -> Report:
        looked(6)
        return account()

    monkeypatch.setattr(traffic, "run", send)
    found = measure(state)
    assert (found.metrics, found.events_per_second) == (10, 1_000.0)
    # It ended 50 to 100 ms after the first look, and the fourth look was at least 60 ms after that.
    assert found.seconds.p50 == found.seconds.p99
    assert found.seconds.p50 is not None
    assert 0 <= found.seconds.p50 < 30


def test_a_lost_event_is_told(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "run", lambda *_, **__: account(indexed=899, lost=1))
    with pytest.raises(LocalRunError, match="1 of 1,000 events were lost"):
        measure(state)


def test_an_application_that_does_not_start_is_named_with_its_cause(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = {"aggregates": {"state": "failed", "failing": {"job": "no such table"}}}
    monkeypatch.setattr(windows, "read_applications", lambda _: failing)
    monkeypatch.setattr(windows, "_START_SECONDS", 0.0)
    with pytest.raises(LocalRunError, match="not all applications run after 0 s: aggregates is failed no such table"):
        measure(state)
