"""What a log type is, and what its parser may use.

A type is one file in `logtypes/` that ends in `LOG_TYPE = LineType(...)` or `LOG_TYPE = ObjectType(...)`; nothing else
has to name it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple

from common.timestamps import from_iso

#: A parsed JSON object. Its values are whatever a producer sent.
JsonObject = dict[str, Any]

#: Regular expressions of numbers that are JSON's too. A number fits the index's 64-bit integers.
NUMBER = "0|[1-9][0-9]{0,17}"
PORT = "0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"

_LONGEST_IP = 45  # ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255


class Malformed(ValueError):
    """The record is of this type and one of its fields is not what the type documents. The text begins with the field."""


class Stamp(NamedTuple):
    """What the pipeline knows of an event beside its content."""

    id: str
    """`event.id`, unless the content has an id of its own."""
    ingested: str
    """Arrival on `raw`, ISO 8601."""
    tenant: str
    time: str
    """`@timestamp` of content that tells none, ISO 8601."""


@dataclass(frozen=True, slots=True)
class LineType:
    """A log type whose record is one line of text."""

    name: str
    """What an envelope's `type` says."""
    dataset: str
    """`event.dataset`; names the index family."""
    recognise: Callable[[str], object]
    """Truthy for a line of this shape, truncated ones included where the beginning tells them. Cheap: every line asks."""
    parse: Callable[[str, Stamp], JsonObject | bytes]
    """The event of a line without surrounding white space. Raises Malformed.

    Either an object with ECS fields, which is completed with the stamp, or, for a type where speed counts, the finished
    JSON with everything in it (`Stamp.id`, `ingested` and `tenant` need no escaping).
    """


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A log type whose record is a JSON object."""

    name: str
    dataset: str
    recognise: Callable[[JsonObject], object]
    """Truthy for an object of this shape."""
    parse: Callable[[JsonObject, Stamp], JsonObject | bytes]
    """As a LineType's. `event.id`, where the object has an id of its own, is the event's id. May keep parts of its argument
    but must not change it."""
    detail_types: tuple[str, ...] = ()
    """EventBridge `detail-type`s whose `detail` is of this type."""
    generic: bool = False
    """Its shape is loose: it is asked after every other type, and its fields may stand in the envelope itself."""


LogType = LineType | ObjectType


@lru_cache(maxsize=16_384)
def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a zone belongs to one machine, and the index knows none


def is_ip(value: object) -> bool:
    """Whether `value` is the text of an IPv4 or IPv6 address the index accepts."""
    return isinstance(value, str) and len(value) <= _LONGEST_IP and _is_ip(value)


def text(record: Mapping[str, Any], key: str) -> str | None:
    """The text at `key`; None where it is absent, null or empty. Raises Malformed for anything but text."""
    value = record.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Malformed(f"{key}: expected text, found {type(value).__name__}")
    return value


def required(record: Mapping[str, Any], key: str) -> str:
    """The text at `key`. Raises Malformed where there is none."""
    value = text(record, key)
    if value is None:
        raise Malformed(f"{key}: missing")
    return value


def member(record: Mapping[str, Any], key: str) -> JsonObject:
    """The object at `key`; an empty one where it is absent or null. Raises Malformed for anything but an object."""
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{key}: expected an object, found {type(value).__name__}")
    return value


def moment(name: str, value: str) -> str:
    """ISO 8601 `value` of field `name` as the pipeline writes it. Raises Malformed where it is no point in time."""
    try:
        return from_iso(value)
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None


def present(**fields: Any) -> JsonObject:
    """The fields that have a value, 0 and False included: one that is None, "", {} or [] would only cost bytes."""
    return {name: value for name, value in fields.items() if value or value == 0}
