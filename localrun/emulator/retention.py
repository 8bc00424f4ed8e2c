"""Kinesis: how many records are kept, with nothing dropped that a reader is still to read.

MiniStack keeps every record for the stream's retention, and looks through all of them at every call.
"""

from __future__ import annotations

import logging
import time

from ministack.core.iam_evaluator import caller_arn
from ministack.services import kinesis

from localrun.emulator.layout import Shard, Stream

logger = logging.getLogger("weir")

#: Records kept of a shard behind its slowest reader, at about 1.2 KB of memory each: one that is started again begins where it
#: had a checkpoint, and the delivery to the lake holds a minute of records before it makes one.
READ_KEPT = 200_000
#: And in all. A shard with more takes none, as a shard at its limit does, until its slowest reader has gone on.
MOST_KEPT = 500_000
HOUSEKEEPING_SECONDS = 1.0
#: Who has not read for so long is not waited for: the longest a function may run, before which its event source reads no more.
READER_SECONDS = 900.0

#: What is noted in a shard: by the ARN of who reads it, where they are and when they said so; and whether it takes no records.
READERS, FULL = "readers", "full"

_last_housekeeping: dict[str, float] = {}
_removed: dict[str, int] = {}


def records_put() -> dict[str, int]:
    """Records put on each stream since the emulator started."""
    return {
        stream["StreamName"]: _removed.get(stream["StreamARN"], 0)
        + sum(len(shard["records"]) for shard in stream["shards"].values())
        for stream in list(kinesis._streams._data.values())
    }


def note_reader(shard: Shard, position: int) -> None:
    """Who calls reads on from `position`. An engine that was started again calls by the name it had."""
    shard.setdefault(READERS, {})[caller_arn()] = position, time.monotonic()


def is_full(shard: Shard) -> bool:
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
        position, reader = slowest(shard)
        unread, surplus = len(records) - position, max(0, position - READ_KEPT)
        while surplus < len(records) and records[surplus]["ApproximateArrivalTimestamp"] < oldest:
            surplus += 1
        if surplus:
            drop(stream, shard_id, surplus)
        was_full, shard[FULL] = is_full(shard), len(records) > MOST_KEPT
        if shard[FULL] and not was_full:
            logger.warning(
                "%s of %s takes no more for now: %s has still to read %d records", shard_id, stream["StreamName"], reader, unread
            )


def slowest(shard: Shard) -> tuple[int, str]:
    """Where the slowest reader of a shard is, and who; the shard's end when nobody reads it."""
    since = time.monotonic() - READER_SECONDS
    reading = [(position, arn) for arn, (position, at) in shard.get(READERS, {}).items() if at >= since]
    return min(reading, default=(len(shard["records"]), "nobody"))


def drop(stream: Stream, shard_id: str, count: int) -> None:
    """Remove a shard's first `count` records, and move its readers and iterators, which are positions, along."""
    shard = stream["shards"][shard_id]
    del shard["records"][:count]
    _removed[stream["StreamARN"]] = _removed.get(stream["StreamARN"], 0) + count
    shard[READERS] = {arn: (max(0, position - count), at) for arn, (position, at) in shard.get(READERS, {}).items()}
    for iterator in list(kinesis._shard_iterators._data.values()):  # services put records from threads of their own
        if iterator["stream_arn"] == stream["StreamARN"] and iterator["shard_id"] == shard_id:
            iterator["position"] = max(0, iterator["position"] - count)


def forget_iterators() -> None:
    """Remove expired iterators, now and then: each GetRecords makes a new one, and MiniStack looks through all at every call."""
    now = time.monotonic()
    if now - _last_housekeeping.get("iterators", 0.0) < HOUSEKEEPING_SECONDS:
        return
    _last_housekeeping["iterators"] = now
    oldest = time.time() - kinesis.ITERATOR_EXPIRY_SECONDS
    for token, iterator in list(kinesis._shard_iterators._data.items()):
        if iterator["created_at"] < oldest:
            kinesis._shard_iterators._data.pop(token, None)
