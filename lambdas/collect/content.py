"""The content of an object, uncompressed, in pieces of bounded size, and the place in the object of any byte of it.

gzip (RFC 1952) is a series of members. Reading can start at a member only, so that a place in one is the member's and the bytes
to skip, which costs their decompression again: some 400 MB a second of a core, against the 25 that are split, packed and framed.
A member of which the function's whole time does not suffice to skip what was read can so not be finished (at 300 seconds and
1,024 MiB, some 60 GB of content): that is noticed, and is an error. Members one after the other, and plain objects, have no
limit.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple, Protocol

from collect.work import Place

#: Most content that is handed on, and given to decompression, at once: what is left of either is copied.
CHUNK_BYTES = 64 * 1_024

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib manual, inflateInit2: 15 bits of window, and 16 for gzip's header and checksum
#: How objects begin that hold no lines, or not as they are.
_FOREIGN = {
    b"PAR1": "Apache Parquet",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PK\x03\x04": "ZIP",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
}


class Refused(Exception):
    """The object cannot be read as lines; what was read of it before this shows is sent."""


class Reader(Protocol):
    """Gives the stored bytes of an object."""

    def read(self, offset: int) -> bytes:
        """Some bytes from `offset` on, enough to tell what the object is; nothing at the end."""

    def check(self) -> None:
        """Asked before each piece of content, also of what is skipped. Raises to stop."""


class _Member(NamedTuple):
    begin: int
    """Of its content, counted from the first byte that is handed on; negative where some of it is skipped."""
    stored: int
    """Offset in the object."""


class Content:
    """The content of an object from a place on. To be iterated once."""

    def __init__(self, reader: Reader, place: Place) -> None:
        self._reader = reader
        self._place = place
        self._gzip = place.gzip
        self._members: deque[_Member] = deque()

    def __iter__(self) -> Iterator[bytes]:
        """Pieces of at most CHUNK_BYTES. Raises Refused, and what the reader raises."""
        stored = self._stored(self._place.stored)
        first = next(stored, b"")
        if self._gzip is None:
            self._gzip = first.startswith(_GZIP)
            _refuse_foreign(first)
        parts = self._cut(chain((first,), stored))
        yield from self._inflated(parts) if self._gzip else parts

    def place(self, position: int, number: int, *, inside: bool) -> Place:
        """The place of record `number`, which begins with byte `position` of what was handed on. Positions must not go back."""
        if not self._gzip:
            return Place(stored=self._place.stored + position, number=number, gzip=False, inside=inside)
        while len(self._members) > 1 and self._members[1].begin <= position:
            self._members.popleft()
        begin, stored = self._members[0]
        return Place(stored=stored, skip=position - begin, number=number, gzip=True, inside=inside)

    def _stored(self, offset: int) -> Iterator[bytes]:
        while data := self._reader.read(offset):
            yield data
            offset += len(data)

    def _cut(self, ranges: Iterable[bytes]) -> Iterator[bytes]:
        for data in ranges:
            for begin in range(0, len(data), CHUNK_BYTES):
                self._reader.check()
                yield data[begin : begin + CHUNK_BYTES]

    def _inflated(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        """All members' content, without what is skipped."""
        offset, position = self._place.stored, -self._place.skip
        member: zlib._Decompress | None = None
        for data in parts:
            end = offset + len(data)
            while data:
                if member is None:
                    if not (data := data.lstrip(b"\0")):  # padding, which the gzip program writes to tapes
                        break
                    member = zlib.decompressobj(_GZIP_WINDOW)
                    self._members.append(_Member(position, end - len(data)))
                for plain in _inflate(member, data):
                    self._reader.check()
                    position += len(plain)
                    if position > 0:
                        yield plain[-position:] if position < len(plain) else plain
                data = member.unused_data
                if member.eof:
                    member = None
            offset = end
        if member is not None:
            raise Refused("gzip: the object ends before its content does")


def _inflate(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What `data` adds to the content, however much that is, in pieces."""
    while True:
        try:
            plain = member.decompress(data, CHUNK_BYTES)
        except zlib.error as error:
            raise Refused(f"gzip: {error}") from None
        if plain:
            yield plain
        data = member.unconsumed_tail
        if member.eof or (not data and len(plain) < CHUNK_BYTES):
            return


def _refuse_foreign(first: bytes) -> None:
    for magic, name in _FOREIGN.items():
        if first.startswith(magic):
            raise Refused(f"the object is {name}, which is not read: have its service write plain text, JSON or gzip")
