"""Timestamps of any source as ISO 8601 UTC with milliseconds and `Z`, the one form written to `events`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from common.cache import remembered

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})")
_FRACTION = re.compile(r"(?:[.,]([0-9]{1,9}))? ?[Zz]?")
_OFFSET = re.compile(r"((?:[.,][0-9]{1,9})?) ?([+-][0-9]{2}(?::?[0-9]{2})?)")
_DIGITS = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,9})?")


@remembered(16_384)  # the records of a batch are of few seconds
def _of_second(value: int) -> str:
    return (_EPOCH + timedelta(seconds=value)).isoformat()[:19] + "."


@remembered(16_384)
def _clock(text: str) -> str:
    """Date and time of day as they are written; "" for any other text."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return ""
    clock = "T".join(match.groups())
    try:
        datetime.fromisoformat(clock)  # refuses month 13 and second 60
    except ValueError:
        return ""
    return clock + "."


def _read_fraction(text: str) -> str:
    """What follows the seconds of a time in UTC, such as ".25Z", as `250Z`; "" for any other text."""
    match = _FRACTION.fullmatch(text)
    return f"{(match[1] or '')[:3]:0<3}Z" if match else ""


@remembered(16_384)
def _in_utc(text: str) -> str:
    """As `_clock`, of date, time of day and offset. Raises ValueError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()[:19] + "."
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from None


#: Milliseconds, which are few.
_fraction = remembered(2_048)(_read_fraction)
_SHORT, _LONGEST = len(".123Z"), len(".123456789Z")


def from_milliseconds(value: int) -> str:
    """Epoch milliseconds as ISO 8601. Raises OverflowError outside the years 1 to 9999."""
    seconds, milliseconds = divmod(value, 1_000)
    return f"{_of_second(seconds)}{milliseconds:03}Z"


def from_iso(text: str) -> str:
    """ISO 8601 with or without an offset (none means UTC); what is finer than a millisecond is cut off.

    Raises ValueError when `text` is no point in time.
    """
    clock, tail = _clock(text[:19]), text[19:]
    if len(tail) > _SHORT and tail.endswith(("+0000", "+00:00")):
        tail = f"{tail[: tail.rindex('+')]}Z"
    if len(tail) > _SHORT and tail[-1] == "Z" and len(tail) <= _LONGEST and tail[1:-1].isdecimal() and tail.isascii():
        tail = f"{tail[:4]}Z"
    fraction = _fraction(tail) if len(tail) <= _SHORT else _read_fraction(tail)
    if clock and fraction:
        return clock + fraction
    match = _OFFSET.fullmatch(tail)
    if not clock or match is None:
        raise ValueError(f"{text[:40]!r} is not ISO 8601")
    return _in_utc(clock[:19] + match[2]) + _read_fraction(match[1])


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
        if value[10:11] == "T":
            return from_iso(value.strip())
        text = value.strip()
        if not _DIGITS.fullmatch(text):
            return from_iso(text)
        return from_epoch(float(text) if "." in text else int(text))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_epoch(value)
    raise ValueError(f"expected ISO 8601 text or an epoch number, found {type(value).__name__}")
