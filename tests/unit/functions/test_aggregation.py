"""What puts events together promises: fewer records, the same events, and the order of each partition key."""

from __future__ import annotations

from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.kpl import deaggregate
from common.streams import LONGEST_KEY_BYTES, Entry
from normalise.aggregation import FRAME_BYTES, MOST_BYTES, MOST_SECONDS, aggregated

BUCKETS = 8


def entries(keys: list[str], size: int = 20) -> list[Entry]:
    return [Entry(b"%0*d" % (size, number), key, number) for number, key in enumerate(keys)]


def at_once(found: list[Entry]) -> list[float]:
    return [1_722_375_081.0] * len(found)


def hashed(key: str) -> int:
    return int.from_bytes(md5(key.encode(), usedforsecurity=False).digest())


@given(st.lists(st.text(min_size=1, max_size=3), max_size=60), st.integers(min_value=0, max_value=12))
def test_every_event_is_there_once_and_those_of_a_key_are_in_order_under_one_hash_key(keys: list[str], exponent: int) -> None:
    events = entries(keys)
    records = aggregated(events, at_once(events), 2**exponent)
    found: dict[str, list[bytes]] = {}
    for record in records:
        for key, data in deaggregate(record.data):
            found.setdefault(key, []).append(data)
            # the bucket of its hash, by which it would be on the same shard unless one ends within a bucket
            assert record.hash_key == str(hashed(key) * 2**exponent // 2**128 * 2 ** (128 - exponent))
    assert found == {key: [event.data for event in events if event.partition_key == key] for key in keys}
    assert sum(record.events for record in records) == len(keys)
    assert len(records) <= 2**exponent


def test_a_bucket_has_a_partition_key_of_its_own() -> None:
    events = entries([f"key-{number}" for number in range(400)])
    records = aggregated(events, at_once(events), 16)
    assert sorted(record.partition_key for record in records) == sorted("0123456789abcdef")
    assert all(int(record.hash_key or "") >> 124 == int(record.partition_key, 16) for record in records)


def test_a_record_names_the_first_it_was_made_from() -> None:
    one, other = "key-0", next(key for key in map(str, range(100)) if hashed(key) >> 125 != hashed("key-0") >> 125)
    records = aggregated(entries([one, other, other, one]), [1.0] * 4, BUCKETS)
    assert [(record.source, record.events) for record in records] == [(0, 2), (1, 2)]


def test_a_record_has_at_most_50_kib_unless_one_event_has_more() -> None:
    tenth = MOST_BYTES // 10
    events = [*entries(["k"] * 21, tenth), Entry(b"x" * (MOST_BYTES + 1), "k", 21), Entry(b"x", "k", 22)]
    records = aggregated(events, at_once(events), BUCKETS)
    assert [record.events for record in records] == [10, 10, 1, 1, 1]
    assert [record.source for record in records] == [0, 10, 20, 21, 22]


def test_events_that_arrived_further_apart_do_not_go_together() -> None:
    events = entries(["a", "b", "a", "b", "a", "b"])
    arrivals = [10.0, 10.0, 10.0 + MOST_SECONDS, 10.0 + MOST_SECONDS, 10.01 + MOST_SECONDS, 11.0]
    records = aggregated(events, arrivals, 1)
    assert [record.events for record in records] == [4, 2]


def test_several_events_of_one_record_stay_in_their_order() -> None:
    events = [Entry(b"%d" % number, "k", 0) for number in range(5)]
    (record,) = aggregated(events, [1.0], BUCKETS)
    assert [data for _, data in deaggregate(record.data)] == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("key", ["k", "é" * 256, "\U0001f600" * 256])
@pytest.mark.parametrize("buckets", [1, 65_536])
def test_the_frame_of_one_event_has_its_room(key: str, buckets: int) -> None:
    event = Entry(b"x" * 3_145_728, key, 0)
    (record,) = aggregated([event], [1.0], buckets)
    assert record.size() <= event.size() + FRAME_BYTES
    assert len(key.encode()) <= LONGEST_KEY_BYTES
