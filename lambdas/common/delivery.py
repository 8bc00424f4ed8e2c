"""Firehose's contract with a function that transforms records.

Format: Firehose developer guide, "Required parameters for data transformation"
(https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html). Every record is answered under its
own id. One that comes back as ProcessingFailed is kept by Firehose under the delivery stream's error output prefix, as it
came; after an answer that is too large Firehose would put the whole batch there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NotRequired, TypedDict

from pybase64 import b64encode_as_string

#: Lambda takes no larger answer from a synchronous invocation (Firehose developer guide, "Transform source data").
MAX_ANSWER_BYTES = 6_000_000

Result = Literal["Ok", "Dropped", "ProcessingFailed"]


class SourceMetadata(TypedDict):
    """Where a record of a Kinesis source was."""

    shardId: str
    sequenceNumber: str
    subsequenceNumber: NotRequired[str | int]
    """Index of the record in a KPL aggregate, which Firehose takes apart before it calls the function; "" otherwise."""
    partitionKey: str


class DeliveryRecord(TypedDict):
    """A record to transform."""

    recordId: str
    data: str
    """Base64."""
    approximateArrivalTimestamp: int
    """Epoch milliseconds."""
    kinesisRecordMetadata: NotRequired[SourceMetadata]
    """Only where the source is a Kinesis stream."""


class DeliveryBatch(TypedDict):
    """One invocation."""

    deliveryStreamArn: str
    sourceKinesisStreamArn: NotRequired[str]
    records: list[DeliveryRecord]


class TransformedRecord(TypedDict):
    """What became of a record."""

    recordId: str
    result: Result
    data: NotRequired[str]


class DeliveryResponse(TypedDict):
    """The function's answer, in the order of the batch."""

    records: list[TransformedRecord]


def stream_name(arn: str) -> str:
    """Name of the stream, or delivery stream, with this ARN."""
    return arn.split("/")[1]


def respond(results: Iterable[tuple[str, Result, bytes]], limit: int = MAX_ANSWER_BYTES) -> DeliveryResponse:
    """The answer for (record id, result, data) of each record.

    Data for which the answer has no room left comes back as ProcessingFailed, so that the rest of the batch is delivered.
    """
    transformed: list[TransformedRecord] = []
    waiting: list[tuple[TransformedRecord, bytes]] = []
    room = limit - len('{"records": []}')
    for record_id, result, data in results:
        record: TransformedRecord = {"recordId": record_id, "result": result}
        # What any record needs, whatever becomes of it, as Lambda's runtime writes it.
        room -= len(record_id) + len('{"recordId": "", "result": "ProcessingFailed", "data": ""}, ')
        transformed.append(record)
        if result == "Ok":
            waiting.append((record, data))
    for record, data in waiting:
        encoded = b64encode_as_string(data)
        if len(encoded) <= room:
            room -= len(encoded)
            record["data"] = encoded
        else:
            record["result"] = "ProcessingFailed"
    return {"records": transformed}
