"""OpenTelemetry log records: OTLP/JSON exports, bare OTLP/JSON, and the flat form with names in snake_case.

Fields: OpenTelemetry specification, "Logs Data Model" (https://opentelemetry.io/docs/specs/otel/logs/data-model/), and OTLP's
"JSON Protobuf Encoding"; of an export, opentelemetry-proto, logs/v1/logs.proto. CloudWatch Logs keeps the records it takes over
OTLP in the flat form with OTLP's own names, and Python's console exporter writes that with names in snake_case; attributes may be
lists of key and value, or objects.

An export (`resourceLogs`) holds as many records as the exporter's batch has: each becomes an event of its own, with the resource
and the scope it stands under.
"""

from __future__ import annotations

from typing import Any

import orjson

from common.cache import Cache
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
    """OTLP's time of a record, or a severity in snake_case beside what only OpenTelemetry puts there."""
    if "timeUnixNano" in record or "observedTimeUnixNano" in record:
        return "body" in record or "severityNumber" in record
    return "body" in record and "severity_text" in record and not _BESIDE.isdisjoint(record)


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the record's time, or else when it was observed. A record that was observed later has `event.created`."""
    found = _renamed(record)
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
    """By the table's names."""
    return dict(zip(_RENAMED[tuple(record)], record.values(), strict=True))


def _names(written: tuple[str, ...]) -> tuple[str, ...]:
    """Of two spellings of one field the first counts, and the other stays as it is."""
    found: dict[str, None] = {}
    for name in written:
        known = _NAMES.get(name, name)
        kept = name if known in found else known
        while kept in found:  # it has the table's own name for a spelling before it
            kept += "_"
        found[kept] = None
    return tuple(found)


_RENAMED: Cache[tuple[str, ...], tuple[str, ...]] = Cache(_names, 4_096)


def unpack(export: JsonObject) -> list[Any]:
    """Every record of an export in the flat form, with the resource and the scope it stands under. Raises Malformed where there
    is none, or where one might be overlooked."""
    records: list[Any] = []
    for resource_logs in _entries(export, "resourceLogs"):
        resource = _around(resource_logs, "resource", "scopeLogs")
        for scope_logs in _entries(resource_logs, "scopeLogs"):
            around = resource | _around(scope_logs, "scope", "logRecords")
            inside = _list(scope_logs, "logRecords")
            records += [{**record, **around} if isinstance(record, dict) else record for record in inside]
    if not records:
        raise Malformed("resourceLogs: an export without a log record")
    return records


def _entries(holder: JsonObject, name: str) -> list[JsonObject]:
    entries = _list(holder, name)
    for entry in entries:
        if not isinstance(entry, dict):
            raise Malformed(f"{name}: expected a list of objects, found {type(entry).__name__} in it")
    return entries


def _list(holder: JsonObject, name: str) -> list[Any]:
    """The list at `name`; an empty one where it is absent or null, as OTLP/JSON may leave it out."""
    entries = holder.get(name)
    if entries is not None and not isinstance(entries, list):
        raise Malformed(f"{name}: expected a list, found {type(entries).__name__}")
    return entries or []


def _around(entry: JsonObject, beside: str, inside: str) -> JsonObject:
    """What an entry says of all records in it: its resource or scope (`beside`), the schema of that, and what later versions of
    OTLP add. Raises Malformed where there is such an addition and no record: before OTLP 1.0 lists had other names."""
    around = {f"{beside}_schema" if name == "schemaUrl" else name: value for name, value in entry.items() if value}
    if around.pop(inside, None) is None and (unknown := around.keys() - {beside, f"{beside}_schema"}):
        raise Malformed(f"{inside}: no entries, but {min(unknown)[:40]!r}, which OTLP does not know")
    return around


def _attributes(attributes: Any) -> Any:
    """As an object, whichever way they are written."""
    if not isinstance(attributes, list):
        return attributes
    found: JsonObject = {}
    for entry in attributes:
        key = entry.get("key") if isinstance(entry, dict) else None
        if not isinstance(key, str) or key in found:
            return attributes
        found[key] = _value(entry.get("value"))
    return found


def _value(value: Any) -> Any:
    """What an AnyValue holds; a value that is none is itself. OTLP/JSON writes 64-bit numbers as text."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    if kind in _KINDS:
        number = WHOLE.read(inner) if kind == "intValue" and isinstance(inner, str) else None
        return inner if number is None else number
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
        if not isinstance(attributes, dict) or names.keys().isdisjoint(attributes):
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
    read={"level": level_of},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="otel",
    dataset="otel",
    title="OpenTelemetry log record",
    page="https://opentelemetry.io/docs/specs/otel/logs/data-model/",
    arrival="An OpenTelemetry collector or SDK exports OTLP/JSON, of one record or many, or sends each record as a JSON object; "
    "CloudWatch Logs' OTLP endpoint keeps them so.",
    recognise=recognise,
    shape=lambda names: "body" in names or "severityNumber" in names,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    lists=("resourceLogs",),
    unpack=unpack,
)
