"""Batches for Kinesis: PutRecords within its limits, until the stream has taken every record.

Limits: a call takes at most 500 records and 10 MiB, partition keys included (Kinesis API reference, PutRecords).
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef, PutRecordsResultEntryTypeDef

MAX_CALL_RECORDS = 500
MAX_CALL_BYTES = 10 * 1_024 * 1_024
LONGEST_PAUSE_SECONDS = 2.0
THROTTLED = "ProvisionedThroughputExceededException"


class RecordTooLarge(Exception):
    """A record larger than the stream takes."""


class Entry(NamedTuple):
    """One record to put."""

    data: bytes
    partition_key: str

    @property
    def size(self) -> int:
        """What Kinesis counts against its limits: the data and the partition key."""
        return len(self.data) + len(self.partition_key.encode())


class Place(NamedTuple):
    """Where the stream has put a record."""

    shard: str
    sequence: str


@dataclass(frozen=True, slots=True)
class StreamWriter:
    """Writes records to one stream."""

    client: KinesisClient
    stream: str
    max_record_bytes: int

    def put(self, records: Sequence[bytes]) -> list[Place]:
        """`put_entries`, each record under a partition key of its own, which spreads them over the shards."""
        return self.put_entries([Entry(data, uuid.uuid4().hex) for data in records])

    def put_entries(self, entries: Sequence[Entry]) -> list[Place]:
        """Put every record, in as many calls as the limits need; returns the place of each.

        Raises RecordTooLarge before any of them is sent.
        """
        for entry in entries:
            if entry.size > self.max_record_bytes:
                raise RecordTooLarge(f"a record of {entry.size} bytes is above the stream's limit of {self.max_record_bytes}")
        return [place for call in calls(entries) for place in self._put_all(call)]

    def _put_all(self, entries: list[Entry]) -> list[Place]:
        """Repeat what the stream refuses (a shard's limit is reached), pausing longer each time, until nothing is left."""
        places: dict[int, Place] = {}
        pending = list(enumerate(entries))
        pause = 0.05
        while True:
            results = self._call([entry for _, entry in pending])
            for (number, _), result in zip(pending, results, strict=True):
                if "ErrorCode" not in result:
                    places[number] = Place(result["ShardId"], result["SequenceNumber"])
            pending = [(number, entry) for number, entry in pending if number not in places]
            if not pending:
                return [places[number] for number in range(len(entries))]
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads retries, guards nothing
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _call(self, entries: list[Entry]) -> list[PutRecordsResultEntryTypeDef]:
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries
        ]
        try:
            return self.client.put_records(StreamName=self.stream, Records=records)["Records"]
        except ClientError as error:
            if error.response["Error"]["Code"] != THROTTLED:
                raise
            return [{"ErrorCode": THROTTLED}] * len(records)  # the whole call, so every record of it


def calls(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut records into calls that each stay within PutRecords' limits, in order."""
    call: list[Entry] = []
    size = 0
    for entry in entries:
        if call and (len(call) == MAX_CALL_RECORDS or size + entry.size > MAX_CALL_BYTES):
            yield call
            call, size = [], 0
        call.append(entry)
        size += entry.size
    if call:
        yield call
