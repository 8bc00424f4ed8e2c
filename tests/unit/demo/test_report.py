"""The report is good only if nothing at all is wrong, and a person reads the same numbers as a program."""

from __future__ import annotations

import json

import pytest

from localrun.demo.report import Latency, Report

NOTHING = Latency(p50=None, p99=None)
GOOD = Report(
    sent=60_000,
    indexed=59_400,
    errors=600,
    archived=64_200,
    records=64_200,
    lost=0,
    duplicated=0,
    malformed=600,
    malformed_kept=600,
    seconds=60.04,
    rate=999.3,
    arrived_seconds=61.0,
    latency_seconds=Latency(p50=0.634, p99=1.249),
    burst_latency_seconds=None,
    first_indexed_seconds=None,
    cpu_microseconds={},
)


def changed(**fields: object) -> Report:
    return GOOD.model_copy(update=fields)


def test_everything_in_one_place_and_kept_is_good() -> None:
    assert GOOD.ok


@pytest.mark.parametrize(
    "bad",
    [
        changed(lost=1),
        changed(duplicated=1),
        changed(indexed=59_399),
        changed(errors=601),
        changed(sent=60_001),
        changed(malformed_kept=599),
        changed(archived=64_199),
        changed(archived=64_201),
    ],
    ids=[
        "lost",
        "duplicated",
        "too few indexed",
        "too many errors",
        "too many sent",
        "altered",
        "not archived",
        "archived twice",
    ],
)
def test_one_wrong_number_is_enough(bad: Report) -> None:
    assert not bad.ok


def test_latency_does_not_make_an_account_bad() -> None:
    assert changed(latency_seconds=NOTHING).ok


def test_a_person_reads_names_and_values() -> None:
    assert GOOD.lines() == [
        ("sent", "60,000 events in 60.0 s, 999 a second"),
        ("indexed", "59,400"),
        ("errors", "600 (600 of 600 malformed records kept byte for byte)"),
        ("lost", "0"),
        ("duplicated", "0"),
        ("archived", "64,200 of 64,200 records"),
        ("put to searchable", "median 0.63 s, p99 1.25 s"),
    ]


def test_what_was_measured_besides_comes_last() -> None:
    burst = Latency(p50=1.5, p99=2.25)
    assert changed(burst_latency_seconds=burst, first_indexed_seconds=31.44).lines()[-2:] == [
        ("during the burst", "median 1.50 s, p99 2.25 s"),
        ("first event indexed", "31.4 s after the command"),
    ]


def test_no_latency_is_said_in_words() -> None:
    lines = dict(changed(latency_seconds=NOTHING, burst_latency_seconds=NOTHING).lines())
    assert lines["put to searchable"] == lines["during the burst"] == "nothing was indexed"


def test_losses_are_shown_in_full() -> None:
    lines = dict(changed(lost=1_234, duplicated=5_678, malformed_kept=1_599, malformed=1_600).lines())
    assert (lines["lost"], lines["duplicated"]) == ("1,234", "5,678")
    assert lines["errors"] == "600 (1,599 of 1,600 malformed records kept byte for byte)"


def test_a_program_reads_every_field() -> None:
    written = json.loads(GOOD.model_dump_json())
    assert written == {
        "sent": 60_000,
        "indexed": 59_400,
        "errors": 600,
        "archived": 64_200,
        "records": 64_200,
        "lost": 0,
        "duplicated": 0,
        "malformed": 600,
        "malformed_kept": 600,
        "seconds": 60.04,
        "rate": 999.3,
        "arrived_seconds": 61.0,
        "latency_seconds": {"p50": 0.634, "p99": 1.249},
        "burst_latency_seconds": None,
        "first_indexed_seconds": None,
        "cpu_microseconds": {},
    }


def test_what_an_event_costs_is_said_where_the_machine_tells() -> None:
    costs = {"OpenSearch": 143.2, "sender": 38.0}
    assert changed(cpu_microseconds=costs).lines()[-1] == ("CPU an event", "181 µs: OpenSearch 143, sender 38")
    assert not any(name == "CPU an event" for name, _ in GOOD.lines())
