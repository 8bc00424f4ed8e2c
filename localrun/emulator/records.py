"""Kinesis: putting records on shards, and giving them out.

A record is kept as the JSON that GetRecords answers with, so that one that is read five times is written once.
"""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import orjson
from ministack.core.responses import error_response_json, new_uuid
from ministack.services import kinesis

from localrun.emulator import resharding, retention, throttling
from localrun.emulator.layout import Response, Stream

#: Of one GetRecords: records, and bytes of their data (API reference).
MOST_READ, MOST_READ_BYTES = 10_000, 10 * 2**20


class Stored:
    """A record of a shard. MiniStack looks up fields of one as in a dictionary."""

    __slots__ = ("arrival", "end", "json", "sequence", "size")

    def __init__(self, sequence: str, arrival: float, size: int, json: bytes, end: int) -> None:
        self.sequence = sequence
        self.arrival = arrival
        self.size = size
        self.json = json
        self.end = end
        """Bytes of all that was put on its shard, itself included."""

    def __getitem__(self, name: str) -> Any:
        if name == "SequenceNumber":
            return self.sequence
        return self.arrival if name == "ApproximateArrivalTimestamp" else orjson.loads(self.json)[name]


def append(stream: Stream, records: list[dict[str, Any]], *, refusing: bool = True) -> list[dict[str, Any]]:
    """Put records on their shards, but those that are refused; returns the result of each."""
    name, encryption, shards = stream["StreamName"], stream.get("EncryptionType", "NONE"), stream["shards"]
    ranges = resharding.hash_ranges(stream)
    lasts = [last for last, _ in ranges]
    ends = [(each, shards[each], shards[each]["records"].append, retention.is_full(shards[each])) for _, each in ranges]
    arrival = round(time.time(), 3)
    dumps, refuses_one = orjson.dumps, throttling.refuses_one
    results: list[dict[str, Any]] = []
    for record, sequence in zip(records, sequence_numbers(len(records)), strict=True):
        key, data = record["PartitionKey"], record.get("Data", "")
        explicit = record.get("ExplicitHashKey")
        hashed = int(explicit) if explicit else hash_key(key)
        shard_id, shard, keep, full = ends[bisect_left(lasts, hashed)]
        if refusing and (full or refuses_one(name)):
            results.append(throttling.error(name, shard_id))
            continue
        json = b'{"SequenceNumber":"%b","ApproximateArrivalTimestamp":%b,"Data":"%b","PartitionKey":%b,"EncryptionType":"%b"}' % (
            sequence.encode(), b"%.3f" % arrival, data.encode(), dumps(key), encryption.encode(),
        )  # fmt: skip
        end = shard[retention.PUT] = shard.get(retention.PUT, 0) + len(json)
        keep(Stored(sequence, arrival, size_of(data), json, end))
        results.append({"SequenceNumber": sequence, "ShardId": shard_id, "EncryptionType": encryption})
    return results


def hash_key(partition_key: str) -> int:
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest(), "big")


def sequence_numbers(count: int) -> list[str]:
    """The next sequence numbers, in the form of MiniStack's."""
    with kinesis._sequence_lock:
        first = kinesis._sequence_counter + 1
        kinesis._sequence_counter += count
        milliseconds = f"{int(time.time() * 1_000):020d}"
    return [f"{milliseconds}{number:010d}" for number in range(first, first + count)]


def get_shard_iterator(original: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    """GetShardIterator, whose position counts what was dropped too, and after which what is to be read is kept."""

    def get(data: dict[str, Any]) -> Response:
        status, headers, body = original(data)
        if status == 200:
            iterator = kinesis._shard_iterators[orjson.loads(body)["ShardIterator"]]
            shard = kinesis._streams[iterator["stream"]]["shards"][iterator["shard_id"]]
            iterator["position"] += retention.dropped(shard)
            retention.note_reader(shard, iterator["position"])
        return status, headers, body

    return get


def get_records(data: dict[str, Any]) -> Response:
    """The next records of an iterator. At the end of a closed shard there is no next iterator, and its children are named."""
    iterator = kinesis._shard_iterators.get(data.get("ShardIterator"))
    if not iterator or time.time() - iterator["created_at"] > kinesis.ITERATOR_EXPIRY_SECONDS:
        return error_response_json("ExpiredIteratorException", "Iterator has expired or is invalid", 400)
    stream = kinesis._streams.get(iterator["stream"])
    shard = stream["shards"].get(iterator["shard_id"]) if stream else None
    if not stream or not shard:
        return error_response_json("ResourceNotFoundException", "Its stream or shard is gone", 400)
    retention.keep_house(stream)
    records, dropped = shard["records"], retention.dropped(shard)
    first = max(0, iterator["position"] - dropped)
    found = of_one_answer(records[first : first + min(data.get("Limit", MOST_READ), MOST_READ)])
    end = first + len(found)
    position = dropped + end
    retention.note_reader(shard, position)
    answer: dict[str, Any] = {"MillisBehindLatest": behind(records, end)}
    if resharding.ENDING in shard and end == len(records):
        answer["ChildShards"] = resharding.children_of(stream, iterator["shard_id"])
    else:
        answer["NextShardIterator"] = new_uuid()
        kinesis._shard_iterators[answer["NextShardIterator"]] = iterator | {"position": position, "created_at": time.time()}
    body = b'{"Records":[' + b",".join([record.json for record in found]) + b"]," + orjson.dumps(answer)[1:]
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, body


def of_one_answer(records: list[Stored]) -> list[Stored]:
    """The first of `records`, one at least, within MOST_READ_BYTES."""
    ends = list(accumulate(record.size for record in records))
    return records if not ends or ends[-1] <= MOST_READ_BYTES else records[: max(1, bisect_right(ends, MOST_READ_BYTES))]


def size_of(base64: str) -> int:
    return len(base64) // 4 * 3 - base64.count("=", -2)


def behind(records: list[Stored], position: int) -> int:
    """Milliseconds since the record at `position` arrived; 0 when there is none."""
    if position >= len(records):
        return 0
    return max(0, int((time.time() - records[position].arrival) * 1_000))
