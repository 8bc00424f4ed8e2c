"""The date of a time of day: loggers that write to a console leave it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from common.logtype import Malformed, Stamp

_HALF_A_DAY = timedelta(hours=12)


def nearest(clock: str, to: str) -> str:
    """The point in time nearest to `to` (ISO 8601, as the pipeline writes it) at which it is `clock` in UTC.

    `clock` is HH:MM:SS with any fraction after a point or comma. Raises ValueError where it is no time of day.
    """
    seconds, fraction = clock[:8], clock[9:]
    return f"{_nearest(seconds, to[:19])}.{(fraction + '000')[:3]}Z"


def on_day(clock: str, stamp: Stamp) -> str:
    """As `nearest`, to when a record of `stamp` came or happened. Raises Malformed."""
    try:
        return nearest(clock, stamp.time)
    except ValueError:
        raise Malformed(f"time: {clock!r} is no time of day") from None


@lru_cache(maxsize=4_096)  # many lines are of one second, and arrive in another
def _nearest(seconds: str, to: str) -> str:
    arrival = datetime.fromisoformat(to).replace(tzinfo=UTC)
    found = datetime.fromisoformat(f"{to[:10]}T{seconds}").replace(tzinfo=UTC)
    if found - arrival > _HALF_A_DAY:
        found -= timedelta(days=1)
    elif arrival - found > _HALF_A_DAY:
        found += timedelta(days=1)
    return found.isoformat()[:19]
