"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.output import CommandError
from cli.times import moment


@pytest.mark.parametrize("text", ["2026-11-25T08:00:00Z", "2026-11-25T08:00:00", "2026-11-25T09:00:00+01:00", "2026-11-25 08:00"])
def test_a_time_is_utc_unless_it_says_otherwise(text: str) -> None:
    assert moment("--since", text) == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert moment("--since", text).tzinfo is UTC


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7_200), ("7d", 604_800)])
def test_a_time_may_be_so_long_ago(text: str, seconds: int) -> None:
    before = datetime.now(UTC) - timedelta(seconds=seconds)
    assert before <= moment("--since", text) <= datetime.now(UTC) - timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["yesterday", "15", "-5m", "", "2026-13-01", "9999999d"])
def test_anything_else_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(CommandError, match=r"--from: '.*' is no time; write 2026"):
        moment("--from", text)
