"""Dates that logs write with the name of the month, as ISO 8601."""

from __future__ import annotations

import re

from common.cache import remembered
from common.timestamps import from_iso

#: Numbers of two digits, by the name of three letters.
MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}
_DAY_FIRST = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) "  # day of the week, day, month, year
    r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.:]([0-9]{1,6}))?(?: (?:UTC|GMT))?"
)


@remembered(4_096)  # lines of one moment come together
def from_day_first(text: str) -> str | None:
    """ISO 8601 of "23 Nov 2026 08:00:01.123", in UTC, with or without the day of the week before it; None for what is none."""
    match = _DAY_FIRST.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        return None
    day, month, year, clock, fraction = match.groups()
    try:
        return from_iso(f"{year}-{MONTHS[month]}-{day:0>2}T{clock}.{fraction or '0'}")
    except ValueError:
        return None
