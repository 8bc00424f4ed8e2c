"""What a log type is, and what its parser may use.

A type is one file in `logtypes/` that ends in `LOG_TYPE = LineType(...)` or `LOG_TYPE = ObjectType(...)`; nothing else
has to name it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from common.kinds import Kind
from common.timestamps import from_iso

#: A parsed JSON object. Its values are whatever a producer sent.
JsonObject = dict[str, Any]

#: Regular expressions of numbers that are JSON's too. A number fits the index's 64-bit integers.
NUMBER = "0|[1-9][0-9]{0,17}"
PORT = "0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"


def always(_: object) -> bool:
    """For a type that its keys alone tell."""
    return True


class Malformed(ValueError):
    """The record is of this type and one of its fields is not what the type documents. The text begins with the field."""


class Stamp:
    """What the pipeline knows of an event beside its content."""

    __slots__ = ("ingested", "json", "tenant", "time")

    def __init__(self, ingested: str, tenant: str, time: str) -> None:
        """Arrival on `raw`, and `@timestamp` of content that tells none: both ISO 8601."""
        self.ingested, self.tenant, self.time = ingested, tenant, time
        self.json = f',"ingested":"{ingested}"}},"tenant":"{tenant}"'
        """The end of `event`, and the tenant, as a quick parser writes them behind its own fields of `event`."""


QuickLine = Callable[[str, str, Stamp], bytes | None]
QuickObject = Callable[[bytes], JsonObject | None]
Unpack = Callable[[JsonObject], list[Any]]


@dataclass(frozen=True, slots=True)
class LineType:
    """A log type whose record is one line of text."""

    name: str
    """What an envelope's `type` says."""
    dataset: str
    """`event.dataset`; names the index family."""
    title: str
    """What people call it: "Application Load Balancer access log"."""
    page: str
    """Where its fields are documented."""
    arrival: str
    """How it comes to `raw`, in a sentence."""
    recognise: Callable[[str], object]
    """Truthy for a line of this shape, truncated ones included where the beginning tells them. No two types recognise one."""
    parse: Callable[[str, Stamp], JsonObject]
    """The event of a line without surrounding white space: an object with ECS fields, to which the frame adds what it knows.
    Raises Malformed."""
    own: Mapping[str, Kind]
    """The event's fields that are not in common.ecs, by dotted name."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Which field of the record becomes which of the event, where a table says so."""
    begins: str = ""
    """The characters a line of this type may begin with; any, if empty. Only these ask."""
    parse_match: Callable[[Any, Stamp], JsonObject] | None = None
    """For a type whose `recognise` finds all there is in a line: the event that `parse` makes, of what it gave."""
    quick: QuickLine | None = None
    """For a type where speed counts: the finished JSON of a usual line, of what `event.id` is, and of the stamp. None where
    the line is none of this type or an unusual one; otherwise the same event that `parse` makes."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A log type whose record is a JSON object."""

    name: str
    dataset: str
    title: str
    page: str
    arrival: str
    recognise: Callable[[JsonObject], object]
    """Truthy for an object of this shape. No two types recognise one."""
    parse: Callable[[JsonObject, Stamp], JsonObject]
    """As a LineType's. `event.id`, where the object has an id of its own, is the event's id. May keep parts of its argument
    but must not change it."""
    own: Mapping[str, Kind]
    fields: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    """What every object of this type has. Only objects with all of these are asked."""
    shape: Callable[[Set[str]], object] = always
    """Truthy for the keys that objects of this type may have, where it is not as simple. What it says is remembered."""
    lists: tuple[str, ...] = ()
    """Keys at which an object may hold a list of this type's objects, each of which is an event."""
    unpack: Unpack | None = None
    """For a type whose list holds its records further in: those of an object that has the list, each with what stands around it
    and is said of it too. Raises Malformed where there is none."""
    detail_types: tuple[str, ...] = ()
    """EventBridge `detail-type`s whose `detail` is of this type."""
    whole_event: bool = False
    """The record is all of an EventBridge event, and not its `detail` alone."""
    generic: bool = False
    """Its shape is loose: it is asked after every other type, and its fields may stand in the envelope itself."""
    quick: QuickObject | None = None
    """For a type where speed counts: the event that `parse` makes, of the bytes of a usual object, which holds no other types'
    fields. Parts other than `event` may be shared, or an orjson.Fragment. None where the bytes are none of this type, or unusual
    ones."""
    openings: tuple[bytes, ...] = ()
    """What the bytes of an object for `quick` begin with, nine or more of them: as the service writes it, and with its keys
    sorted."""


LogType = LineType | ObjectType


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
