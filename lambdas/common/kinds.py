"""Kinds of field: how the index keeps one, what a document has there, and which values of a record are of it.

A reader gives the value as a document has it, or None for a value that is not of the kind: what a reader takes, the index's
field and the lake's column take too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from common.timestamps import from_any, from_iso

_LONGEST_IP = 45  # ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255
_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_LARGEST = 2**63
_DIGITS = len(str(_LARGEST))
#: Below the largest number an index's float holds, 3.4e38.
_LARGEST_FLOAT = 3e38
_FLAGS = {"true": True, "false": False, "True": True, "False": False}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of field."""

    mapping: Mapping[str, Any]
    """The index's."""
    read: Callable[[Any], Any]
    """The value of the document; None where it is not of this kind."""
    schema: Mapping[str, Any]
    """JSON Schema of the document's value."""
    many: bool = False
    """The document has a list of them."""
    test: str = ""
    """An expression of `{0}` that is true only for values that `read` gives as they are, and cheaper than to ask it
    (common.table_code); none, if empty."""

    def renamed(self, read: Callable[[Any], Any]) -> Kind:
        """The same kind out of values that are written in another way: what `read` gives must be of the kind."""
        return replace(self, read=read, test="")


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


def _word(value: Any) -> str | None:
    if type(value) is str:
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: Any) -> int | None:
    if type(value) is str:
        if len(value) < _DIGITS and value.isdecimal() and value.isascii():
            return int(value)
        if _WHOLE.fullmatch(value) is None:
            return None
        value = int(value)
    elif type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -_LARGEST <= value < _LARGEST else None


def _number(value: Any) -> float | None:
    if type(value) is str:
        if _NUMBER.fullmatch(value) is None:
            return None
        value = float(value)
    elif type(value) is not float and type(value) is not int:
        return None
    return value if -_LARGEST_FLOAT < value < _LARGEST_FLOAT else None


def _port(value: Any) -> int | None:
    number = _whole(value)
    return number if number is not None and 0 <= number <= 65_535 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _FLAGS.get(value) if isinstance(value, str) else None


def _ip(value: Any) -> str | None:
    return value if is_ip(value) else None


def _instant(value: Any) -> str | None:
    try:
        return from_iso(value) if type(value) is str and len(value) == 24 and value[10] + value[23] == "TZ" else from_any(value)
    except (ValueError, OverflowError):
        return None


def _words(value: Any) -> list[str] | None:
    if isinstance(value, str):
        return [value] if value else None
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return value
    return None


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) and value else None


def structs(members: Mapping[str, Kind]) -> Kind:
    """A list of objects with these members, of which each may be absent."""

    def read(value: Any) -> list[dict[str, Any]] | None:
        if not isinstance(value, list) or not value:
            return None
        found = []
        for item in value:
            if not isinstance(item, dict) or not item or not item.keys() <= members.keys():
                return None
            found.append({name: members[name].read(inner) for name, inner in item.items()})
        return None if any(None in item.values() for item in found) else found

    schemas = {name: dict(kind.schema) for name, kind in members.items()}
    return Kind(
        {"properties": {name: dict(kind.mapping) for name, kind in members.items()}},
        read,
        _list_of({"type": "object", "minProperties": 1, "properties": schemas, "additionalProperties": False}),
        many=True,
    )


def _list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": item}


def _place(value: Any) -> dict[str, float] | None:
    if type(value) is not dict:
        return None
    lat, lon = value.get("lat"), value.get("lon")
    if type(lat) is not float or type(lon) is not float:
        lat, lon = _number(lat), _number(lon)
        if lat is None or lon is None:
            return None
    return {"lat": lat, "lon": lon} if abs(lat) <= 90 and abs(lon) <= 180 else None


_KEYWORD = {"type": "keyword", "ignore_above": 1024}
_IS_TEXT = "type({0}) is str and {0}"
_STRING = {"type": "string"}
_DATE = {
    "type": "string",
    "format": "date-time",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
}

#: The one form that times are written in. OpenSearch reads it in a tenth of the time that its default, a list of forms, takes.
#: Queries may have dates and date math in it; one by epoch milliseconds says so (`"format": "epoch_millis"`).
_TIME = {"type": "date", "format": "rfc3339_lenient"}

#: A word that is searched for as a whole. Numbers and flags are taken as their text.
WORD = Kind(_KEYWORD, _word, _STRING, test=_IS_TEXT)
#: A word that may be long, such as a path.
LONG_WORD = Kind({"type": "keyword", "ignore_above": 2048}, _word, _STRING, test=_IS_TEXT)
#: A word in whose parts is searched too.
PHRASE = Kind({**_KEYWORD, "fields": {"text": {"type": "text"}}}, _word, _STRING, test=_IS_TEXT)
#: A sentence for people.
SENTENCE = Kind({"type": "text", "fields": {"keyword": _KEYWORD}}, _text, _STRING, test=_IS_TEXT)
#: Text of any length, such as a stack trace.
TEXT = Kind({"type": "text"}, _text, _STRING, test=_IS_TEXT)
#: A whole number of 64 bits, or its text.
WHOLE = Kind(
    {"type": "long"},
    _whole,
    {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST - 1},
    test=f"type({{0}}) is int and {-_LARGEST} <= {{0}} < {_LARGEST}",
)
PORT = Kind(
    {"type": "long"},
    _port,
    {"type": "integer", "minimum": 0, "maximum": 65_535},
    test="type({0}) is int and 0 <= {0} <= 65_535",
)
#: Any number, or its text.
NUMBER = Kind(
    {"type": "float"},
    _number,
    {"type": "number", "exclusiveMinimum": -_LARGEST_FLOAT, "exclusiveMaximum": _LARGEST_FLOAT},
    test=f"(type({{0}}) is float or type({{0}}) is int) and {-_LARGEST_FLOAT} < {{0}} < {_LARGEST_FLOAT}",
)
FLAG = Kind({"type": "boolean"}, _flag, {"type": "boolean"}, test="type({0}) is bool")
IP = Kind(
    {"type": "ip", "ignore_malformed": True},
    _ip,
    # Many validators take a format for a comment unless they are told to check it: the pattern is what they all check.
    {"type": "string", "pattern": "^[0-9A-Fa-f.:]{2,45}$", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
)
#: A point in time: ISO 8601, or an epoch number in seconds, milli-, micro- or nanoseconds.
INSTANT = Kind(_TIME, _instant, _DATE)
#: A time everything hangs on: a document without it would be refused.
KEY_INSTANT = Kind({**_TIME, "ignore_malformed": False}, _instant, _DATE)
#: {"lat": …, "lon": …}, in degrees.
PLACE = Kind(
    {"type": "geo_point", "ignore_malformed": True},
    _place,
    {
        "type": "object",
        "properties": {
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
            "lon": {"type": "number", "minimum": -180, "maximum": 180},
        },
        "required": ["lat", "lon"],
        "additionalProperties": False,
    },
)
#: Words; one alone is taken as a list of one.
WORDS = Kind(_KEYWORD, _words, _list_of(_STRING), many=True)
#: An object of any names and types, which never reach the mapping.
OPEN = Kind({"type": "flat_object"}, _object, {"type": "object"}, test="type({0}) is dict and {0}")
