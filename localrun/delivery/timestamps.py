"""Times in JSON, as nanoseconds since the epoch. What names no zone is taken as UTC.

Source: Firehose developer guide, "Convert input data format", "Choose the JSON deserializer".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

#: Reads one time, or None if it is not of this form.
Parser = Callable[[Any], int | None]

_SECOND = 1_000_000_000
#: What is at least this is milliseconds: as seconds it would be the year 5138.
_MILLISECONDS_FROM = 100_000_000_000
#: 1677-09-21 to 2262-04-11, what fits 64 bits.
_LEAST, _MOST = -(2**63), 2**63 - 1

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z")
_SQL = re.compile(r"(\d{4})-(\d\d?)-(\d\d?) (\d\d?):(\d\d?):(\d\d?)(?:\.(\d{1,9}))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_JODA_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_ZONE = r"Z|[+-]\d\d:?\d\d"


class BadPattern(ValueError):
    """A pattern that no time can be read with."""


def openx(value: Any) -> int | None:
    """What the OpenX deserializer reads: `2017-02-07T15:13:01.39256Z`, `2017-2-7 15:13:01.14`, epoch seconds, epoch
    milliseconds, and epoch seconds with a fraction; numbers also as text. None for anything else."""
    if isinstance(value, str):
        parts = _ISO.fullmatch(value) or _SQL.fullmatch(value)
        if parts:
            return _nanoseconds(*parts.groups())
        if not re.fullmatch(r"-?\d{1,19}(\.\d{1,9})?", value):
            return None
        value = Decimal(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not _LEAST <= value <= _MOST:
        return None
    if isinstance(value, int) and abs(value) >= _MILLISECONDS_FROM:
        return _in_range(value * 1_000_000)
    return _in_range(int(value * _SECOND))


def hive(patterns: Sequence[str]) -> Parser:
    """What the Hive JSON deserializer reads: the first of `patterns` that fits.

    A pattern is Joda-Time's, or `millis` for epoch milliseconds; without any, the form is java.sql.Timestamp's,
    `yyyy-[m]m-[d]d hh:mm:ss[.f...]`. Raises BadPattern.
    """
    parsers = [_millis if pattern == "millis" else _joda(pattern) for pattern in patterns] or [_sql]

    def parse(value: Any) -> int | None:
        found = (parser(value) for parser in parsers)
        return next((nanoseconds for nanoseconds in found if nanoseconds is not None), None)

    return parse


def _sql(value: Any) -> int | None:
    parts = _SQL.fullmatch(value) if isinstance(value, str) else None
    return _nanoseconds(*parts.groups()) if parts else None


def _millis(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value):
        value = int(value)
    return _in_range(value * 1_000_000) if isinstance(value, int) and not isinstance(value, bool) else None


def _joda(pattern: str) -> Parser:
    """Joda-Time's DateTimeFormat: y Y M d H h m s S a Z, quoted text, and signs."""
    names: list[str] = []
    expression, end = "", 0
    for token in _JODA_TOKEN.finditer(pattern):
        if token.start() != end:
            break
        end = token.end()
        letter = token[2]
        if letter is None:
            expression += re.escape(token[0] if token[1] is None else token[1].replace("''", "'") or "'")
        elif letter.replace("Y", "y") in names:
            raise BadPattern(f"timestamp format {pattern}: {letter} stands there twice")
        elif letter in _JODA:
            names.append(letter.replace("Y", "y"))
            expression += f"({_JODA[letter](len(token[0]))})"
        else:
            raise BadPattern(f"timestamp format {pattern}: {letter} is not run locally; use {' '.join(_JODA)}")
    if end != len(pattern):
        raise BadPattern(f"timestamp format {pattern}: a quote is not closed")
    compiled = re.compile(expression, re.IGNORECASE)

    def parse(value: Any) -> int | None:
        found = compiled.fullmatch(value) if isinstance(value, str) else None
        return _moment(dict(zip(names, found.groups(), strict=True))) if found else None

    return parse


#: What a run of a letter, so many times, may be.
_JODA: dict[str, Callable[[int], str]] = {
    "y": lambda width: r"\d\d" if width == 2 else r"\d{4}",
    "Y": lambda width: r"\d\d" if width == 2 else r"\d{4}",
    "M": lambda width: r"\d\d?" if width < 3 else "|".join(_MONTHS) if width == 3 else r"[a-z]+",
    "d": lambda width: r"\d\d?",
    "H": lambda width: r"\d\d?",
    "h": lambda width: r"\d\d?",
    "m": lambda width: r"\d\d?",
    "s": lambda width: r"\d\d?",
    "S": lambda width: r"\d{1,9}",
    "a": lambda width: "am|pm",
    "Z": lambda width: _ZONE,
}


def _moment(parts: dict[str, str]) -> int | None:
    """What a pattern leaves out is that of the epoch."""
    year = parts.get("y", "1970")
    if len(year) == 2:  # within fifty years of now, as Joda's pivot is
        this = datetime.now(UTC).year
        year = str(this + (int(year) - this + 50) % 100 - 50)
    month = parts.get("M", "1")
    if not month.isdigit():
        if month[:3].lower() not in _MONTHS:
            return None
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    hour = int(parts.get("H", "0"))
    if "h" in parts:
        hour = int(parts["h"]) % 12 + (12 if parts.get("a", "").lower() == "pm" else 0)
    found = _nanoseconds(year, month, parts.get("d", "1"), str(hour), parts.get("m", "0"), parts.get("s", "0"), parts.get("S"))
    zone = parts.get("Z", "Z").replace(":", "")
    if found is None or zone in "Zz":
        return found
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return found - (1 if zone[0] == "+" else -1) * int(offset.total_seconds()) * _SECOND


def _nanoseconds(year: str, month: str, day: str, hour: str, minute: str, second: str, fraction: str | None) -> int | None:
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    return _in_range(int(moment.timestamp()) * _SECOND + int((fraction or "0").ljust(9, "0")))


def _in_range(nanoseconds: int) -> int | None:
    return nanoseconds if _LEAST <= nanoseconds <= _MOST else None
