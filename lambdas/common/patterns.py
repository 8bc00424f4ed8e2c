"""Lines that may be of one of several patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable


def first_match(patterns: Iterable[re.Pattern[str]], line: str) -> re.Match[str] | None:
    """The match of the first of `patterns` that the whole line is of."""
    for pattern in patterns:
        found = pattern.fullmatch(line)
        if found is not None:
            return found
    return None
