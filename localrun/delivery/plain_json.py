"""Records whose values are of their columns' types as they are, which nearly all are, read in a tenth of the time.

Nothing is decided here: what the converters would do more than pass on is Unusual, and theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa

#: A key as columns and fields are looked up.
Rename = Callable[[str], str]
#: Gives a value as its column takes it. Raises Unusual.
Take = Callable[[Any], Any]
#: The type of which a value is taken as it is, and what takes any other but null.
Field = tuple[type | None, Take]

#: What fits a double whole.
_DOUBLE_INTEGERS = 2**53


class Unusual(Exception):
    """The converters know."""


def plain_reader(
    keys: Sequence[str], types: Sequence[pa.DataType], strict: bool, rename: Rename
) -> Callable[[bytes], dict[str, Any]]:
    """What reads a record, one JSON object, as a dictionary that has the values of columns at their `keys`, and may have more.
    It raises Unusual."""
    if len(set(keys)) < len(keys):
        return _unusual
    rename = lru_cache(maxsize=4_096)(rename)  # the same keys again and again
    fields = {key: _field(kind, strict, rename) for key, kind in zip(keys, types, strict=True)}
    take = _struct(fields, rename)

    def read(data: bytes) -> dict[str, Any]:
        try:
            record: dict[str, Any] = take(orjson.loads(data))
        except orjson.JSONDecodeError as error:
            raise Unusual from error
        return record

    return read


def _unusual(_: Any) -> Any:
    raise Unusual


def _field(kind: pa.DataType, strict: bool, rename: Rename) -> Field:
    if isinstance(kind, pa.StructType):
        return None, _struct({child.name: _field(child.type, strict, rename) for child in kind}, rename)
    if isinstance(kind, pa.ListType):
        return None, _list(_field(kind.value_type, strict, rename))
    if pa.types.is_string(kind):
        return str, _unusual if strict else _text(rename)
    if pa.types.is_boolean(kind):
        return bool, _unusual
    if pa.types.is_floating(kind):
        return float, _whole
    if pa.types.is_integer(kind):
        return None, _integer(2 ** (kind.bit_width - 1))
    return None, _unusual


def _struct(fields: dict[str, Field], rename: Rename) -> Take:
    if any(rename(name) != name for name in fields):  # no key of a record has that name
        return _unusual

    def take(value: Any) -> Any:
        if type(value) is not dict:
            raise Unusual
        for key, found in value.items():
            field = fields.get(key)
            if field is None:
                if rename(key) in fields:
                    raise Unusual
            elif type(found) is not field[0] and found is not None:
                value[key] = field[1](found)  # a key that is there: the dictionary keeps its size
        return value

    return take


def _list(item: Field) -> Take:
    plain, other = item

    def take(value: Any) -> Any:
        if type(value) is not list:
            raise Unusual
        return [found if type(found) is plain or found is None else other(found) for found in value]

    return take


def _integer(beyond: int) -> Take:
    def take(value: Any) -> Any:
        if type(value) is not int or not -beyond <= value < beyond:
            raise Unusual
        return value

    return take


def _whole(value: Any) -> float:
    if type(value) is not int or abs(value) > _DOUBLE_INTEGERS:
        raise Unusual
    return float(value)


def _text(rename: Rename) -> Take:
    """What is nested, as its JSON. The converters write numbers with a fraction as they stood, which is not known here."""

    def renamed(value: Any) -> Any:
        kind = type(value)
        if kind is dict:
            return {rename(key): found if type(found) is str else renamed(found) for key, found in value.items()}
        if kind is list:
            return [renamed(found) for found in value]
        if kind is float:
            raise Unusual
        return value

    return lambda value: orjson.dumps(renamed(value)).decode()
