"""A batch of Kinesis records as Lambda hands it to a function, and the answer Lambda expects.

Format: Lambda developer guide, "Process Kinesis records with Lambda"
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html) and "Configuring partial batch response"
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from pybase64 import b64decode

from common.kpl import MAGIC, deaggregate
from common.model import Coordinates


class KinesisData(TypedDict):
    """What the stream knows of a record."""

    partitionKey: str
    sequenceNumber: str
    data: str
    """Base64."""
    approximateArrivalTimestamp: float
    """Epoch seconds, with fractions."""


class KinesisRecord(TypedDict):
    """One record of a batch. All records of a batch are of one shard, in the order of their sequence numbers."""

    kinesis: KinesisData
    eventID: str
    """"shardId-000000000000:<sequence number>"."""
    eventSourceARN: str
    """ARN of the stream, or of an enhanced fan-out consumer of it."""


class KinesisBatch(TypedDict):
    """One invocation."""

    Records: list[KinesisRecord]


class ItemFailure(TypedDict):
    """The sequence number of a record that was not processed."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """Where Lambda continues: at the first failure, or behind the batch when there is none."""

    batchItemFailures: list[ItemFailure]


def coordinates(record: KinesisRecord) -> Coordinates:
    """Where the record is in its stream."""
    kinesis = record["kinesis"]
    return Coordinates(
        stream=record["eventSourceARN"].split("/")[1],
        shard=record["eventID"].partition(":")[0],
        sequence=kinesis["sequenceNumber"],
        arrival_ms=round(kinesis["approximateArrivalTimestamp"] * 1_000),
        partition_key=kinesis["partitionKey"],
    )


def data(record: KinesisRecord) -> bytes:
    """The record's bytes."""
    return b64decode(record["kinesis"]["data"], None, True)  # strict, which is the fast way


class UserRecord(NamedTuple):
    """A record as it was put, whether by itself or in a KPL aggregate."""

    number: int
    """Index, in the batch, of the record it came in."""
    position: int | None
    """Index in the aggregate; None where there is none."""
    partition_key: str
    data: bytes

    def at(self, records: list[KinesisRecord]) -> Coordinates:
        """Where it is in its stream; `records` is the batch."""
        at = coordinates(records[self.number])
        return at if self.position is None else at.user_record(self.position, self.partition_key)


def user_records(number: int, record: KinesisRecord) -> list[UserRecord]:
    """What is in record `number` of a batch, in order. Raises CorruptAggregate."""
    content, key = data(record), record["kinesis"]["partitionKey"]
    if not content.startswith(MAGIC):
        return [UserRecord(number, None, key, content)]
    return [UserRecord(number, position, *part) for position, part in enumerate(deaggregate(content))]


def response(records: list[KinesisRecord], failed: Iterable[int]) -> BatchResponse:
    """Reports the first of the records at the indexes `failed`: Lambda sends it and all after it again, so to name more
    would change nothing. Ids make the repetition of those that did succeed harmless."""
    first = min(failed, default=None)
    if first is None:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": records[first]["kinesis"]["sequenceNumber"]}]}
