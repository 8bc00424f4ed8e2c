"""The logs of databases, messaging and access: what no sample shows."""

from __future__ import annotations

import orjson
import pytest

from common.logtypes.samples import samples_of
from common.model import Event
from common.written_dates import from_day_first
from tests.unit.logtypes.every_type import alone


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("23 Nov 2026 08:00:01.994 UTC", "2026-11-23T08:00:01.994Z"),
        ("Mon, 23 Nov 2026 08:00:01:123", "2026-11-23T08:00:01.123Z"),
        ("3 Jan 2026 08:00:01", "2026-01-03T08:00:01.000Z"),
        ("31 Feb 2026 08:00:01", None),
        ("23 Nov 2026 25:00:01", None),
        ("23 November 2026 08:00:01", None),
    ],
)
def test_a_date_with_the_name_of_the_month(text: str, moment: str | None) -> None:
    assert from_day_first(text) == moment


@pytest.mark.parametrize(
    ("zone", "moment"),
    [("UTC", "08:00:00"), ("CET", "07:00:00"), ("EDT", "12:00:00"), ("+05:30", "02:30:00"), ("-03", "11:00:00")],
)
def test_a_postgresql_time_in_another_zone(zone: str, moment: str) -> None:
    found = alone(f"2026-11-23 08:00:00 {zone} [1] LOG:  checkpoint starting: time".encode())
    assert isinstance(found, Event)
    assert orjson.loads(found.body)["@timestamp"] == f"2026-11-23T{moment}.000Z"


def test_a_log4j_line_of_another_program_is_not_kafkas() -> None:
    line = "[2026-11-23 08:00:00,123] INFO started in 4 s (com.example.Main)"
    assert "msk_broker" not in str(alone(line.encode()))


def test_a_windows_event_of_another_computer_is_not_a_file_systems() -> None:
    event = samples_of("fsx_audit")[0].record.replace("amznfsx", "ec2amaz-")
    assert "aws.fsx" not in str(alone(event.encode()))
