"""Batches for Kinesis: PutRecords within its limits, until the stream has taken every record.

Limits: a call takes at most 500 records and 10 MiB, partition keys included (Kinesis API reference, PutRecords).
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAX_CALL_RECORDS = 500
MAX_CALL_BYTES = 10 * 1_024 * 1_024
LONGEST_PAUSE_SECONDS = 2.0


class RecordTooLarge(Exception):
    """A record larger than the stream takes."""


@dataclass(frozen=True, slots=True)
class StreamWriter:
    """Writes records to one stream, each under a partition key of its own unless one is given."""

    client: KinesisClient
    stream: str
    max_record_bytes: int

    def put(self, records: Sequence[bytes]) -> None:
        """Put every record, in as many calls as the limits need. Raises RecordTooLarge before any of them is sent."""
        entries: list[PutRecordsRequestEntryTypeDef] = [{"Data": data, "PartitionKey": uuid.uuid4().hex} for data in records]
        for entry in entries:
            if entry_bytes(entry) > self.max_record_bytes:
                raise RecordTooLarge(f"a record of {entry_bytes(entry)} bytes is above the stream's limit of {self.max_record_bytes}")
        for call in calls(entries):
            self._put_all(call)

    def _put_all(self, entries: list[PutRecordsRequestEntryTypeDef]) -> None:
        """Repeat what the stream refuses (a shard's limit is reached), pausing longer each time, until nothing is left."""
        pause = 0.05
        while True:
            answer = self.client.put_records(StreamName=self.stream, Records=entries)
            entries = [entry for entry, result in zip(entries, answer["Records"], strict=True) if "ErrorCode" in result]
            if not entries:
                return
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def entry_bytes(entry: PutRecordsRequestEntryTypeDef) -> int:
    """What Kinesis counts against its limits: the data and the partition key."""
    return len(entry["Data"]) + len(entry["PartitionKey"].encode())


def calls(entries: Sequence[PutRecordsRequestEntryTypeDef]) -> Iterator[list[PutRecordsRequestEntryTypeDef]]:
    """Cut records into calls that each stay within PutRecords' limits, in order."""
    call: list[PutRecordsRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        if call and (len(call) == MAX_CALL_RECORDS or size + entry_bytes(entry) > MAX_CALL_BYTES):
            yield call
            call, size = [], 0
        call.append(entry)
        size += entry_bytes(entry)
    if call:
        yield call
