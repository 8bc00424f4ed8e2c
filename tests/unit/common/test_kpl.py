"""A KPL aggregate is taken whole, record by record with its own key, or not at all."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import kpl
from common.kpl import CorruptAggregate, deaggregate
from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser
from tests.unit.common.conftest import Normalise
from tests.unit.common.kpl_encoder import MAGIC, aggregate, delimited, record, seal, varint

LOG = b'{"timestamp":"2024-07-30T21:31:21Z","level":"info","message":"one"}'
KEY = delimited(1, b"k")


@given(st.lists(st.tuples(st.text(min_size=1, max_size=256), st.binary(max_size=300)), min_size=1, max_size=40))
def test_round_trip_keeps_order_keys_and_bytes(records: list[tuple[str, bytes]]) -> None:
    assert kpl.aggregate(records) == aggregate(records)
    assert deaggregate(kpl.aggregate(records)) == records


@given(st.lists(st.tuples(st.text(min_size=1, max_size=256), st.binary(max_size=300)), min_size=1, max_size=40))
def test_each_record_names_the_hash_key_of_all(records: list[tuple[str, bytes]]) -> None:
    made = kpl.aggregate(records, "12345")
    keys = list(dict.fromkeys(key for key, _ in records))
    table = b"".join(delimited(1, key.encode()) for key in keys)
    first = varint(2 << 3) + b"\x00"
    assert made == seal(table + delimited(2, b"12345") + b"".join(record(keys.index(key), data, first) for key, data in records))
    assert deaggregate(made) == records


@pytest.mark.parametrize("size", [0, 1, 127, 128, 20_000, 3_000_000])
def test_a_record_of_any_size_and_of_many_keys(size: int) -> None:
    records = [(f"key-{number}", b"x" * size) for number in range(300 if size < 1_000 else 2)]
    assert deaggregate(kpl.aggregate(records, "0")) == records


def test_unknown_fields_and_tags_are_passed_over() -> None:
    # GIVEN a tag, a hash key, and fields of a later version in every known width
    extra = (
        varint(2 << 3)
        + b"\x00"
        + delimited(4, delimited(1, b"tag"))
        + varint(9 << 3 | 1)
        + bytes(8)
        + varint(9 << 3 | 5)
        + bytes(4)
    )
    message = KEY + delimited(2, b"12345") + record(0, b"data", extra) + varint(8 << 3) + varint(2**40)
    # THEN the data is there
    assert deaggregate(seal(message)) == [("k", b"data")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (MAGIC, "MD5"),
        (MAGIC + b"short", "MD5"),
        (aggregate([("k", b"x")])[:-1] + b"\x00", "MD5"),
        (seal(b""), "no record"),
        (seal(KEY), "no record"),
        (seal(KEY + record(1, b"x")), "beyond the table of 1"),
        (seal(KEY + record(2**64 - 1, b"x")), "beyond the table of 1"),
        (seal(KEY + delimited(3, varint(1 << 3) + b"\x00")), "lacks its partition key index or its data"),
        (seal(KEY + delimited(3, delimited(3, b"x"))), "lacks its partition key index or its data"),
        (seal(KEY + varint(3 << 3) + b"\x01"), "lacks its partition key index or its data"),
        (seal(KEY + varint(9 << 3 | 3)), "wire type 3"),
        (seal(KEY + varint(9 << 3 | 7)), "wire type 7"),
        (seal(KEY + varint(3 << 3 | 2) + varint(100) + b"x"), "ends beyond the record"),
        (seal(KEY + b"\x80"), "does not end"),
        (seal(KEY + b"\xff" * 11), "does not end"),
        (seal(delimited(1, b"") + record(0, b"x")), "1 to 256 characters"),
        (seal(delimited(1, b"k" * 257) + record(0, b"x")), "1 to 256 characters"),
        (seal(delimited(1, b"\xff") + record(0, b"x")), "not UTF-8"),
        (seal(varint(1 << 3) + b"\x05" + record(0, b"x")), "1 to 256 characters"),
    ],
)
def test_a_corrupt_aggregate_is_rejected_whole(data: bytes, reason: str, normalise: Normalise, at: Coordinates) -> None:
    with pytest.raises(CorruptAggregate, match=reason):
        deaggregate(data)
    (refused,) = normalise(data)
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.original, refused.at) == ("corrupt", data, at)
    assert reason in refused.detail


def test_each_user_record_is_normalised_at_its_own_position(normalise: Normalise, at: Coordinates) -> None:
    # GIVEN an aggregate of two identical logs and a broken one
    found = normalise(aggregate([("a", LOG), ("b", b"\xfenonsense"), ("a", LOG)]))
    # THEN there are two events with ids of their own, and the broken one by itself
    first, broken, second = found
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert isinstance(broken, Rejected)
    assert (first.id, second.id) == (at._replace(position="0").id(), at._replace(position="2").id())
    assert (first.partition_key, second.partition_key) == ("a", "a")
    assert (broken.at, broken.original) == (at._replace(position="1", partition_key="b"), b"\xfenonsense")
    assert orjson.loads(first.body)["message"] == "one"


@given(st.binary(max_size=200))
def test_no_sealed_message_raises_anything_else(message: bytes) -> None:
    data = seal(message)
    results = Normaliser(default_tenant="default").normalise(data, Coordinates("s", "shard", "1", 0))
    assert results
    if isinstance(results[0], Rejected) and results[0].reason == "corrupt":
        assert [results[0].original] == [data]
