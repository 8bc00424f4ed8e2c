"""Packs to `raw`, and what of them `raw` does not take."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from collect.lines import LARGEST
from collect.packs import Origin, Pack
from common.deadline import Deadline
from common.ids import digest
from common.model import Rejected
from common.oversized import PREFIX, OversizedStore
from common.streams import Entry, StreamWriter
from common.timestamps import from_milliseconds

STEP = "collect"
#: More than what a container adds to a record that is sent again, beside base64.
AGAIN_BYTES = 1_024
#: Bytes that are written together: enough for calls that are full, little enough to be repeated.
GROUP_BYTES = 4 * 1_024 * 1_024


@dataclass(frozen=True, slots=True)
class PackWriter:
    """Writes the packs of objects. A record that is too large for `raw` even when it is compressed is kept whole below
    `oversized/`, and one that is longer than what can be held stays in its object; an error record tells where."""

    raw: StreamWriter
    errors: StreamWriter
    oversized: OversizedStore

    def write(self, packs: list[Pack], origin: Origin, deadline: Deadline) -> int | None:
        """Index of the first pack that is not written, None when all are.

        Raises NotStored, and botocore's ClientError when a stream or the bucket refuses for good.
        """
        entries = Entries()
        for index, pack in enumerate(packs):
            self._add(entries, index, pack, origin)
        unwritten = [*self.raw.write(entries.raw, deadline), *self.errors.write(entries.errors, deadline)]
        return min((entry.source for entry in unwritten), default=None)

    def _add(self, entries: Entries, index: int, pack: Pack, origin: Origin) -> None:
        entry = None if pack.too_long else self._entry(index, pack, origin) or self._entry(index, _compressed(pack), origin)
        if entry:
            entries.raw.append(entry)
            return
        at, given = origin.at(pack), origin.given
        rejected = Rejected(at, "too_large", self._kept(pack, origin), given.type, given.tenant or "", b"", given=given)
        entries.errors.append(Entry(rejected.body(STEP), at.partition_key, index))

    def _entry(self, index: int, pack: Pack, origin: Origin) -> Entry | None:
        """The record for `raw`, if it takes it, and takes it also when it is sent again, in base64 and with the place it had."""
        if pack.size > self.raw.record_bytes:
            return None
        entry = Entry(origin.frame(pack), origin.at(pack).partition_key, index)
        return entry if entry.size() * 4 // 3 + AGAIN_BYTES <= self.raw.record_bytes else None

    def _kept(self, pack: Pack, origin: Origin) -> str:
        """Where the record of a pack is, for a person."""
        piece = pack.first.piece
        what = f"record {pack.first.number} of s3://{origin.bucket}/{origin.key} ({origin.identity}), of {piece.length} bytes"
        if pack.too_long:
            return f"{what}, is longer than the {LARGEST} that are held: it is where it was, and nowhere else"
        day = from_milliseconds(origin.modified_ms)[:10].replace("-", "/")
        key = f"{PREFIX}/{origin.given.tenant}/{day}/{digest(origin.at(pack).id())}.gz"
        self.oversized.put(key, *_compressed(pack).records)
        return f"{what}, is larger than `raw` takes: kept whole as s3://{self.oversized.bucket}/{key}"


def _compressed(pack: Pack) -> Pack:
    """A pack of one record, which `normalise` inflates, so that it is what it was."""
    (record,) = pack.records
    small = gzip.compress(record, compresslevel=6, mtime=0)
    return Pack(pack.first, [small], len(small))


@dataclass(slots=True)
class Entries:
    """For each stream."""

    raw: list[Entry] = field(default_factory=list)
    errors: list[Entry] = field(default_factory=list)
