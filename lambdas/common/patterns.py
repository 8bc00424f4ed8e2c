"""Lines that may be of one of several formats."""

from __future__ import annotations

import re

from common.logtype import JsonObject

_NAME = re.compile(r"\(\?P<(\w+)>")


class Formats:
    """Regular expressions whose groups all have names, tried as one, in their order."""

    def __init__(self, *formats: str) -> None:
        """A name may stand once in each of them. Raises re.error for what is no regular expression."""
        #: The match of a whole line, or None.
        self.match = re.compile("|".join(f"({_NAME.sub('(', pattern)})" for pattern in formats), re.DOTALL).fullmatch
        # Around each format is a group, which is the last to be closed: its number says which one it is.
        self._parts: dict[int, tuple[tuple[str, ...], tuple[int, ...]]] = {}
        number = 1
        for pattern in formats:
            names = tuple(re.compile(pattern).groupindex)
            self._parts[number] = names, tuple(range(number + 1, number + 1 + len(names)))
            number += 1 + len(names)

    def parts(self, match: re.Match[str]) -> JsonObject:
        """The groups of the format the line is of, by name; None for one that is not in the line."""
        names, numbers = self._parts[match.lastindex or 0]
        return dict(zip(names, match.group(0, *numbers)[1:], strict=True))  # of one number alone it would be no tuple
