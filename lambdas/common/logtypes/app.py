"""JSON application logs: what structured loggers of any language write, whatever they call their fields.

The spellings are those of Elastic's ecs-logging (nested or dotted), AWS Lambda Powertools, pino and bunyan, logrus, zap,
Logback's JSON encoder and python-json-logger. What has no ECS field stays as it is under `app`, an object the index keeps as
flat_object: an application may log any key with any type and never meets a mapping conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from common.logtype import JsonObject, Malformed, ObjectType, Stamp, is_ip, present
from common.timestamps import from_any

Value = TypeVar("Value")


class _Spelling(NamedTuple):
    """A name a field may have; "a.b" is that key, or "b" in the object at "a"."""

    name: str
    path: tuple[str, ...]


def _spellings(*names: str) -> tuple[_Spelling, ...]:
    """The names of one field, the first found of which counts."""
    return tuple(_Spelling(name, tuple(name.split("."))) for name in names)


_TIME = _spellings("@timestamp", "timestamp", "time", "ts")
_LEVEL = _spellings("level", "severity", "log.level")
_MESSAGE = _spellings("message", "msg")
_SERVICE = _spellings("service.name", "service_name", "service")
_TRACE = _spellings("trace.id", "trace_id", "traceId", "xray_trace_id")
_SPAN = _spellings("span.id", "span_id", "spanId")
_STATUS = _spellings("http.response.status_code", "http_status", "status_code", "statusCode", "status")
_LATENCY_MS = _spellings("latency_ms", "duration_ms", "elapsed_ms")
_USER = _spellings("user.name", "user_name", "username", "user")
_USER_ID = _spellings("user.id", "user_id", "userId")
_SOURCE = _spellings("source.ip", "source_ip", "client_ip", "clientIp", "remote_addr", "remote_ip", "ip")
_ERROR_TYPE = _spellings("error.type", "error.name", "error_type", "exception_name")
_ERROR_MESSAGE = _spellings("error.message", "error_message", "error")
_STACK_TRACE = _spellings("error.stack_trace", "error.stack", "stack_trace", "stacktrace", "stack", "exception", "exc_info")

_TELLING = (_TIME, _LEVEL, _MESSAGE)

#: Levels of pino and bunyan.
_NUMERIC_LEVELS = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
_FAILING_LEVELS = frozenset(("error", "critical", "fatal", "alert", "emergency", "panic"))


def recognise(record: JsonObject) -> bool:
    """Two of a time, a level and a message: one alone is in the logs of many others."""
    return sum(any(spelling.name in record or spelling.path[0] in record for spelling in field) for field in _TELLING) >= 2


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the stamp's where the log tells no time. Outcome: failure from level error or status 500."""
    rest: JsonObject = _own(record)
    time = _required(rest, _TIME, from_any)
    level = _required(rest, _LEVEL, _level)
    status = _take(rest, _STATUS, _status)
    latency = _take(rest, _LATENCY_MS, _milliseconds)
    error = present(
        type=_take(rest, _ERROR_TYPE, _word),
        message=_take(rest, _ERROR_MESSAGE, _word),
        stack_trace=_take(rest, _STACK_TRACE, _word),
    )
    failed = level in _FAILING_LEVELS or (status is not None and status >= 500)
    document = {
        "@timestamp": time or stamp.time,
        "event": present(
            kind="event",
            category=["web"] if status else None,
            type=["error"] if failed else ["info"],
            outcome="failure" if failed else "success",
            duration=round(latency * 1e6) if latency is not None else None,
        ),
        "log": present(level=level),
        "message": _take(rest, _MESSAGE, _message),
        "service": present(name=_take(rest, _SERVICE, _word)),
        "trace": present(id=_take(rest, _TRACE, _word)),
        "span": present(id=_take(rest, _SPAN, _word)),
        "http": present(response=present(status_code=status)),
        "user": present(name=_take(rest, _USER, _word), id=_take(rest, _USER_ID, _identifier)),
        "source": present(ip=_take(rest, _SOURCE, _ip)),
        "error": error,
        "app": {name: value for name, value in rest.items() if value is not None},
    }
    return present(**document)


def _take(rest: JsonObject, spellings: tuple[_Spelling, ...], read: Callable[[Any], Value | None]) -> Value | None:
    """The first of the fields that can be read, taken out of `rest`; what cannot be read stays there."""
    for holders, keys in _places(rest, spellings):
        value = read(holders[-1][keys[-1]])
        if value is not None:
            _remove(holders, keys)
            return value
    return None


def _required(rest: JsonObject, spellings: tuple[_Spelling, ...], read: Callable[[Any], Value]) -> Value | None:
    """As _take, for a field without which the event would be found under the wrong time or level."""
    for holders, keys in _places(rest, spellings):
        found = holders[-1][keys[-1]]
        if found is not None:
            try:
                value = read(found)
            except ValueError as error:
                raise Malformed(f"{'.'.join(keys)}: {error}") from None
            _remove(holders, keys)
            return value
    return None


def _places(rest: JsonObject, spellings: tuple[_Spelling, ...]) -> Iterator[tuple[list[JsonObject], Sequence[str]]]:
    """Where the field stands, as the objects on the way to it and the key in each."""
    for name, path in spellings:
        if name in rest:
            yield [rest], [name]
        if len(path) > 1 and path[0] in rest:
            holders: list[Any] = [rest]
            for key in path[:-1]:
                holders.append(holders[-1].get(key) if isinstance(holders[-1], dict) else None)
            if isinstance(holders[-1], dict) and path[-1] in holders[-1]:
                yield holders, path


def _remove(holders: list[JsonObject], keys: Sequence[str]) -> None:
    """Takes the last key out, and every object that is empty without it."""
    for holder, key in zip(reversed(holders), reversed(keys), strict=True):
        del holder[key]
        if holder:
            return


def _own(value: Any) -> Any:
    """A copy whose objects can be taken apart."""
    return {name: _own(content) for name, content in value.items()} if isinstance(value, dict) else value


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


LOG_TYPE = ObjectType(name="app", dataset="app", recognise=recognise, parse=parse, generic=True)
