"""The contract with a transforming function. No clock, no network.

Source: Firehose developer guide, "Transform source data" and "Required parameters for data transformation".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple
from uuid import uuid4

from pybase64 import b64decode, b64encode_as_string

from localrun.delivery.failure import Failure
from localrun.delivery.record import Record
from localrun.delivery.stream import DeliveryStream

#: Of the request and of the response.
PAYLOAD_LIMIT = 6 * 2**20
#: Room for what a request has beside its records.
_ENVELOPE_BYTES = 1_024


MISSING = Failure(
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
DUPLICATED = Failure(
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record ID. "
    "Ensure that the Lambda function returns unique record IDs for each record.",
)
FAILED_STATUS = Failure("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
TOO_LARGE = Failure("Lambda.FunctionError", f"The response of the function is beyond the limit of {PAYLOAD_LIMIT} bytes")
RECORD_TOO_LARGE = Failure("Lambda.FunctionError", f"The record does not fit a request of {PAYLOAD_LIMIT} bytes")
BAD_RESPONSE = Failure("Lambda.JsonProcessingException", "The function did not return an object with a list `records`")
BAD_RECORD = Failure("Lambda.FunctionError", "A returned record needs a result of Ok, Dropped or ProcessingFailed, and base64")


class Result(NamedTuple):
    """What the function made of a record."""

    record: Record
    outcome: bytes | Failure | None
    """Data to deliver; why there is none; or None for a record the function dropped."""
    partition_keys: Any = None
    """What the function gave as `metadata.partitionKeys`."""


class Request(NamedTuple):
    """One invocation; its payload has a new invocationId each time it is sent."""

    records: list[Record]
    body: bytes

    def payload(self, stream: DeliveryStream) -> bytes:
        head: dict[str, str] = {
            "invocationId": str(uuid4()),
            "deliveryStreamArn": stream.arn,
            "region": stream.arn.split(":")[3],
        }
        if stream.source:
            head["sourceKinesisStreamArn"] = stream.source.stream_arn
        return json.dumps(head)[:-1].encode() + b',"records":[' + self.body + b"]}"

    @property
    def fits(self) -> bool:
        """False for a single record that is too large by itself."""
        return len(self.body) + _ENVELOPE_BYTES <= PAYLOAD_LIMIT


def requests(records: Sequence[Record]) -> Iterator[Request]:
    """As few requests within the payload limit as the order of the records allows."""
    batch: list[Record] = []
    bodies: list[bytes] = []
    size = _ENVELOPE_BYTES
    for record in records:
        body = _encode(record)
        if batch and size + len(body) + 1 > PAYLOAD_LIMIT:
            yield Request(batch, b",".join(bodies))
            batch, bodies, size = [], [], _ENVELOPE_BYTES
        batch.append(record)
        bodies.append(body)
        size += len(body) + 1
    if batch:
        yield Request(batch, b",".join(bodies))


def interpret(response: Any, records: Sequence[Record]) -> list[Result]:
    """Results in the order of `records`, from the function's answer (decoded JSON).

    A record that was not returned, or returned more than once, has failed; one that was never sent is ignored.
    """
    returned = response.get("records") if isinstance(response, dict) else None
    if not isinstance(returned, list):
        return [Result(record, BAD_RESPONSE) for record in records]
    by_id = {found["recordId"]: found for found in returned if isinstance(found, dict) and isinstance(found.get("recordId"), str)}
    duplicated: set[str] = set()
    if len(by_id) < len(returned):
        ids = (found.get("recordId") for found in returned if isinstance(found, dict))
        duplicated = {found for found, count in Counter(ids).items() if isinstance(found, str) and count > 1}
    results = []
    for record in records:
        found = by_id.get(record.id)
        if record.id in duplicated:
            results.append(Result(record, DUPLICATED))
        else:
            results.append(Result(record, MISSING) if found is None else Result(record, _outcome(found), _partition_keys(found)))
    return results


def _outcome(found: dict[str, Any]) -> bytes | Failure | None:
    result = found.get("result")
    if result == "Ok":
        try:
            return b64decode(found["data"], None, True)
        except (KeyError, TypeError, ValueError):
            return BAD_RECORD
    if result == "Dropped":
        return None
    return FAILED_STATUS if result == "ProcessingFailed" else BAD_RECORD


def _partition_keys(found: dict[str, Any]) -> Any:
    metadata = found.get("metadata")
    return metadata.get("partitionKeys") if isinstance(metadata, dict) else None


def _encode(record: Record) -> bytes:
    data = b64encode_as_string(record.data)
    start = f'{{"recordId":{encode_basestring_ascii(record.id)},"approximateArrivalTimestamp":{record.arrival_ms},"data":"{data}"'
    if not record.shard:
        return (start + "}").encode()
    return (
        f'{start},"kinesisRecordMetadata":{{"shardId":"{record.shard}","partitionKey":{encode_basestring_ascii(record.partition_key)},'
        f'"approximateArrivalTimestamp":{record.arrival_ms},"sequenceNumber":"{record.sequence}",'
        f'"subsequenceNumber":{record.subsequence}}}}}'
    ).encode()
