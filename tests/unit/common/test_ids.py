"""An id is made from where an event came from, so a retry makes the same and another place another."""

from __future__ import annotations

import string
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import digest, event_id, log_event_id, timeless, written
from common.model import Coordinates

AT_MS = 1_795_420_800_250
HERE = ("weir-dev-raw", "shardId-000000000000", "4959", "0")
LETTERS_AND_DIGITS = sorted(string.ascii_letters + string.digits)


def test_an_id_never_changes() -> None:
    # when, in 64 ms and base 62, and BLAKE2b-72 of "weir-dev-raw/shardId-000000000000:4959" in base64
    number = AT_MS // 64
    when = "".join(LETTERS_AND_DIGITS[number // 62**place % 62] for place in range(5, -1, -1))
    assert event_id(AT_MS, *HERE) == f"{when}TBWobMZiFgao" == "UcXPs3TBWobMZiFgao"


@given(st.integers(min_value=0, max_value=4_000_000_000_000), st.integers(min_value=0, max_value=4_000_000_000_000))
def test_ids_sort_by_the_time_of_arrival(one: int, other: int) -> None:
    first, second = (event_id(milliseconds, *HERE) for milliseconds in (one, other))
    assert (first < second, first == second) == (one // 64 < other // 64, one // 64 == other // 64)
    assert len(first) == 18
    assert timeless(first) == timeless(second) == first[6:]


def test_what_is_no_id_of_weirs_own_has_no_time() -> None:
    assert timeless("0a1b2c3d-0000-4000-8000-000000000000") == "0a1b2c3d-0000-4000-8000-000000000000"


def test_a_digest_is_16_letters_and_digits() -> None:
    ids = {digest(str(number)) for number in range(2_000)}
    assert {len(made) for made in ids} == {16}
    assert set("".join(ids)) == set(string.ascii_letters + string.digits)


def test_letters_stand_for_the_other_characters_of_base64() -> None:
    assert written(b64decode("+" * 16)) == "A" * 16
    assert written(b64decode("/" * 16)) == "a" * 16
    assert written(b64decode("AZaz09+/bcdefgh8")) == "AZaz09Aabcdefgh8"


@pytest.mark.parametrize("changed", range(4), ids=["stream", "shard", "sequence", "position"])
def test_every_coordinate_counts(changed: int) -> None:
    elsewhere = [*HERE]
    elsewhere[changed] += "1"
    assert event_id(AT_MS, *elsewhere) != event_id(AT_MS, *HERE)


def test_coordinates_make_the_id_but_for_the_partition_key(at: Coordinates) -> None:
    assert at.id() == event_id(at.arrival_ms, at.stream, at.shard, at.sequence, "0")
    assert at._replace(partition_key="other").id() == at.id()


def test_events_in_one_record_extend_its_position(at: Coordinates) -> None:
    assert at.within(3).position == "0.3"
    inner = at.user_record(7, "k7")
    assert (inner.position, inner.partition_key, inner.sequence) == ("7", "k7", at.sequence)
    assert inner.within(0).position == "7.0"
    assert len({at.id(), at.within(0).id(), at.within(1).id(), inner.id(), inner.within(0).id()}) == 5


def test_a_log_event_is_known_by_its_owner_group_stream_and_id() -> None:
    ids = {
        log_event_id(AT_MS, "1", "g", "s", "x"),
        log_event_id(AT_MS, "2", "g", "s", "x"),
        log_event_id(AT_MS, "1", "gs", "", "x"),
    }
    assert len(ids) == 3
    assert log_event_id(AT_MS, "1", "g", "s", "x") in ids
