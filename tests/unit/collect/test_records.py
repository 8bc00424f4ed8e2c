"""Content is cut into the records it holds, whatever it is and however it comes."""

from __future__ import annotations

import itertools
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.elements import ElementSplitter
from collect.lines import LineSplitter, Piece
from collect.records import records
from collect.work import START, Place

NUMBERS = st.lists(st.integers(0, 200), max_size=8)


def cut(content: bytes, places: list[int]) -> list[bytes]:
    """`content` in pieces that end at the places."""
    ends = sorted({min(place, len(content)) for place in places} | {0, len(content)})
    return [content[begin:end] for begin, end in itertools.pairwise(ends)]


def lines_of(content: bytes) -> list[bytes]:
    """What a line is: ends with a line feed and a carriage return before it, or with the content."""
    parts = content.split(b"\n")
    last = parts.pop()
    return [part.removesuffix(b"\r") for part in parts] + ([last] if last else [])


def split(chunks: list[bytes], largest: int = 1_000) -> list[Piece]:
    lines = LineSplitter(0, largest)
    return [*(piece for chunk in chunks for piece in lines.feed(chunk)), *lines.finish()]


def found(content: bytes, place: Place = START, chunk: int = 7) -> list[bytes | None]:
    parts = [content[begin : begin + chunk] for begin in range(0, len(content), chunk)]
    return [record.piece.data for record in records(parts, place)]


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"\x00\xff", b"\x0b", b"\x85"]), max_size=40), NUMBERS)
def test_every_line_is_found_where_it_is(parts: list[bytes], places: list[int]) -> None:
    content = b"".join(parts)
    pieces = split(cut(content, places))
    assert [piece.data for piece in pieces] == lines_of(content)
    for piece in pieces:
        assert content[piece.begin : piece.begin + piece.length] == piece.data
        assert piece.begin == 0 or content[piece.begin - 1 : piece.begin] == b"\n"


@given(st.binary(max_size=200), NUMBERS)
def test_any_bytes_are_lines(content: bytes, places: list[int]) -> None:
    assert [piece.data for piece in split(cut(content, places))] == lines_of(content)


@given(st.binary(max_size=200), NUMBERS)
def test_a_line_longer_than_what_is_held_is_told_and_the_others_are_not_touched(content: bytes, places: list[int]) -> None:
    pieces = split(cut(content, places), largest=10)
    assert [piece.data for piece in pieces] == [line if len(line) <= 10 else None for line in lines_of(content)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab"\\{}[],\n'), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('a"\\{]'), max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
ELEMENTS = st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=5)


@given(ELEMENTS, NUMBERS, st.sampled_from([None, 1]), st.binary(max_size=20))
def test_every_element_of_a_document_is_found(
    elements: list[object], places: list[int], indent: int | None, behind: bytes
) -> None:
    head, tail = b'{"fileVersion": "1.0", "Records": [', b', "of": {"the": ["file"]}}'
    content = json.dumps(elements, indent=indent).strip()[1:].encode() + tail + behind
    splitter = ElementSplitter(len(head))
    pieces: list[Piece] = []
    rest = behind
    for chunk in cut(content, places):
        if splitter.ended:
            break
        pieces += splitter.feed(chunk)
    assert splitter.ended
    position, rest = splitter.rest
    assert behind.startswith(rest)
    assert position == len(head) + len(content) - len(behind)
    assert [json.loads(piece.data or b"null") for piece in pieces] == elements
    for piece in pieces:
        assert (head + content)[piece.begin : piece.begin + piece.length] == piece.data


def test_an_element_longer_than_what_is_held_is_told_and_the_others_are_not_touched() -> None:
    content = b'{"a":1},{"b":"' + b'\\"x{' * 500 + b'"} ,{"c":[3]}]}'
    for size in (1, 3, 64, 5_000):
        splitter = ElementSplitter(100, largest=50)
        pieces = [piece for begin in range(0, len(content), size) for piece in splitter.feed(content[begin : begin + size])]
        assert [piece.data for piece in pieces] == [b'{"a":1}', None, b'{"c":[3]}'], size
        assert (pieces[1].begin, pieces[1].length) == (108, content.index(b" ,") - 8), size


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"one\ntwo", [b"one", b"two"]),
        (b"\xef\xbb\xbfone\r\n\r\ntwo\n", [b"one", b"", b"two"]),
        (b'{"Records":[{"a":"]"},{"b":2}]}', [b'{"a":"]"}', b'{"b":2}']),
        (b'{"Records":[]}', []),
        (b'{"fileVersion":"1.0","n":-1,"x":null,\n "configurationItems" : [ {"a":1} ] , "y":{}}\n', [b'{"a":1}']),
        (b'{"Records":[{"a":1}]}\n{"Records":[{"b":1}]}\nline\n', [b'{"a":1}', b'{"b":1}', b"line"]),
        (b'{"Records":[{"a":1},{"b":', [b'{"a":1}', b'{"b":']),
        (b'{"Records":[7, {"a":1}, "b", 8]}', [b"7", b'{"a":1}', b'"b", 8']),
        (b'{"Records":7}\n{"a":1}', [b'{"Records":7}', b'{"a":1}']),
        (b'{"a":[{"Records":[1]}]}', [b'{"a":[{"Records":[1]}]}']),
    ],
    ids=["empty", "blank", "no line end", "mark", "document", "no record", "config", "two", "cut", "others", "other", "deeper"],
)
def test_what_a_file_holds(content: bytes, expected: list[bytes]) -> None:
    for chunk in (1, 7, 10_000):
        assert found(content, chunk=chunk) == expected


def test_reading_goes_on_inside_of_a_document() -> None:
    content = b'{"Records":[{"a":1},{"b":2},{"c":3}]}\nline'
    (first, second, third, line) = records([content], START)
    assert [record.number for record in (first, second, third, line)] == [1, 2, 3, 4]
    assert [record.inside for record in (first, second, third, line)] == [True, True, True, False]
    rest = content[second.piece.begin :]
    again = list(records([rest], Place(number=2, inside=True)))
    assert [(record.number, record.piece.data, record.inside) for record in again] == [
        (record.number, record.piece.data, record.inside) for record in (second, third, line)
    ]


PARTS = 3_000
CHUNKS_OF = 65_536


@pytest.mark.parametrize(
    ("head", "part", "expected", "limit_mb"),
    [
        (b"", b"x" * 1_023 + b"\n", PARTS * 64, 1),
        (b'{"Records":[', b'{"a":"' + b"\\\\{" * 2_727 + b'  "},', PARTS * 8, 1),
        (b"", b"x" * 64, 1, 140),
        (b'{"Records":[{"a":"', b'\\"{[' * 16, 1, 140),
    ],
    ids=["lines", "document", "one line", "one element"],
)
def test_memory_does_not_grow_with_the_file(head: bytes, part: bytes, expected: int, limit_mb: int) -> None:
    """200 MB; also where they are a single record, of which no more than LARGEST is held, 64 MiB and its copy."""
    chunk = part * (CHUNKS_OF // len(part))
    content = itertools.chain((head,) if head else (), itertools.repeat(chunk, PARTS))
    count = 0
    tracemalloc.start()
    try:
        for count, record in enumerate(records(content, START), 1):
            assert record.number == count
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(chunk) * PARTS > 196_000_000
    assert (count, peak < limit_mb * 1_000_000) == (expected, True), peak
