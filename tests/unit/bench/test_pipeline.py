"""The benchmark judges what arrived in the time it took to arrive, not how fast it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from bench import pipeline, yardsticks
from localrun import demo as traffic
from localrun.demo.plan import Plan
from localrun.demo.report import Latency, Report


def test_the_throughput_is_of_what_arrived_beside_the_slower_end(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Report(
        sent=1_000, indexed=900, errors=100, archived=1_000, records=1_000, lost=0, duplicated=0, malformed=100,
        malformed_kept=100, seconds=1.0, rate=1_000.0, arrived_seconds=10.0, latency_seconds=Latency(p50=1.0, p99=2.0),
        burst_latency_seconds=None, first_indexed_seconds=None, cpu_microseconds={},
    )  # fmt: skip
    monkeypatch.setattr(yardsticks, "put_rate", lambda *_: 4_000.0)
    monkeypatch.setattr(yardsticks, "bulk_rate", lambda *_: 200.0)
    monkeypatch.setattr(yardsticks, "merge", lambda _: None)
    monkeypatch.setattr(traffic, "run", lambda *_, **__: found)
    state: Any = None
    measured = pipeline.run(state, Plan(1, 1_000), report=lambda line: None, check=lambda: None)
    assert (measured.throughput, measured.share_of_yardstick) == (100.0, 0.5)
    assert (measured.yardsticks.put, measured.yardsticks.bulk, measured.sent) == (4_000.0, 200.0, 1_000)
