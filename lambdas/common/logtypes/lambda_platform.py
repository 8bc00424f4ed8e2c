"""What the Lambda platform says of a function in JSON: the events of the Telemetry API, and of logs in JSON format.

Fields: Lambda developer guide, "Lambda Telemetry API Event schema reference"
(https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html). The Telemetry API has what functions and
extensions log in the same objects: a text is the message, and of an object only the names of "Configuring JSON and plain text log
formats".
"""

from __future__ import annotations

from typing import Any

from common.cache import remembered
from common.kinds import NUMBER, WHOLE, WORD
from common.logtype import JsonObject, ObjectType, Stamp
from common.table import Table

_REST = "aws.lambda.other"
_LOGS = ("function", "extension")
_NANOSECONDS = 1_000_000
#: A year in milliseconds. In nanoseconds, much more would not fit the 64 bits of event.duration.
_LONGEST = 3.2e10
#: event.type by what an event's name ends with; any other only informs.
_TYPES = {"start": "start", "runtimedone": "end"}
_OUTCOMES = {"success": "success", "failure": "failure", "error": "failure", "timeout": "failure"}


def recognise(record: JsonObject) -> bool:
    kind = record["type"]
    return isinstance(kind, str) and (kind.startswith("platform.") or (kind in _LOGS and len(record) == 3))


def _duration(value: Any) -> int | None:
    """Milliseconds as nanoseconds."""
    milliseconds = NUMBER.read(value)
    return round(milliseconds * _NANOSECONDS) if milliseconds is not None and 0 <= milliseconds < _LONGEST else None


def _root(rest: JsonObject) -> str | None:
    """The trace's id, from a tracing header such as "Root=1-62e9…;Parent=0efb…;Sampled=1"."""
    record = rest.get("record")
    tracing = record.get("tracing") if isinstance(record, dict) else None
    header = tracing.get("value") if isinstance(tracing, dict) else None
    if not isinstance(header, str):
        return None
    return next((part[5:] for part in header.split(";") if part.startswith("Root=")), None)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    what = event["event"]
    logged = rest.get("record")
    if isinstance(logged, str) and logged.strip():
        event["message"] = rest.pop("record").rstrip("\n")
    if root := _root(rest):
        event["trace"] = {"id": root}
    what["type"] = [_type(what.get("action", ""))]
    status = event.get("aws", {}).get("lambda", {}).get("status")
    if status is not None:
        what["outcome"] = outcome_of(status)


@remembered(256)
def _type(name: str) -> str:
    return next((kind for ending, kind in _TYPES.items() if name.lower().endswith(ending)), "info")


def outcome_of(status: str) -> str:
    """`event.outcome` of how a function's call or start ended."""
    return _OUTCOMES.get(status, "unknown")


#: Of what code logs, whose objects may have any names: only those of Lambda's own JSON format mean what they mean there.
_LOGGED = Table(
    {
        "time": "@timestamp",
        "type": "event.action",
        "record.message": "message",
        "record.level": "log.level",
        "record.requestId": "faas.execution",
        "record.errorType": "error.type",
        "record.errorMessage": "error.message",
    },
    rest=_REST,
    complete=_complete,
)
TABLE = Table(
    {
        "time": "@timestamp",
        "type": "event.action",
        "record.requestId": "faas.execution",
        "record.functionName": "faas.name",
        "record.functionVersion": "aws.lambda.version",
        "record.version": "aws.lambda.version",
        "record.status": "aws.lambda.status",
        "record.errorType": "error.type",
        "record.tracing.spanId": "span.id",
        "record.initializationType": "aws.lambda.initialization_type",
        "record.phase": "aws.lambda.phase",
        "record.runtimeVersion": "aws.lambda.runtime_version",
        "record.name": "aws.lambda.extension",
        "record.metrics.durationMs": "event.duration",
        "record.metrics.billedDurationMs": "aws.lambda.billed_duration_ms",
        "record.metrics.initDurationMs": "aws.lambda.init_duration_ms",
        "record.metrics.restoreDurationMs": "aws.lambda.restore_duration_ms",
        "record.metrics.memorySizeMB": "aws.lambda.memory_size_mb",
        "record.metrics.maxMemoryUsedMB": "aws.lambda.max_memory_used_mb",
        "record.metrics.producedBytes": "aws.lambda.produced_bytes",
        "record.droppedRecords": "aws.lambda.dropped_records",
        "record.droppedBytes": "aws.lambda.dropped_bytes",
        "record.reason": "event.reason",
    },
    own={
        "aws.lambda.version": WORD,
        "aws.lambda.status": WORD,
        "aws.lambda.initialization_type": WORD,
        "aws.lambda.phase": WORD,
        "aws.lambda.runtime_version": WORD,
        "aws.lambda.extension": WORD,
        "aws.lambda.billed_duration_ms": NUMBER,
        "aws.lambda.init_duration_ms": NUMBER,
        "aws.lambda.restore_duration_ms": NUMBER,
        "aws.lambda.memory_size_mb": WHOLE,
        "aws.lambda.max_memory_used_mb": WHOLE,
        "aws.lambda.produced_bytes": WHOLE,
        "aws.lambda.dropped_records": WHOLE,
        "aws.lambda.dropped_bytes": WHOLE,
    },
    rest=_REST,
    read={"record.metrics.durationMs": _duration},
    complete=_complete,
)


def _parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    return (_LOGGED if record.get("type") in _LOGS else TABLE).event(record, stamp)


LOG_TYPE = ObjectType(
    name="lambda_platform",
    dataset="aws.lambda",
    title="Lambda platform event",
    page="https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html",
    arrival="A subscription of the function's log group, or an extension that reads the Telemetry API.",
    recognise=recognise,
    parse=_parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("time", "type", "record"),
)
