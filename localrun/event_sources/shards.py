"""Reading the shards of a Kinesis stream in the order their records were put."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

#: What one GetRecords returns at most, beside 10 MiB (API reference, GetRecords), which bounds the memory of a worker.
READ_RECORDS = 10_000


class Shard(NamedTuple):
    """A shard and those it was split or merged from."""

    id: str
    parents: tuple[str, ...]


class StreamRecord(NamedTuple):
    """A record as GetRecords gives it; `arrival` is the approximate arrival in seconds since the epoch, to the millisecond."""

    shard: str
    sequence: str
    partition_key: str
    data: bytes
    arrival: float


class Read(NamedTuple):
    """Answer to one read."""

    records: list[StreamRecord]
    behind_seconds: float
    """How far the reader is behind the newest record (MillisBehindLatest)."""
    ended: bool
    """The shard is closed and all of it was read."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where in a shard to begin: after a sequence number, else at a time (seconds), else at its oldest record."""

    after_sequence: str | None = None
    at_timestamp: float | None = None

    def iterator(self) -> dict[str, Any]:
        """Parameters of GetShardIterator."""
        if self.after_sequence is not None:
            return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": self.after_sequence}
        if self.at_timestamp is not None:
            return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self.at_timestamp}
        return {"ShardIteratorType": "TRIM_HORIZON"}


def list_shards(kinesis: Any, stream_arn: str) -> list[Shard]:
    """All shards of a stream, the closed ones too. Raises botocore's ClientError."""
    shards: list[Shard] = []
    page: dict[str, Any] = {"StreamARN": stream_arn}
    while True:
        answer = kinesis.list_shards(**page)
        for shard in answer["Shards"]:
            parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
            shards.append(Shard(shard["ShardId"], tuple(filter(None, parents))))
        if not answer.get("NextToken"):
            return shards
        page = {"NextToken": answer["NextToken"]}


def readable(shards: Iterable[Shard], closed: set[str]) -> list[Shard]:
    """The shards whose turn it is: not done themselves, and every parent done or no longer listed.

    After a reshard the records of a parent precede those of its children (Streams developer guide, "Reshard a stream").
    """
    listed = {shard.id: shard for shard in shards}
    return [
        shard
        for shard in listed.values()
        if shard.id not in closed and all(parent in closed or parent not in listed for parent in shard.parents)
    ]


@lru_cache(maxsize=1_024)  # records that were put together arrived together
def epoch_seconds(moment: datetime) -> float:
    """To the millisecond, as Kinesis has it."""
    return round(moment.timestamp(), 3)


class ShardReader:
    """Reads one shard from its start, or from the last record read if the iterator expired."""

    def __init__(self, kinesis: Callable[[], Any], stream_arn: str, shard: str, start: Start) -> None:
        """`kinesis` gives a client with current credentials each time it is called."""
        self._kinesis = kinesis
        self._stream_arn = stream_arn
        self._shard = shard
        self._start = start
        self._iterator: str | None = None

    def read(self, most: int = READ_RECORDS) -> Read:
        """The next records, at most `most`. Raises botocore's errors; reading on afterwards loses and repeats nothing."""
        if self._iterator is None:
            position = self._start.iterator()
            answer = self._kinesis().get_shard_iterator(StreamARN=self._stream_arn, ShardId=self._shard, **position)
            self._iterator = answer["ShardIterator"]
        limit = min(most, READ_RECORDS)
        try:
            answer = self._kinesis().get_records(StreamARN=self._stream_arn, ShardIterator=self._iterator, Limit=limit)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExpiredIteratorException":
                self._iterator = None
                return self.read(most)
            raise
        records = [
            StreamRecord(
                self._shard, found["SequenceNumber"], found["PartitionKey"], found["Data"],
                epoch_seconds(found["ApproximateArrivalTimestamp"]),
            )
            for found in answer["Records"]
        ]  # fmt: skip
        if records:
            self._start = Start(after_sequence=records[-1].sequence)
        self._iterator = answer.get("NextShardIterator")
        return Read(records, (answer.get("MillisBehindLatest") or 0) / 1000, self._iterator is None)
