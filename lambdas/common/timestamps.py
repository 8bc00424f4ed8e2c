"""Timestamps of any source as ISO 8601 UTC with milliseconds and `Z`, the one form written to `events`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})"  # date and clock
    r"(?:[.,]([0-9]{1,9}))? ?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?"  # fraction of a second and offset
)
_DIGITS = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,9})?")


@lru_cache(maxsize=4096)  # a batch shares few arrival times, and flow-log windows start on few seconds
def from_milliseconds(value: int) -> str:
    """Epoch milliseconds as ISO 8601. Raises OverflowError outside the years 1 to 9999."""
    return (_EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds")[:23] + "Z"


def from_iso(text: str) -> str:
    """ISO 8601 with or without an offset (none means UTC); what is finer than a millisecond is cut off.

    Raises ValueError when `text` is no point in time.
    """
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not ISO 8601")
    date, clock, fraction, offset = match.groups()
    milliseconds = ((fraction or "") + "000")[:3]
    if offset is None or offset in "Zz":
        datetime.fromisoformat(f"{date}T{clock}")  # refuses month 13 and second 60
        return f"{date}T{clock}.{milliseconds}Z"
    moment = datetime.fromisoformat(f"{date}T{clock}.{milliseconds}{offset}")
    try:
        return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from None


def from_epoch(value: float) -> str:
    """Epoch seconds, milliseconds, microseconds or nanoseconds, told apart by their size.

    Seconds stay below 10^11 until the year 5138, and milliseconds below 10^11 end in March 1973, so the ranges do not
    meet for any log of today. Raises ValueError for what is none of them.
    """
    if 0 <= value < 10**11:
        return from_milliseconds(round(value * 1_000_000) // 1_000)  # a float of seconds is exact to a microsecond
    for limit, per_millisecond in ((10**14, 1), (10**17, 1_000), (10**20, 1_000_000)):
        if 0 <= value < limit:
            return from_milliseconds(int(value // per_millisecond))
    raise ValueError(f"{value} is not an epoch time in seconds, milliseconds, microseconds or nanoseconds")


def from_any(value: object) -> str:
    """ISO 8601 text, an epoch number, or an epoch number as text. Raises ValueError for anything else."""
    if isinstance(value, str):
        text = value.strip()
        if not _DIGITS.fullmatch(text):
            return from_iso(text)
        return from_epoch(float(text) if "." in text else int(text))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_epoch(value)
    raise ValueError(f"expected ISO 8601 text or an epoch number, found {type(value).__name__}")
