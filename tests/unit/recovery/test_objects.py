"""Objects of a time are those whose folder may hold its records, read a line at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest
from mypy_boto3_s3 import S3Client

from recovery import objects
from tests.unit.recovery.fakes import ARCHIVE, FakeSession

HOURS = ["raw/2026/11/22/23/a", "raw/2026/11/23/00/b", "raw/2026/11/23/01/c", "raw/2026/11/23/02/d", "raw-failed/2026/11/23/00/x"]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, "abcd"),
        (at(1), None, "bcd"),
        (at(0, 10), at(0, 20), "ab"),
        (None, at(1, 59), "abc"),
        (at(5), None, ""),
    ],
)
def test_the_hour_before_may_hold_records_of_the_hour(since: datetime | None, until: datetime | None, found: str) -> None:
    session = FakeSession()
    for key in HOURS:
        session.s3.lines(key, b"1")
    s3 = cast(S3Client, session.s3)
    assert "".join(key[-1] for key in objects.keys(s3, ARCHIVE, "raw", since, until)) == found


def test_lines_are_those_with_content() -> None:
    session = FakeSession()
    session.s3.lines("raw/k", b"one", b"", b"two")
    assert list(objects.lines(cast(S3Client, session.s3), ARCHIVE, "raw/k")) == [b"one\n", b"two\n"]
