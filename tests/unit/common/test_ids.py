"""An id is made from where an event came from, so a retry makes the same and another place another."""

from __future__ import annotations

import string
from base64 import b64decode

import pytest

from common.ids import digest, event_id, log_event_id, written
from common.model import Coordinates

HERE = ("weir-dev-raw", "shardId-000000000000", "4959", "0")


def test_an_id_is_16_letters_and_digits_and_never_changes() -> None:
    # BLAKE2b-96 of "weir-dev-raw/shardId-000000000000:4959" in base64, as the documents already indexed have it
    assert event_id(*HERE) == "oQblYktT5Iw20xsE"
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
    assert event_id(*elsewhere) != event_id(*HERE)


def test_coordinates_make_the_id_of_their_four_parts_only(at: Coordinates) -> None:
    assert at.id() == event_id(at.stream, at.shard, at.sequence, "0")
    assert at._replace(arrival_ms=0, partition_key="other").id() == at.id()


def test_events_in_one_record_extend_its_position(at: Coordinates) -> None:
    assert at.within(3).position == "0.3"
    inner = at.user_record(7, "k7")
    assert (inner.position, inner.partition_key, inner.sequence) == ("7", "k7", at.sequence)
    assert inner.within(0).position == "7.0"
    assert len({at.id(), at.within(0).id(), at.within(1).id(), inner.id(), inner.within(0).id()}) == 5


def test_a_log_event_is_known_by_its_owner_group_stream_and_id() -> None:
    ids = {log_event_id("1", "g", "s", "x"), log_event_id("2", "g", "s", "x"), log_event_id("1", "gs", "", "x")}
    assert len(ids) == 3
    assert log_event_id("1", "g", "s", "x") in ids
