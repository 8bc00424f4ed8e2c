"""An object's content is read whatever it is stored as, and again from any place of it."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect import content as module
from collect.content import CHUNK_BYTES, Content, Refused
from collect.work import START, Place


class Stored:
    """Bytes, of which few are read at once."""

    def __init__(self, data: bytes, size: int = 1_000) -> None:
        self.data, self.size, self.checks = data, size, 0

    def check(self) -> None:
        self.checks += 1

    def read(self, offset: int) -> bytes:
        return self.data[offset : offset + self.size]


def read(data: bytes, place: Place = START, size: int = 1_000) -> bytes:
    return b"".join(Content(Stored(data, size), place))


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(8, 50))
def test_all_members_are_read(members: list[bytes], size: int) -> None:
    assert read(b"".join(map(gzip.compress, members)), size=size) == b"".join(members)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.data())
def test_reading_goes_on_at_any_place(members: list[bytes], data: st.DataObject) -> None:
    plain = b"".join(members)
    for stored in (b"x" + plain, b"".join(map(gzip.compress, members))):
        first = Content(Stored(stored), START)
        whole = b"".join(first)
        position = data.draw(st.integers(0, len(whole)))
        place = first.place(position, 3, inside=True)
        assert read(stored, place) == whole[position:]
        again = Content(Stored(stored), place)
        assert b"".join(again) == whole[position:]
        assert again.place(len(whole) - position, 9, inside=False) == first.place(len(whole), 9, inside=False)


def test_a_place_in_a_member_is_its_beginning_and_what_to_skip() -> None:
    one, two = gzip.compress(b"a" * 100), gzip.compress(b"b" * 100)
    content = Content(Stored(one + two), START)
    assert len(b"".join(content)) == 200
    assert content.place(99, 5, inside=False) == Place(stored=0, skip=99, number=5, gzip=True)
    assert content.place(150, 6, inside=False) == Place(stored=len(one), skip=50, number=6, gzip=True)


def test_what_a_little_gzip_becomes_comes_in_pieces() -> None:
    stored = Stored(gzip.compress(bytes(50_000_000)), 8_000_000)
    sizes = [len(part) for part in Content(stored, START)]
    assert (sum(sizes), max(sizes)) == (50_000_000, CHUNK_BYTES)
    assert stored.checks > len(sizes), "so that reading can be stopped before any of it"


def test_padding_behind_a_member_is_none_of_it() -> None:
    assert read(gzip.compress(b"a") + bytes(700) + gzip.compress(b"b") + bytes(2_000), size=64) == b"ab"


def test_plain_content_that_looks_like_gzip_further_on_is_plain() -> None:
    assert read(b"a\n\x1f\x8b", Place(stored=2, number=2, gzip=False)) == b"\x1f\x8b"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(b"abc" * 100)[:-9], "gzip: the object ends before its content does"),
        (gzip.compress(b"abc")[:-5] + b"\x00" * 5, "incorrect data check|incorrect length check"),
        (gzip.compress(b"abc") + b"def", "incorrect header check"),
        (b"PAR1\x15\x04", "the object is Apache Parquet, which is not read: have its service write plain text"),
        (b"\x28\xb5\x2f\xfd\x04", "Zstandard"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read(data)


def test_every_name_of_a_format_is_said() -> None:
    for magic, name in module._FOREIGN.items():
        with pytest.raises(Refused, match=name):
            read(magic + b"...")
