"""Where the records of a delivery stream come from."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from localrun.credentials import Role
from localrun.delivery.http import Server, Unreachable
from localrun.delivery.record import Record, user_records
from localrun.delivery.spool import Spool
from localrun.event_sources.batch import backoff
from localrun.event_sources.checkpoint import Checkpoint, Checkpoints
from localrun.event_sources.clock import Clock
from localrun.event_sources.shards import Shard, ShardReader, Start, list_shards, readable
from localrun.event_sources.status import Part

#: Firehose reads each shard once a second (Firehose developer guide, "Source, destination, and name").
KINESIS_SECONDS = 1.0
#: Records put directly are in Firehose at once; here they are fetched.
DIRECT_SECONDS = 0.2
#: How often the shards of a stream are listed again, in seconds.
REFRESH_SECONDS = 5.0


class Source(Protocol):
    """Gives records in order and is told when they are safe."""

    poll_seconds: float

    def read(self) -> list[Record]:
        """What is new; failures are in the status, and read again next time."""
        ...

    @property
    def behind(self) -> bool:
        """There is more to read at once."""
        ...

    def delivered(self, records: Iterable[Record]) -> None:
        """These, the oldest not yet reported, are delivered, dropped by the function, or in the error output."""
        ...


class DirectPut:
    """Records put on the delivery stream itself."""

    poll_seconds = DIRECT_SECONDS
    behind = False

    def __init__(self, emulator: Server, name: str, spool: Spool, status: Part, clock: Clock) -> None:
        self._emulator = emulator
        self._path = f"/_weir/drain?name={quote(name)}"
        self._spool = spool
        self._status = status
        self._clock = clock
        self._left = spool.load()
        self._unkept: list[Record] = []
        """Taken out of the emulator, and not on disk yet."""

    def read(self) -> list[Record]:
        if self._left:
            left, self._left = self._left, []
            return left
        records = self._unkept or self._take()
        if not records:
            return []
        try:
            self._spool.append(records)
        except OSError as error:  # a full disk: nothing more is taken until these are kept
            self._unkept = records
            self._status.failed("keeping records", error, self._clock.now())
            return []
        self._unkept = []
        self._status.recovered("keeping records")
        return records

    def _take(self) -> list[Record]:
        try:
            status, body = self._emulator.request("POST", self._path)
        except Unreachable as error:
            self._status.failed("taking records", error, self._clock.now())
            return []
        if status != 200:
            self._status.failed("taking records", f"{self._path} answers {status}: {body[:200]!r}", self._clock.now())
            return []
        self._status.recovered("taking records")
        return [Record(found["id"], b64decode(found["data"]), round(found["ts"] * 1000)) for found in json.loads(body)]

    def delivered(self, records: Iterable[Record]) -> None:
        try:
            self._spool.delivered(sum(record.last for record in records))
        except OSError as error:  # a full disk: a restart before the next delivery would deliver them again
            self._status.failed("forgetting records", error, self._clock.now())
        else:
            self._status.recovered("forgetting records")


@dataclass(slots=True)
class _Reading:
    """One shard being read."""

    reader: ShardReader
    behind: bool = False
    last_read: str | None = None
    delivered: str | None = None
    ended: bool = False
    failures: int = 0
    next_try: float = 0.0


class KinesisStream:
    """A Kinesis stream, read with the role the delivery stream names for it.

    Firehose begins with the newest record when a delivery stream is created. Here the worker starts after the deployment, and
    records may already be there that a delivery stream on AWS would have seen: it begins with the oldest.
    """

    poll_seconds = KINESIS_SECONDS

    def __init__(self, owner: str, stream_arn: str, role: Role, checkpoints: Checkpoints, status: Part, clock: Clock) -> None:
        """`owner` is the delivery stream, whose checkpoints these are."""
        self._owner = owner
        self._stream_arn = stream_arn
        self._role = role
        self._checkpoints = checkpoints
        self._status = status
        self._clock = clock
        self._shards: dict[str, _Reading] = {}
        self._unsaved: set[str] = set()
        self._list_at = 0.0

    @property
    def behind(self) -> bool:
        return any(reading.behind for reading in self._shards.values())

    def read(self) -> list[Record]:
        now = self._clock.now()
        if now >= self._list_at:
            self._list(now)
        for shard in self._unsaved & self._shards.keys():
            self._save(shard, self._shards[shard])
        records: list[Record] = []
        for shard, reading in self._shards.items():
            if not reading.ended and now >= reading.next_try:
                records += self._read_shard(shard, reading)
        return records

    def delivered(self, records: Iterable[Record]) -> None:
        last = {record.shard: record.sequence for record in records if record.last}
        for shard, sequence in last.items():
            reading = self._shards[shard]
            reading.delivered = sequence
            self._save(shard, reading)

    def _read_shard(self, shard: str, reading: _Reading) -> list[Record]:
        where = f"{shard}: reading {self._stream_arn}"
        reading.behind = False
        try:
            read = reading.reader.read()
        except (ClientError, BotoCoreError) as error:
            self._status.failed(where, error, self._clock.now())
            self._status.add(read_errors=1)
            reading.next_try = self._clock.now() + max(self.poll_seconds, backoff(reading.failures))
            reading.failures += 1
            return []
        self._status.recovered(where)
        reading.failures = 0
        reading.behind = bool(read.records) and read.behind_seconds > 0
        if read.records:
            reading.last_read = read.records[-1].sequence
        if read.ended:
            reading.ended = True
            self._save(shard, reading)
        return [record for found in read.records for record in user_records(found)]

    def _save(self, shard: str, reading: _Reading) -> None:
        closed = reading.ended and reading.delivered == reading.last_read
        where = f"{shard}: checkpoint"
        try:
            self._checkpoints.save(self._owner, shard, Checkpoint(reading.delivered, closed))
        except OSError as error:  # a full disk: the old one stays, and what came after it would be delivered again
            self._unsaved.add(shard)
            self._status.failed(where, error, self._clock.now())
        else:
            self._unsaved.discard(shard)
            self._status.recovered(where)

    def _list(self, now: float) -> None:
        self._list_at = now + REFRESH_SECONDS
        where = f"listing shards of {self._stream_arn}"
        try:
            shards = list_shards(self._role.client("kinesis"), self._stream_arn)
        except (ClientError, BotoCoreError) as error:
            self._status.failed(where, error, now)
            return
        self._status.recovered(where)
        known = {shard.id: self._checkpoints.load(self._owner, shard.id) for shard in shards}
        closed = {shard for shard, checkpoint in known.items() if checkpoint.closed}
        for shard_id, reading in list(self._shards.items()):
            if shard_id in closed:
                del self._shards[shard_id]
            elif shard_id not in known:  # gone: what was read of it is still to be delivered
                reading.ended = True
                if reading.delivered == reading.last_read:
                    del self._shards[shard_id]
                else:
                    shards.append(Shard(shard_id, ()))
        for shard in readable(shards, closed):
            if shard.id not in self._shards:
                after = known[shard.id].sequence
                start = Start(after_sequence=after)
                reader = ShardReader(lambda: self._role.client("kinesis"), self._stream_arn, shard.id, start)
                self._shards[shard.id] = _Reading(reader, last_read=after, delivered=after)
        self._status.fact(shards=sorted(self._shards))
