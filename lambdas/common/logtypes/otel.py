"""OpenTelemetry log records: bare OTLP/JSON, an OTLP export of one record, and the flat form with names in snake_case.

Fields: OpenTelemetry specification, "Logs Data Model" (https://opentelemetry.io/docs/specs/otel/logs/data-model/), and OTLP's
"JSON Protobuf Encoding". CloudWatch Logs keeps the records it takes over OTLP in the flat form with OTLP's own names, and
Python's console exporter writes that with names in snake_case; attributes may be lists of key and value, or objects.

An export (`resourceLogs`) of several records is refused: each record needs the resource it stands under, so the exporter's batch
must be of one, or the records flat.
"""

from __future__ import annotations

from typing import Any

import orjson

from common.kinds import WHOLE
from common.levels import judge, level_of
from common.logtype import JsonObject, Malformed, ObjectType, Stamp
from common.table import Table

#: OTLP's names of a record's fields, and those in snake_case, by what the table calls them.
_NAMES = {
    **{"timeUnixNano": "time", "timestamp": "time", "time_unix_nano": "time"},
    **{"observedTimeUnixNano": "observed", "observed_timestamp": "observed", "observed_time_unix_nano": "observed"},
    **{"severityNumber": "number", "severity_number": "number", "severityText": "level", "severity_text": "level"},
    **{"traceId": "trace", "trace_id": "trace", "spanId": "span", "span_id": "span"},
    **{"eventName": "name", "event_name": "name"},
}
#: Names of severity numbers 1 to 24, four of each.
_SEVERITIES = ("trace", "debug", "info", "warn", "error", "fatal")
#: One of these stands beside a severity and a body in snake_case.
_BESIDE = frozenset(("resource", "attributes", "trace_id"))
_KINDS = ("stringValue", "boolValue", "intValue", "doubleValue", "bytesValue")


def recognise(record: JsonObject) -> bool:
    """An export, OTLP's time of a record, or a severity in snake_case beside what only OpenTelemetry puts there."""
    if isinstance(record.get("resourceLogs"), list):
        return True
    if "timeUnixNano" in record or "observedTimeUnixNano" in record:
        return "body" in record or "severityNumber" in record
    return "body" in record and "severity_text" in record and not _BESIDE.isdisjoint(record)


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the record's time, or else when it was observed. A record that was observed later has `event.created`."""
    found = _renamed(_only(record) if "resourceLogs" in record else record)
    for name in ("time", "observed"):
        if found.get(name) in (0, "0"):
            del found[name]  # 0 stands for a time nobody knows
    if found.get("time") is None and "observed" in found:
        found["time"] = found.pop("observed")
    for name in ("trace", "span"):
        if isinstance(found.get(name), str):
            found[name] = found[name].removeprefix("0x").strip("0") and found[name].removeprefix("0x")
    if "body" in found:
        body = _value(found.pop("body"))
        found["body"] = body if isinstance(body, str) or body is None else orjson.dumps(body).decode()
    found["attributes"] = _attributes(found.get("attributes"))
    for name in ("resource", "scope"):
        holder = found.get(name)
        if isinstance(holder, dict) and "attributes" in holder:
            found[name] = {**holder, "attributes": _attributes(holder.get("attributes"))}
    return TABLE.event(_dotted(found), stamp)


def _renamed(record: JsonObject) -> JsonObject:
    """By the table's names; of two spellings of one field the first counts, and the other stays as it is."""
    found: JsonObject = {}
    for name, value in record.items():
        known = _NAMES.get(name, name)
        found[name if known in found else known] = value
    return found


