"""The fields that structured logs of applications commonly have, whatever their loggers call them.

The spellings are those of Elastic's ecs-logging (nested or dotted), AWS Lambda Powertools, pino and bunyan, logrus, zap,
Logback's JSON encoder and python-json-logger.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, NamedTuple

import orjson

from common.app_code import Found, Make, Read, make_of
from common.cache import Cache
from common.kinds import is_ip
from common.learned import Learned
from common.logtype import JsonObject, Malformed
from common.timestamps import from_any


class Place(NamedTuple):
    """Where a field may stand: at a key, or further down the object there."""

    key: str
    path: tuple[str, ...] = ()
    """From the object at the key on; empty for the key itself."""

    @classmethod
    def of(cls, name: str) -> tuple[Place, ...]:
        """Both places of a name, if it is one of two parts."""
        key, *path = name.split(".")
        return (cls(name), cls(key, tuple(path))) if path else (cls(name),)


#: The names of each field, the first of which counts. "a.b" is that key, or "b" in the object at "a".
_SPELLINGS = {
    "time": ("@timestamp", "timestamp", "time", "ts"),
    "level": ("level", "severity", "log.level"),
    "message": ("message", "msg"),
    "service": ("service.name", "service_name", "service"),
    "trace": ("trace.id", "trace_id", "traceId", "xray_trace_id"),
    "span": ("span.id", "span_id", "spanId"),
    "status": ("http.response.status_code", "http_status", "status_code", "statusCode", "status"),
    "latency_ms": ("latency_ms", "duration_ms", "elapsed_ms"),
    "user": ("user.name", "user_name", "username", "user"),
    "user_id": ("user.id", "user_id", "userId"),
    "source": ("source.ip", "source_ip", "client_ip", "clientIp", "remote_addr", "remote_ip", "ip"),
    "error_type": ("error.type", "error.name", "error_type", "exception_name"),
    "error_message": ("error.message", "error_message", "error"),
    "stack_trace": (
        "error.stack_trace",
        "error.stack",
        "stack_trace",
        "stacktrace",
        "stack",
        "exception",
        "exc_info",
    ),
}


#: The places of each field, the first of which that is taken counts.
_PLACES = {field: tuple(place for name in names for place in Place.of(name)) for field, names in _SPELLINGS.items()}
_KEYS = frozenset(place.key for places in _PLACES.values() for place in places)
#: Keys at which a field that tells an application log may stand.
_TELLING = tuple(frozenset(place.key for place in _PLACES[field]) for field in ("time", "level", "message"))

#: Levels of pino and bunyan.
_NUMERIC_LEVELS = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
#: Before it, the number of seconds since 1970 has nine digits or fewer.
_FIRST_BILLION = "2001-09-09"
_FAILING_LEVELS = frozenset(("error", "critical", "fatal", "alert", "emergency", "panic"))


def shape(names: Set[str]) -> bool:
    """Two of a time, a level and a message: one alone is in the logs of many others."""
    return sum(not keys.isdisjoint(names) for keys in _TELLING) >= 2


def put(values: JsonObject, event: JsonObject) -> None:
    """Puts what was read into an event that has an `event` object; its `@timestamp` is the caller's. Outcome: failure from level
    error or status 500."""
    get = values.get
    level, status, latency = get("level"), get("status"), get("latency_ms")
    failed = level in _FAILING_LEVELS or (status is not None and status >= 500)
    happened = event["event"]
    if status is not None:
        happened["category"] = ["web"]
        event["http"] = {"response": {"status_code": status}}
    happened["type"] = ["error"] if failed else ["info"]
    happened["outcome"] = "failure" if failed else "success"
    if latency is not None:
        happened["duration"] = round(latency * 1e6)
    for field, value in values.items():
        if value and field in _TARGETS:
            holder, name = _TARGETS[field]
            if holder in event:
                event[holder][name] = value
            else:
                event[holder] = {name: value}
    if message := get("message"):
        event["message"] = message


#: Where in the event what is read as it is stands.
_TARGETS = {
    "level": ("log", "level"),
    "service": ("service", "name"),
    "trace": ("trace", "id"),
    "span": ("span", "id"),
    "user": ("user", "name"),
    "user_id": ("user", "id"),
    "source": ("source", "ip"),
    "error_type": ("error", "type"),
    "error_message": ("error", "message"),
    "stack_trace": ("error", "stack_trace"),
}


class _Step(NamedTuple):
    field: str
    places: tuple[Place, ...]
    read: Callable[[Any], Any]


class _Usual(NamedTuple):
    """How to read a log in which every field stands at a key of its own, by the first of its names that is there."""

    fields: tuple[Read, ...]
    objects: tuple[str, ...]
    """Keys whose value may be an object with fields in it: then the log is another."""
    others: tuple[str, ...]
    """Keys of no field."""


class _Shape(NamedTuple):
    steps: tuple[_Step, ...]
    usual: _Usual


def shape_of(names: tuple[str, ...]) -> _Shape:
    """For a log with these names: the fields it may have, and where."""
    found = ((field, tuple(place for place in places if place.key in names)) for field, places in _PLACES.items())
    steps = tuple(_Step(field, places, _READERS[field]) for field, places in found if places)
    first = [(step, place.key) for step in steps for place in step.places if not place.path]
    fields = {step.field: Read(step.field, key, step.read) for step, key in reversed(first)}
    taken = {read.key for read in fields.values()}
    objects = dict.fromkeys(place.key for step in steps for place in step.places if place.path)
    ordered = tuple(fields[step.field] for step in steps if step.field in fields)
    return _Shape(steps, _Usual(ordered, tuple(objects), tuple(name for name in names if name not in taken)))


#: An application writes few shapes of log, over and over.
_SHAPES: Cache[tuple[str, ...], _Shape] = Cache(shape_of, 4_096)
_LEARNED: Learned[tuple[str, ...], Make] = Learned()


def read(record: JsonObject, *, strict: bool = True) -> tuple[JsonObject, JsonObject]:
    """The fields of a log, and what else it says but what is null; the record itself stays as it is. A field is the first of its
    places that can be read; what cannot be is left.

    Without its time or level the event would be found under the wrong ones: raises Malformed where what stands there cannot be
    read. If it is not `strict`, as for a log that has a time from others, such a value is left too, and so is a number too small
    for the time of a log: some call a duration `time`.
    """
    shape = _SHAPES[tuple(record)]
    values = _usual(record, shape.usual)
    if values is not None and (strict or values.get("time", _FIRST_BILLION) >= _FIRST_BILLION):
        return values, {name: value for name in shape.usual.others if (value := record[name]) is not None}
    return by_steps(record, shape.steps, strict=strict)


def fields(record: JsonObject, *, strict: bool = True) -> Found | None:
    """For a usual log of a shape that has come often: its time, and the fields of an event that `read` and `put` make of it, and
    `app` for what else it says. None for any other."""
    names = tuple(record)
    made = _LEARNED.told(names)
    make = made[0] if made else _LEARNED.of_shape(names, names, sum(map(len, names)), lambda: _code(names))
    found = make and make(record)
    if found is not None and not strict and found[0] is not None and found[0] < _FIRST_BILLION:
        return None
    return found


def _code(names: tuple[str, ...]) -> Make:
    fields, objects, others = _SHAPES[names].usual
    return make_of(names, fields, objects, others, _TARGETS, _FAILING_LEVELS)


def _usual(record: JsonObject, usual: _Usual) -> JsonObject | None:
    """The fields of a usual log; None for another, and where a value cannot be read."""
    for name in usual.objects:
        if type(record[name]) is dict:
            return None
    values: JsonObject = {}
    try:
        for field, key, reader in usual.fields:
            found = values[field] = reader(record[key])
            if found is None:
                return None
    except ValueError:
        return None
    return values


def by_steps(record: JsonObject, steps: tuple[_Step, ...], *, strict: bool) -> tuple[JsonObject, JsonObject]:
    """As `read`, and what it has to be: one place after the other."""
    values: JsonObject = {}
    taken: list[Place] = []
    for field, places, reader in steps:
        for place in places:
            key, path = place
            value = _inside(record[key], path) if path else record[key]
            if value is None:
                continue
            try:
                found = reader(value)
            except ValueError as error:
                if not strict:
                    continue
                raise Malformed(f"{'.'.join((key, *path))}: {error}") from None
            if found is None or (not strict and field == "time" and found < _FIRST_BILLION):
                continue
            values[field] = found
            taken.append(place)
            break
    return values, _rest(record, taken)


def _rest(record: JsonObject, taken: list[Place]) -> JsonObject:
    """What was not taken, without what is null."""
    left = {name: value for name, value in record.items() if value is not None}
    for key, path in taken:
        without = _without(left[key], path) if path else None
        if without:
            left[key] = without
        else:
            del left[key]
    return left


def _inside(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path from a value on; None where nothing does."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _without(holder: JsonObject, path: tuple[str, ...]) -> JsonObject:
    """A copy without what stands at `path`, nor any object that is empty without it."""
    step, *further = path
    left = holder.copy()
    inner = _without(holder[step], tuple(further)) if further else None
    if inner:
        left[step] = inner
    else:
        del left[step]
    return left


def _level(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip().lower()
    if isinstance(value, int) and value in _NUMERIC_LEVELS:
        return _NUMERIC_LEVELS[value]
    raise ValueError(f"expected the name of a level, or one of {', '.join(map(str, _NUMERIC_LEVELS))}, found {str(value)[:60]!r}")


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _identifier(value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _word(value)


def _message(value: object) -> str | None:
    """Text as it is; anything else, which some loggers allow, as JSON."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _status(value: object) -> int | None:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3 else value
    return number if isinstance(number, int) and not isinstance(number, bool) and 100 <= number <= 599 else None


def _milliseconds(value: object) -> float | None:
    """Up to a year: `event.duration` is a 64-bit count of nanoseconds."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3.2e10 else None


def _ip(value: object) -> str | None:
    return value if isinstance(value, str) and is_ip(value) else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "time": from_any,
    "level": _level,
    "message": _message,
    "service": _word,
    "trace": _word,
    "span": _word,
    "status": _status,
    "latency_ms": _milliseconds,
    "user": _word,
    "user_id": _identifier,
    "source": _ip,
    "error_type": _word,
    "error_message": _word,
    "stack_trace": _word,
}
