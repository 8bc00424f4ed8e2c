"""One object to `raw`, as far as there is time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collect.content import Content
from collect.packs import Origin, Pack, Packer
from collect.reader import ObjectReader, OutOfTime
from collect.records import Record, records
from collect.rules import Rules
from collect.work import Work
from collect.writing import GROUP_BYTES, PackWriter
from common.deadline import Deadline

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Reading ends so long before writing has to: a group's calls may have to be repeated.
WRITING_SECONDS = 20.0


class NoProgress(Exception):
    """Nothing was written in the time there was. To go on from the same place would only repeat that."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object."""

    records: int
    """Put on `raw`, or on `errors`."""
    headers: int
    blank: int
    rest: Work | None
    """What is still to be read."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Reads objects and writes their records, in memory that depends on no object's size."""

    s3: S3Client
    writer: PackWriter
    rules: Rules

    def collect(self, work: Work, deadline: Deadline) -> Outcome:
        """Sends the records of `work` from its place on, until there are none, or no time.

        Raises NoProgress, and Refused, NotStored and botocore's errors, after which what was sent comes again under the same ids.
        """
        reader = ObjectReader(self.s3, work, deadline.sooner(WRITING_SECONDS))
        content = Content(reader, work.place)
        packer = Packer()
        groups = _Groups(self, work, reader, deadline)
        last: Record | None = None
        out_of_time = False
        try:
            for last in records(content, work.place):
                if full := packer.add(last):
                    groups.add(full)
                if groups.unwritten:
                    break
            else:
                for full in packer.finish():
                    groups.add(full)
        except OutOfTime:
            # What is not full is read again: to cut it here would make other packs, and other ids, than a run that has the time.
            last = packer.open.first if packer.open else last
            out_of_time = True
        groups.write()
        if out_of_time and last is None:
            raise NoProgress(f"s3://{work.bucket}/{work.key}: nothing was read from {work.place} on in the time there was")
        next_ = groups.unwritten or (last if out_of_time else None)
        rest = self._rest(work, reader, content, next_) if next_ else None
        return Outcome(groups.written, packer.headers, packer.blank, rest)

    def _rest(self, work: Work, reader: ObjectReader, content: Content, first: Record) -> Work:
        if first.number <= work.place.number:
            raise NoProgress(f"s3://{work.bucket}/{work.key}: nothing was written from {work.place} on in the time there was")
        place = replace(content.place(first.piece.begin, first.number, inside=first.inside), heading=first.heading.decode())
        return replace(work, version=reader.version, etag=reader.etag, place=place)


class _Groups:
    """Writes packs, many at once, until there is one that cannot be written."""

    def __init__(self, collection: Collection, work: Work, reader: ObjectReader, deadline: Deadline) -> None:
        self._collection = collection
        self._work = work
        self._reader = reader
        self._deadline = deadline
        self._packs: list[Pack] = []
        self._size = 0
        self.written = 0
        """Records."""
        self.unwritten: Record | None = None
        """The first that was not written."""

    def add(self, pack: Pack) -> None:
        """Takes a pack, and writes when there are enough."""
        self._packs.append(pack)
        self._size += pack.size
        if self._size >= GROUP_BYTES:
            self.write()

    def write(self) -> None:
        """Writes what there is."""
        if not self._packs:
            return
        packs, self._packs, self._size = self._packs, [], 0
        work, reader = self._work, self._reader
        given = self._collection.rules.given(work.bucket, work.key)
        origin = Origin(work.bucket, work.key, reader.identity, reader.modified_ms, given)
        failed = self._collection.writer.write(packs, origin, self._deadline)
        if failed is not None:
            self.unwritten = packs[failed].first
        self.written += sum(len(pack.records) or 1 for pack in packs[:failed])