def _only(export: JsonObject) -> JsonObject:
    """The one record of an export, with its resource and scope. Raises Malformed for more, or for none."""
    found: JsonObject = {}
    inner = export
    for name, beside in (("resourceLogs", "resource"), ("scopeLogs", "scope"), ("logRecords", None)):
        entries = inner.get(name)
        if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
            count = len(entries) if isinstance(entries, list) else "no"
            raise Malformed(f"{name}: {count} entries, but an export is taken of one record alone: set the batch size to 1")
        inner = entries[0]
        if beside and inner.get(beside):
            found[beside] = inner[beside]
        if beside and inner.get("schemaUrl"):
            found[f"{beside}_schema"] = inner["schemaUrl"]
    return {**inner, **found}


def _attributes(attributes: Any) -> Any:
    """As an object, whichever way they are written."""
    if not isinstance(attributes, list):
        return attributes
    named = [entry for entry in attributes if isinstance(entry, dict) and isinstance(entry.get("key"), str)]
    if len(named) != len(attributes) or len({entry["key"] for entry in named}) != len(named):
        return attributes
    return {entry["key"]: _value(entry.get("value")) for entry in named}


def _value(value: Any) -> Any:
    """What an AnyValue holds; a value that is none is itself. OTLP/JSON writes 64-bit numbers as text."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    if kind == "intValue" and isinstance(inner, str):
        return WHOLE.read(inner) if WHOLE.read(inner) is not None else inner
    if kind in _KINDS:
        return inner
    if kind == "arrayValue" and isinstance(inner, dict) and isinstance(inner.get("values"), list):
        return [_value(entry) for entry in inner["values"]]
    if kind == "kvlistValue" and isinstance(inner, dict):
        return _attributes(inner.get("values"))
    return value


def _dotted(record: JsonObject) -> JsonObject:
    """Attributes that have a field, at a name of their own: theirs have dots, which the table would take for objects."""
    for holder, names in _PLACED.items():
        inside = record.get(holder)
        attributes = inside if holder == "attributes" else inside.get("attributes") if isinstance(inside, dict) else None
        if not isinstance(attributes, dict):
            continue
        kept = dict(attributes)
        for attribute, name in names.items():
            if attribute in kept and name not in record:
                record[name] = kept.pop(attribute)
        if holder == "attributes":
            record[holder] = kept
        else:
            record[holder]["attributes"] = kept
    return record


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """The level is the severity's text, or else the name of its number."""
    number = event["event"].get("severity")
    if number is not None and 1 <= number <= 24 and "level" not in event.get("log", {}):
        event.setdefault("log", {})["level"] = _SEVERITIES[(number - 1) // 4]
    judge(event)
    for name in ("resource", "scope"):
        holder = rest.get(name)
        if isinstance(holder, dict) and not any(holder.values()):
            del rest[name]


#: Attributes of the semantic conventions that have a field, and the table's names for them.
_PLACED = {
    "attributes": {
        "exception.type": "exception_type",
        "exception.message": "exception_message",
        "exception.stacktrace": "exception_stacktrace",
        "code.function.name": "function",
    },
    "resource": {
        "service.name": "service",
        "service.version": "service_version",
        "deployment.environment.name": "environment",
        "host.name": "host",
    },
}
TABLE = Table(
    {
        "time": "@timestamp",
        "observed": "event.created",
        "number": "event.severity",
        "level": "log.level",
        "body": "message",
        "trace": "trace.id",
        "span": "span.id",
        "name": "event.action",
        "scope.name": "log.logger",
        "service": "service.name",
        "service_version": "service.version",
        "environment": "service.environment",
        "host": "host.name",
        "function": "log.origin.function",
        "exception_type": "error.type",
        "exception_message": "error.message",
        "exception_stacktrace": "error.stack_trace",
    },
    rest="otel.other",
    constants={"event.kind": "event"},
    read={"level": level_of},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="otel",
    dataset="otel",
    title="OpenTelemetry log record",
    page="https://opentelemetry.io/docs/specs/otel/logs/data-model/",
    arrival="An OpenTelemetry collector or SDK, or CloudWatch Logs' OTLP endpoint, sends each record as a JSON object.",
    recognise=recognise,
    shape=lambda names: "resourceLogs" in names or "body" in names or "severityNumber" in names,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
)
