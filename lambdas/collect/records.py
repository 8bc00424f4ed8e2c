"""Which records an object's content holds: its lines, or the elements of JSON documents.

CloudTrail and Config write documents of one line and many megabytes, `{"Records":[…]}` and `{…,"configurationItems":[…]}`
(CloudTrail user guide, "CloudTrail log file examples"; Config developer guide, "Example configuration snapshot"). Their elements
are the records; what stands beside the array tells of the file, and is none. Documents may follow each other. Any other content
is lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from collect.elements import ElementSplitter
from collect.headers import heading, is_header
from collect.lines import LineSplitter, Piece
from collect.work import Place

_BOM = b"\xef\xbb\xbf"
#: The array of such a document begins within as many bytes.
_HEAD_BYTES = 4_096
_HEAD = re.compile(
    rb'\s*\{(?:\s*"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[-+.0-9eE]+|true|false|null)\s*,)*'  # members that are no containers
    rb'\s*"(?:Records|configurationItems)"\s*:\s*\['
)


class Record(NamedTuple):
    """One record of an object."""

    number: int
    """From 1."""
    piece: Piece
    inside: bool
    """Whether it is an element of a document."""
    header: bool = False
    """Whether it tells of the file, and is no event."""
    heading: bytes = b""
    """What goes before it on `raw`, because its columns are in an order of the file's own."""


def records(content: Iterable[bytes], place: Place) -> Iterator[Record]:
    """All records from `place` on, the last one too, whether it is complete or not."""
    numbered, before = place.number, place.heading.encode()
    for inside, piece in _pieces(iter(content), place):
        data = piece.data
        header = data is not None and not inside and is_header(data, numbered)
        if header and data:
            before = heading(data, before)
        yield Record(numbered, piece, inside, header, before)
        numbered += 1


def _pieces(content: Iterator[bytes], place: Place) -> Iterator[tuple[bool, Piece]]:
    position, rest = 0, b""
    document = place.inside
    if place.number == 1:
        position, rest = _without_bom(position, _filled(rest, content))
    while True:
        if not document:
            rest = _filled(rest, content)
            head = _HEAD.match(rest)
            if head is None:
                break
            position, rest = position + head.end(), rest[head.end() :]
        elements = ElementSplitter(position)
        for part in _with(rest, content):
            for piece in elements.feed(part):
                yield True, piece
            if elements.ended:
                break
        if not elements.ended:
            for piece in elements.finish():
                yield True, piece
            return
        document = False
        position, rest = elements.rest
        stripped = rest.lstrip()  # an end of line between documents, or behind the last, makes no line
        position, rest = position + len(rest) - len(stripped), stripped
    lines = LineSplitter(position)
    for part in _with(rest, content):
        for piece in lines.feed(part):
            yield False, piece
    for piece in lines.finish():
        yield False, piece


def _filled(rest: bytes, content: Iterator[bytes]) -> bytes:
    """`rest` with as much of `content` as a document's head needs."""
    while len(rest) < _HEAD_BYTES and (more := next(content, b"")):
        rest += more
    return rest


def _without_bom(position: int, rest: bytes) -> tuple[int, bytes]:
    return (position + len(_BOM), rest[len(_BOM) :]) if rest.startswith(_BOM) else (position, rest)


def _with(first: bytes, content: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from content
