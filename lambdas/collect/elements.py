"""A JSON array cut into its elements, in bounded memory: no more than one element is held.

Only strings and brackets are looked at; whether an element is JSON, its parser sees. What stands between elements and is none (a
number, half of something) is given like one, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collect.lines import LARGEST, Piece

_OPENING, _CLOSING = b"{[", b"}]"
#: A whole string, one that does not end here, or a bracket.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.DOTALL)
_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BETWEEN = b" \t\r\n,"


class ElementSplitter:
    """Takes the content behind the bracket that begins an array, gives elements, until the document around the array ends."""

    def __init__(self, begin: int, largest: int = LARGEST) -> None:
        """`begin` is the position of the first byte it will be fed."""
        self._data = bytearray()
        self._base = begin
        """Position of the first byte of `_data`."""
        self._largest = largest
        self._scan = 0
        self._depth = 0
        self._in_string = False
        self._dropped = 0
        """Bytes of an element too long to hold that are no longer there."""
        self._in_array = True
        self.ended = False
        """Whether the document has ended; `rest` is what came behind it."""

    @property
    def rest(self) -> tuple[int, bytes]:
        """Position and bytes behind the end of the document."""
        return self._base, bytes(self._data)

    def feed(self, content: bytes) -> Iterator[Piece]:
        """The elements that end in `content`."""
        self._data += content
        begin = 0
        while (token := self._token()) is not None:
            at = token.start()
            kind = self._data[at]
            self._scan = token.end()
            if kind in _OPENING:
                if self._depth == 0 and self._in_array:
                    yield from self._between(begin, at)
                    begin = at
                self._depth += 1
            elif kind in _CLOSING and self._depth:
                self._depth -= 1
                if self._depth == 0 and self._in_array:
                    yield self._element(begin, self._scan)
                    begin = self._scan
            elif kind in _CLOSING and self._in_array:
                yield from self._between(begin, at)
                self._in_array = False
            elif kind in _CLOSING:
                self._done(self._scan)
                self.ended = True
                return
        self._done(begin if self._in_array else self._scan)
        if self._in_array and self._dropped + self._scan > self._largest:
            self._dropped += self._scan
            self._done(self._scan)

    def finish(self) -> Iterator[Piece]:
        """What is there of an element that the content ends in."""
        if self._in_array and not self.ended:
            if self._depth:
                yield self._element(0, len(self._data))
            else:
                yield from self._between(0, len(self._data))

    def _token(self) -> re.Match[bytes] | None:
        """The next string or bracket, none where the content has no whole one any more."""
        if self._in_string:
            rest = _REST_OF_STRING.match(self._data, self._scan)
            if rest is None:
                # A backslash that ends the content belongs to what comes next.
                self._scan = len(self._data) - _backslashes(self._data, self._scan) % 2
                return None
            self._in_string = False
            self._scan = rest.end()
        token = _TOKEN.search(self._data, self._scan)
        if token is None:
            self._scan = len(self._data)
        elif token[0] == b'"':
            self._in_string = True
            self._scan = token.end()
            return self._token()
        return token

    def _element(self, begin: int, end: int) -> Piece:
        length = self._dropped + end - begin
        place = self._base + begin - self._dropped
        data = None if length > self._largest else bytes(self._data[begin:end])
        self._dropped = 0
        return Piece(place, length, data)

    def _between(self, begin: int, end: int) -> Iterator[Piece]:
        part = bytes(self._data[begin:end])
        text = part.strip(_BETWEEN)
        if text or self._dropped:
            start = begin + len(part) - len(part.lstrip(_BETWEEN))
            yield self._element(start, start + len(text))

    def _done(self, end: int) -> None:
        """Give up what lies before `end`."""
        del self._data[:end]
        self._base += end
        self._scan -= end


def _backslashes(data: bytearray, begin: int) -> int:
    """How many of them end `data`."""
    end = len(data)
    while end > begin and data[end - 1] == ord("\\"):
        end -= 1
    return len(data) - end
