"""Kinesis: how many records are kept, with nothing dropped that a reader is still to read.

MiniStack keeps every record for the stream's retention, and looks through all of them at every call.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

from ministack.services import kinesis

logger = logging.getLogger("weir")

#: Records kept of a shard behind its slowest reader, at about 1.2 KB of memory each: one that is started again begins where it
#: had a checkpoint, and the delivery to the lake holds a minute of records before it makes one.
READ_KEPT = 200_000
#: And in all. A shard with more takes none, as a shard at its limit does, until its slowest reader has gone on.
MOST_KEPT = 500_000
HOUSEKEEPING_SECONDS = 1.0
#: Who has not read for so long does not hold a full shard any longer. A reader that waits for its destination comes back sooner.
READER_SECONDS = 120.0
#: A read that is repeated, because its answer was lost, comes sooner.
USED_SECONDS = 30.0

Stream = dict[str, Any]
FULL = "full"

_last_housekeeping: dict[str, float] = {}
_removed: dict[str, int] = {}


def records_put() -> dict[str, int]:
    """Records put on each stream since the emulator started."""
    return {
        stream["StreamName"]: _removed.get(stream["StreamARN"], 0)
        + sum(len(shard["records"]) for shard in stream["shards"].values())
        for stream in list(kinesis._streams._data.values())
    }


def is_full(shard: dict[str, Any]) -> bool:
    """Whether the shard takes no records for the moment."""
    return bool(shard.get(FULL))


def keep_house(stream: Stream) -> None:
    """Now and then: drop records past their retention, and past READ_KEPT those that all have read."""
    now = time.monotonic()
    if now - _last_housekeeping.get(stream["StreamARN"], 0.0) < HOUSEKEEPING_SECONDS:
        return
    _last_housekeeping[stream["StreamARN"]] = now
    oldest = time.time() - stream["RetentionPeriodHours"] * 3_600
    for shard_id, shard in stream["shards"].items():
        records = shard["records"]
        surplus = 0
        if len(records) > READ_KEPT:
            surplus = max(0, min(positions(stream, shard_id)) - READ_KEPT)
        while surplus < len(records) and records[surplus]["ApproximateArrivalTimestamp"] < oldest:
            surplus += 1
        if surplus:
            drop(stream, shard_id, surplus)
        was_full, shard[FULL] = is_full(shard), len(records) > MOST_KEPT
        if shard[FULL] and not was_full:
            logger.warning(
                "%s of %s holds %d records for a reader that has fallen behind: it takes no more for now",
                shard_id,
                stream["StreamName"],
                len(records),
            )


def positions(stream: Stream, shard_id: str) -> Iterator[int]:
    """Where those who read the shard are, and its end."""
    yield len(stream["shards"][shard_id]["records"])
    since = time.time() - READER_SECONDS
    for iterator in iterators(stream, shard_id):
        if not iterator.get("used") and iterator["created_at"] >= since:
            yield iterator["position"]


def iterators(stream: Stream, shard_id: str) -> Iterator[dict[str, Any]]:
    for iterator in list(kinesis._shard_iterators._data.values()):  # services put records from threads of their own
        if iterator["stream_arn"] == stream["StreamARN"] and iterator["shard_id"] == shard_id:
            yield iterator


def drop(stream: Stream, shard_id: str, count: int) -> None:
    """Remove a shard's first `count` records, and move its iterators, which are positions, along."""
    del stream["shards"][shard_id]["records"][:count]
    _removed[stream["StreamARN"]] = _removed.get(stream["StreamARN"], 0) + count
    for iterator in iterators(stream, shard_id):
        iterator["position"] = max(0, iterator["position"] - count)


def forget_iterators() -> None:
    """Remove iterators that have expired, or were read from, now and then: each GetRecords makes a new one, and MiniStack looks
    through all of them at every call."""
    if time.monotonic() - _last_housekeeping.get("iterators", 0.0) < HOUSEKEEPING_SECONDS:
        return
    _last_housekeeping["iterators"] = time.monotonic()
    now = time.time()
    for token, iterator in list(kinesis._shard_iterators._data.items()):
        used = iterator.get("used")
        if now - iterator["created_at"] > kinesis.ITERATOR_EXPIRY_SECONDS or (used and now - used > USED_SECONDS):
            kinesis._shard_iterators._data.pop(token, None)
