"""The benchmark of the parsers measures what it says: whole records of one type, and beside them the floor."""

from __future__ import annotations

import pytest

from bench import transform
from common.logtypes import TYPES


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transform, "BATCH", 4)
    monkeypatch.setattr(transform, "BATCHES", 2)
    monkeypatch.setattr(transform, "TURNS", 2)
    monkeypatch.setattr(transform, "_cold_start", lambda: 0.25)


@pytest.mark.parametrize("name", ["alb", "vpc_flow", "guardduty"])
def test_the_figures_of_a_type_belong_together(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transform, "_turns", lambda *_: [0.004, 0.001])
    found = transform.run(name)
    assert list(found.types) == [name]
    speed = found.types[name]
    assert (speed.records_per_second, speed.floor_per_second, speed.share_of_floor) == (2_000, 8_000, 0.25)
    assert 0.05 < speed.megabytes_per_second < 20
    assert 1 < speed.bytes_out_per_byte_in < 6
    assert found.cold_start_milliseconds == 250
    assert found.peak_memory_mib > 10


def test_each_turn_measures_both_and_the_least_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 5.0, 5.0, 6.0, 6.0, 9.0, 9.0, 11.0])
    monkeypatch.setattr("bench.transform.time.process_time", lambda: next(times))
    done: list[str] = []
    assert transform._turns(lambda: done.append("one"), lambda: done.append("other")) == [3.0, 1.0]
    assert done == ["one", "other", "one", "other"]


def test_a_record_that_becomes_no_event_stops_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    records = transform._records
    monkeypatch.setattr(transform, "_encoded", lambda _: b"?")
    assert next(records("order"))["kinesis"]["data"] == "Pw=="
    with pytest.raises(RuntimeError, match=r"order: 8 records became 0 events"):
        transform._measured("order")


def test_records_of_every_type_are_measured_without_their_containers() -> None:
    for name in TYPES:
        first = next(transform._records(name))
        assert first["kinesis"]["data"]
        assert first["eventID"].startswith("shardId-000000000000:")
