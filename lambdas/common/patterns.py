"""Lines that may be of one of several formats."""

from __future__ import annotations

import re
from collections.abc import Iterator

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

    def spans(self, match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
        """The groups that `parts` has, by name, and where they are in the line; without those that are not, or empty."""
        for name, number in zip(*self._parts[match.lastindex or 0], strict=True):
            if match[number]:
                yield name, *match.span(number)

    def parts(self, match: re.Match[str]) -> JsonObject:
        """The groups of the format the line is of, by name; None for one that is not in the line."""
        names, numbers = self._parts[match.lastindex or 0]
        return dict(zip(names, match.group(0, *numbers)[1:], strict=True))  # of one number alone it would be no tuple
