"""Many records of an object in one record of `raw`.

A line alone would need a container of its own, of 300 bytes and with a place in a shard's 1,000 records a second; and an
on-demand stream bills a whole kilobyte for it. So records are put together as the Kinesis Producer Library does it, one
aggregate a container.

The id of each is made from bucket, key, version, the number of the pack's first record, and its index in the pack. A repetition
makes the same ids because it makes the same packs: where a pack ends depends on nothing but the records from the beginning of
the object on. Whoever changes the limits below changes the ids of what is read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from collect.records import Record
from common import ids, kpl
from common.model import Coordinates, Given
from common.resend import Resent

#: Most bytes of a pack's records, unless one alone has more: with their place and in base64, when they are sent again, they
#: still fit the smallest record limit of a stream, 1 MiB.
MOST_BYTES = 256 * 1_024
#: Most records of a pack: what becomes of one record of `raw` is written in one go by `normalise`.
MOST_RECORDS = 2_500
#: Partition keys of a pack, so that its events spread over the shards of `events`.
KEYS = 16


@dataclass(slots=True)
class Pack:
    """Records that go together."""

    first: Record
    records: list[bytes] = field(default_factory=list)
    size: int = 0
    """Bytes of the records."""

    @property
    def too_long(self) -> bool:
        """Whether it stands for a record that is longer than what can be held."""
        return self.first.piece.data is None

    def takes(self, data: bytes) -> bool:
        """Whether `data` goes with the others."""
        return not self.too_long and len(self.records) < MOST_RECORDS and self.size + len(data) <= MOST_BYTES


@dataclass(slots=True)
class Packer:
    """Puts records together, and counts what is no event."""

    open: Pack | None = None
    """The one that is being filled."""
    headers: int = 0
    blank: int = 0

    def add(self, record: Record) -> Pack | None:
        """The pack that is complete because `record` is not in it any more."""
        data = record.piece.data
        if data is not None:
            if not data or data.isspace():
                self.blank += 1
                return None
            if record.header:
                self.headers += 1
                return None
            data = record.heading + data
        full = self.open
        if full and data is not None and full.takes(data):
            full.records.append(data)
            full.size += len(data)
            return None
        self.open = Pack(record) if data is None else Pack(record, [data], len(data))
        return full

    def finish(self) -> list[Pack]:
        """The last one, if there is one."""
        return [self.open] if self.open else []


@dataclass(frozen=True, slots=True)
class Origin:
    """The object packs are of."""

    bucket: str
    key: str
    identity: str
    """Version or ETag."""
    modified_ms: int
    """When the object was written, epoch milliseconds: the arrival of its records, whenever they are read, or a repetition on
    another day would write to another index."""
    given: Given

    def at(self, pack: Pack) -> Coordinates:
        """The place of a pack, and of the record of a pack with one."""
        sequence = f"{self.identity}:{pack.first.number}"
        key = ids.digest(f"{self.bucket}/{self.key}/{sequence}")
        return Coordinates(f"s3://{self.bucket}", self.key, sequence, self.modified_ms, "0", key)

    def frame(self, pack: Pack) -> bytes:
        """The record to put on `raw`."""
        at = self.at(pack)
        keys = [f"{at.partition_key}{number}" for number in range(min(KEYS, len(pack.records)))]
        aggregate = kpl.aggregate([(keys[index % KEYS], record) for index, record in enumerate(pack.records)])
        return Resent(at, aggregate, self.given).collected()
