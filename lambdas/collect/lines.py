"""Content cut at line ends, in bounded memory.

A line ends with a line feed, and a carriage return before it belongs to the end; the last one may end with the content. No other
character ends a line: control characters are found inside of log lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

#: Longest record that is held, in bytes: what `normalise` inflates (`common.inflate.LARGEST`).
LARGEST = 64 * 1_024 * 1_024


class Piece(NamedTuple):
    """One record of the content."""

    begin: int
    """Position of its first byte."""
    length: int
    """In bytes, without the end of the line."""
    data: bytes | None
    """None where it is longer than LARGEST."""


class LineSplitter:
    """Takes content as it comes, gives lines."""

    def __init__(self, begin: int, largest: int = LARGEST) -> None:
        """`begin` is the position of the first byte it will be fed."""
        self._begin = begin
        self._largest = largest
        self._held: list[bytes] = []
        self._length = 0
        """Of what came of a line that has not ended, held or not."""

    def feed(self, content: bytes) -> Iterator[Piece]:
        """The lines that end in `content`."""
        *ended, rest = content.split(b"\n")
        for part in ended:
            yield self._line(part, 1)
        if rest:
            self._hold(rest)

    def finish(self) -> Iterator[Piece]:
        """The line that the content ends with, if it does not end with a line's end."""
        if self._length:
            yield self._line(b"", 0)

    def _hold(self, part: bytes) -> None:
        self._length += len(part)
        if self._length <= self._largest + 1:  # one more, which may be a carriage return
            self._held.append(part)
        else:
            self._held.clear()

    def _line(self, part: bytes, end: int) -> Piece:
        begin = self._begin
        if self._length:
            self._hold(part)
            length, part = self._length, b"".join(self._held)
            self._held.clear()
            self._length = 0
        else:
            length = len(part)
        self._begin = begin + length + end
        kept = part.removesuffix(b"\r") if end else part
        if len(part) < length or len(kept) > self._largest:
            return Piece(begin, length, None)
        return Piece(begin, len(kept), kept)
