"""Every timestamp leaves as ISO 8601 UTC with milliseconds and Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.timestamps import from_any, from_epoch, from_iso, from_milliseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-30T21:31:21Z", "2024-07-30T21:31:21.000Z"),
        ("2024-07-30T21:31:21.5Z", "2024-07-30T21:31:21.500Z"),
        ("2022-07-05T04:47:50.273935Z", "2022-07-05T04:47:50.273Z"),
        ("2024-07-30T21:31:21.123456789Z", "2024-07-30T21:31:21.123Z"),
        ("2024-07-30 21:31:21,250", "2024-07-30T21:31:21.250Z"),
        ("2024-07-30T21:31:21", "2024-07-30T21:31:21.000Z"),
        ("2024-07-30T21:31:21.007+02:00", "2024-07-30T19:31:21.007Z"),
        ("2024-12-31T23:30:00-0100", "2025-01-01T00:30:00.000Z"),
        ("2024-07-30T21:31:21+05", "2024-07-30T16:31:21.000Z"),
        ("2024-02-29T00:00:00z", "2024-02-29T00:00:00.000Z"),
    ],
)
def test_iso_with_any_offset_and_precision(text: str, expected: str) -> None:
    assert from_iso(text) == expected
    assert from_any(f" {text} ") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-07-30",
        "yesterday",
        "2024-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-07-30T24:00:00Z",
        "2024-07-30T23:59:60Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-01:00",
        "2024-07-30T21:31:21+25:00",
        "２０２４-07-30T21:31:21Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_point_in_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        from_iso(text)


@pytest.mark.parametrize(
    "value",
    [
        1_722_375_081.123,
        1_722_375_081.1239,
        1_722_375_081_123,
        1_722_375_081_123.75,
        1_722_375_081_123_999,
        1_722_375_081_123_999_999,
        "1722375081.123",
        "1722375081123",
    ],
)
def test_epochs_are_told_apart_by_their_size(value: int | float | str) -> None:
    assert from_any(value) == "2024-07-30T21:31:21.123Z"


def test_whole_seconds_are_seconds() -> None:
    assert from_any(1_722_375_081) == from_any("1722375081") == "2024-07-30T21:31:21.000Z"


@given(st.integers(0, 9 * 10**12))  # until 2255, when a float no longer tells microseconds
def test_seconds_as_a_float_keep_their_milliseconds(milliseconds: int) -> None:
    assert from_epoch(milliseconds / 1_000) == from_milliseconds(milliseconds)


@pytest.mark.parametrize("value", [-1, 10**20, None, True, [], {}, "-5", "1e9"])
def test_what_is_no_epoch_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        from_any(value)


def test_the_epoch_begins_in_1970() -> None:
    assert from_milliseconds(0) == from_epoch(0) == "1970-01-01T00:00:00.000Z"
    assert from_milliseconds(1_795_420_800_250) == "2026-11-23T08:00:00.250Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_moment_keeps_its_milliseconds(moment: datetime) -> None:
    from_text = from_iso(moment.isoformat())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", from_text)
    assert datetime.fromisoformat(from_text) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
