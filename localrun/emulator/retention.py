"""Kinesis: how many records are kept, with nothing dropped that a reader is still to read.

MiniStack keeps every record for the stream's retention, and looks through all of them at every call.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_right
from operator import attrgetter
from typing import Any

from ministack.core.iam_evaluator import caller_arn
from ministack.services import kinesis

from localrun.emulator.layout import Shard, Stream

logger = logging.getLogger("weir")

#: Records kept of a shard behind its slowest reader, and their bytes: one that is started again begins where it had a checkpoint,
#: and the delivery to the lake holds a minute of records before it makes one.
READ_KEPT, READ_KEPT_BYTES = 200_000, 256 * 2**20
#: And in all. A shard with more takes none, as a shard at its limit does, until its slowest reader has gone on.
MOST_KEPT, MOST_KEPT_BYTES = 500_000, 640 * 2**20
HOUSEKEEPING_SECONDS = 1.0
#: Who has not read for so long is not waited for: the longest a function may run, before which its event source reads no more.
READER_SECONDS = 900.0

#: What is noted in a shard: by the ARN of who reads it, where they are and when they said so; how many records were dropped; how
#: many bytes were put on it; and whether it takes none.
READERS, DROPPED, PUT, FULL = "readers", "dropped", "put", "full"

_last_housekeeping: dict[str, float] = {}


def records_put() -> dict[str, int]:
    """Records put on each stream since the emulator started."""
    return {
        stream["StreamName"]: sum(dropped(shard) + len(shard["records"]) for shard in stream["shards"].values())
        for stream in list(kinesis._streams._data.values())
    }


def dropped(shard: Shard) -> int:
    """How many records came before those it holds. Positions count them, so that they stay when records are dropped."""
    return shard.get(DROPPED, 0)


def note_reader(shard: Shard, position: int) -> None:
    """Who calls reads on from `position`. An engine that was started again calls by the name it had."""
    shard.setdefault(READERS, {})[caller_arn()] = position, time.monotonic()


def is_full(shard: Shard) -> bool:
    """Whether the shard takes no records for the moment."""
    return bool(shard.get(FULL))


def keep_house(stream: Stream) -> None:
    """Now and then: drop records past their retention, and those that all have read past what is kept of these."""
    now = time.monotonic()
    if now - _last_housekeeping.get(stream["StreamARN"], 0.0) < HOUSEKEEPING_SECONDS:
        return
    _last_housekeeping[stream["StreamARN"]] = now
    oldest = time.time() - stream["RetentionPeriodHours"] * 3_600
    for shard_id, shard in stream["shards"].items():
        records = shard["records"]
        unread, reader = slowest_reader(shard)
        read = len(records) - unread
        surplus = max(0, read - READ_KEPT, beyond(records, read, READ_KEPT_BYTES))
        while surplus < len(records) and records[surplus]["ApproximateArrivalTimestamp"] < oldest:
            surplus += 1
        if surplus:
            del records[:surplus]
            shard[DROPPED] = dropped(shard) + surplus
        was_full, shard[FULL] = is_full(shard), len(records) > MOST_KEPT or beyond(records, len(records), MOST_KEPT_BYTES) > 0
        if shard[FULL] and not was_full:
            logger.warning(
                "%s of %s takes no more for now: %s has still to read %d records", shard_id, stream["StreamName"], reader, unread
            )


def beyond(records: list[Any], count: int, most: int) -> int:
    """How many of the first `count` records come before the last `most` bytes of them."""
    return bisect_right(records, records[count - 1].end - most, 0, count, key=attrgetter("end")) if count > 0 else 0


def slowest_reader(shard: Shard) -> tuple[int, str]:
    """How many records the slowest reader of a shard has still to read, and who that is; none when nobody reads it."""
    end, since = dropped(shard) + len(shard["records"]), time.monotonic() - READER_SECONDS
    return max(
        ((end - position, arn) for arn, (position, at) in shard.get(READERS, {}).items() if at >= since), default=(0, "nobody")
    )


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
