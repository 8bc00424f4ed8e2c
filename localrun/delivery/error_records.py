"""Lines of the error output, one JSON object each."""

from __future__ import annotations

import json
from base64 import b64encode

from localrun.delivery.conversion import GlueTable
from localrun.delivery.record import Record


def processing_failure(record: Record, *, code: str, message: str, attempts: int, now: float, function_arn: str) -> bytes:
    """A record that could not be transformed (Firehose developer guide, "Handle failure in data transformation")."""
    return _line(
        {
            "attemptsMade": attempts,
            "arrivalTimestamp": record.arrival_ms,
            "errorCode": code,
            "errorMessage": message,
            "attemptEndingTimestamp": int(now * 1000),
            "rawData": b64encode(record.raw).decode(),
            "lambdaArn": function_arn,
        }
    )


def record_failure(record: Record, data: bytes, *, code: str, message: str, now: float) -> bytes:
    """A record that cannot be opened, taken apart or put in a partition (Firehose developer guide, "Troubleshoot dynamic
    partitioning errors" and "Troubleshoot decompression in Firehose")."""
    return _line(
        {
            "attemptsMade": 1,
            "arrivalTimestamp": record.arrival_ms,
            "errorCode": code,
            "errorMessage": message,
            "attemptEndingTimestamp": int(now * 1000),
            "rawData": b64encode(_raw(record, data)).decode(),
        }
    )


def document_failure(
    document: bytes, *, arrival_ms: int, code: str, message: str, attempts: int, now: float, document_id: str | None, index: str
) -> bytes:
    """A document that could not be indexed (Firehose developer guide, "Handle data delivery failures")."""
    return _line(
        {
            "attemptsMade": attempts,
            "arrivalTimestamp": arrival_ms,
            "errorCode": code,
            "errorMessage": message,
            "attemptEndingTimestamp": int(now * 1000),
            "esDocumentId": document_id,
            "esIndexName": index,
            "esTypeName": "",
            "rawData": b64encode(document).decode(),
        }
    )


def conversion_failure(record: Record, data: bytes, *, code: str, message: str, now: float, table: GlueTable) -> bytes:
    """A record that does not fit the table (Firehose developer guide, "Handle errors for data format conversion")."""
    return _line(
        {
            "attemptsMade": 1,
            "arrivalTimestamp": record.arrival_ms,
            "ErrorCode": code,
            "ErrorMessage": message,
            "attemptEndingTimestamp": int(now * 1000),
            "rawData": b64encode(_raw(record, data)).decode(),
            "sequenceNumber": record.sequence or None,
            "subSequenceNumber": record.subsequence if record.sequence else None,
            "dataCatalogTable": {
                "catalogId": table.catalog_id,
                "databaseName": table.database,
                "tableName": table.table,
                "region": table.region,
                "versionId": "LATEST",
                "catalogArn": None,
            },
        }
    )


def _raw(record: Record, data: bytes) -> bytes:
    """The data that failed, or, after a decompression, the record as it was sent (Firehose developer guide, "Troubleshoot
    decompression in Firehose")."""
    return data if record.sent is None else record.sent


def _line(record: dict[str, object]) -> bytes:
    return json.dumps(record).encode() + b"\n"
