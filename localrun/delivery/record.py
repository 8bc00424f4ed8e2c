"""A record on its way through a delivery stream."""

from __future__ import annotations

from typing import NamedTuple

from common.kpl import MAGIC, CorruptAggregate, deaggregate
from localrun.event_sources.shards import StreamRecord


class Record(NamedTuple):
    """One record."""

    id: str
    """Unique in its delivery stream, and the same after a restart."""
    data: bytes
    arrival_ms: int
    """Milliseconds since the epoch."""
    shard: str = ""
    """Empty, like the rest, for a record that was put directly."""
    partition_key: str = ""
    sequence: str = ""
    subsequence: int = 0
    """Place in a KPL aggregate; 0 for a plain record."""
    last: bool = True
    """No more records taken out of the same one follow: the checkpoint may move past it."""
    sent: bytes | None = None
    """What the producer sent, where `data` was decompressed."""

    @property
    def raw(self) -> bytes:
        """As the producer sent it."""
        return self.data if self.sent is None else self.sent


class Processed(NamedTuple):
    """A record with what is delivered of it."""

    record: Record
    data: bytes
    """What to deliver, or, of a failed record, the line of the error output."""


def user_records(found: StreamRecord) -> list[Record]:
    """The user records in a stream record, several if it is a KPL aggregate.

    Firehose de-aggregates before it transforms or delivers (Firehose developer guide, "Understand data delivery"). What begins
    like an aggregate and is none goes on as it is.
    """
    arrival_ms = round(found.arrival * 1000)
    parts = [(found.partition_key, found.data)]
    if found.data.startswith(MAGIC):
        try:
            parts = deaggregate(found.data)
        except CorruptAggregate:
            parts = [(found.partition_key, found.data)]
    last = len(parts) - 1
    return [
        Record(f"{found.sequence}.{at}", data, arrival_ms, found.shard, key, found.sequence, at, at == last)
        for at, (key, data) in enumerate(parts)
    ]
