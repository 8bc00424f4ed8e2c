"""Times as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cli.output import CommandError, Exit

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
FORMS = "2026-11-25T08:00:00Z, or how long ago: 90s, 15m, 2h, 7d"


def moment(option: str, text: str) -> datetime:
    """A time in UTC. Without a zone it is UTC. Raises CommandError."""
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option}: {text!r} is no time; write {FORMS}", Exit.USAGE) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
