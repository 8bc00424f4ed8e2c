"""Values of JSON as values of a column. Null stays null in every type.

Source: Firehose developer guide, "Choose the JSON deserializer". Where it says nothing of a value that does not fit its column,
the record is refused: it is kept in the error output, and no value is guessed.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from math import isfinite
from typing import Any

import pyarrow as pa

from localrun.delivery import timestamps

_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: Enough for every digit of a value of the greatest precision, before it is rounded.
_DECIMALS = Context(prec=100)
#: Makes a JSON value, whose numbers with a fraction are Decimal, one of the column's type. Raises Mismatch.
Convert = Callable[[Any], Any]


class Mismatch(ValueError):
    """The data does not match the schema, or is not JSON; `code` and the text are Firehose's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def mismatch() -> Mismatch:
    return Mismatch("DataFormatConversion.MalformedData", "Data does not match the schema.")


def converter(kind: pa.DataType, strict: bool, parse_time: timestamps.Parser) -> Convert:
    """With `strict`, text is no number and no boolean, and what is nested is no text."""
    convert = _of_type(kind, strict, parse_time)
    return lambda value: None if value is None else convert(value)


def _of_type(kind: pa.DataType, strict: bool, parse_time: timestamps.Parser) -> Convert:
    if isinstance(kind, pa.StructType):
        return _struct([(child.name, converter(child.type, strict, parse_time)) for child in kind])
    if isinstance(kind, pa.MapType):
        return _map(converter(kind.key_type, strict, parse_time), converter(kind.item_type, strict, parse_time))
    if isinstance(kind, pa.ListType):
        return _array(converter(kind.value_type, strict, parse_time))
    if isinstance(kind, pa.Decimal128Type):
        return _decimal(kind.precision, kind.scale, strict)
    if pa.types.is_integer(kind):
        return _integer(kind.bit_width, strict)
    if pa.types.is_floating(kind):
        return _float(strict)
    if pa.types.is_timestamp(kind):
        return _timestamp(parse_time)
    if pa.types.is_boolean(kind):
        return _boolean(strict)
    if pa.types.is_date(kind):
        return _date
    if pa.types.is_binary(kind):
        return _binary
    return _string(strict)


def _struct(fields: Sequence[tuple[str, Convert]]) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise mismatch()
        return {name: convert_field(value.get(name)) for name, convert_field in fields}

    return convert


def _map(key: Convert, item: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise mismatch()
        return [(key(name), item(found)) for name, found in value.items()]

    return convert


def _array(item: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            raise mismatch()
        return [item(found) for found in value]

    return convert


def _number(value: Any, strict: bool) -> Decimal | int:
    """A number of JSON, or, unless `strict`, of a text."""
    if isinstance(value, str) and not strict and _NUMBER.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise mismatch() from error
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise mismatch()
    return value


def _integer(bits: int, strict: bool) -> Convert:
    most = 2 ** (bits - 1) - 1

    def convert(value: Any) -> int:
        found = _number(value, strict)
        # Compared first: the integer of 1e999999999 would fill the memory.
        if not -most - 1 <= found <= most or found != int(found):
            raise mismatch()
        return int(found)

    return convert


def _float(strict: bool) -> Convert:
    def convert(value: Any) -> float:
        try:
            found = float(_number(value, strict))
        except OverflowError as error:
            raise mismatch() from error
        if not isfinite(found):
            raise mismatch()
        return found

    return convert


def _decimal(precision: int, scale: int, strict: bool) -> Convert:
    """Rounded half up to the scale, as Hive does; refused where its whole part has too many digits."""
    unit, beyond = Decimal(1).scaleb(-scale), Decimal(10) ** (precision - scale)

    def convert(value: Any) -> Decimal:
        found = Decimal(_number(value, strict))
        if not -beyond < found < beyond:
            raise mismatch()
        rounded = found.quantize(unit, ROUND_HALF_UP, _DECIMALS)
        if not -beyond < rounded < beyond:
            raise mismatch()
        return rounded

    return convert


def _boolean(strict: bool) -> Convert:
    def convert(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if not strict and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise mismatch()

    return convert


def _string(strict: bool) -> Convert:
    def convert(value: Any) -> str:
        if isinstance(value, dict | list) and strict:
            raise mismatch()
        text = value if isinstance(value, str) else _text(value)
        if not text.isascii() and _SURROGATE.search(text):  # JSON can escape half a character, UTF-8 cannot hold it
            raise mismatch()
        return text

    return convert


def _text(value: Any) -> str:
    """JSON, with numbers as they were written."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_text(found)}" for key, found in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _timestamp(parse: timestamps.Parser) -> Convert:
    def convert(value: Any) -> int:
        found = parse(value)
        if found is None:
            raise mismatch()
        return found

    return convert


def _date(value: Any) -> date:
    """`yyyy-mm-dd`."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise mismatch() from error


def _binary(value: Any) -> bytes:
    """JSON has no bytes: base64, as Hive's JSON SerDe takes it."""
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise mismatch() from error
