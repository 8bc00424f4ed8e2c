"""Times without an offset, and clocks that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from common.shaping.moments import LocalTime, TrustedClock


def at(time: str, ingested: str = "2026-11-23T08:00:00.000Z") -> dict[str, Any]:
    return {"@timestamp": time, "event": {"ingested": ingested, "start": time}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-23T09:30:00.250Z", "2026-11-23T08:30:00.250Z"),  # winter: +01:00
        ("2026-07-01T09:30:00.000Z", "2026-07-01T07:30:00.000Z"),  # summer: +02:00
        ("2026-10-25T02:30:00.000Z", "2026-10-25T00:30:00.000Z"),  # there twice: the first
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),  # before the first day there is
    ],
)
def test_a_local_time_is_read_in_its_zone(written: str, meant: str) -> None:
    document = at(written)
    LocalTime("Europe/Berlin").apply(document)
    assert document == {"@timestamp": meant, "event": {"ingested": "2026-11-23T08:00:00.000Z", "start": written}}


def test_other_times_of_the_event_are_read_so_where_named() -> None:
    document = at("2026-11-23T09:30:00.250Z") | {"note": "noon"}
    LocalTime("Europe/Berlin", ["event.start", "event.end", "note"]).apply(document)
    assert document["@timestamp"] == "2026-11-23T09:30:00.250Z"
    assert (document["event"]["start"], document["note"]) == ("2026-11-23T08:30:00.250Z", "noon")


@pytest.mark.parametrize("said", ["2026-11-23T07:58:59.999Z", "2026-11-23T08:01:00.001Z", "1970-01-01T00:00:00.000Z"])
def test_a_clock_too_far_off_gives_way_to_the_arrival(said: str) -> None:
    document = at(said)
    TrustedClock(60).apply(document)
    assert (document["@timestamp"], document["weir"]) == ("2026-11-23T08:00:00.000Z", {"source_time": said})


@pytest.mark.parametrize("said", ["2026-11-23T07:59:00.000Z", "2026-11-23T08:01:00.000Z"])
@pytest.mark.parametrize("most", [60, 7_200])
def test_a_clock_near_enough_is_believed(said: str, most: int) -> None:
    document = at(said)
    TrustedClock(most).apply(document)
    assert document == at(said)
