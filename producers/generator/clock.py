"""One moment in every notation the logs use, written once for all events of that moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple


class Moment(NamedTuple):
    """A point in time."""

    epoch: float
    """Seconds."""
    seconds: int
    milliseconds: int
    iso_seconds: str
    """2026-11-24T05:00:00Z"""
    iso_milliseconds: str
    """2026-11-24T05:00:00.123Z"""
    iso_microseconds: str
    """2026-11-24T05:00:00.123456Z"""


def moment(epoch: float) -> Moment:
    """The point in time `epoch` seconds after 1970 began."""
    microseconds = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return Moment(epoch, int(epoch), int(epoch * 1_000), f"{microseconds[:19]}Z", f"{microseconds[:23]}Z", f"{microseconds}Z")
