"""JSON records as rows of a table: Firehose's two deserializers.

Source: Firehose developer guide, "Choose the JSON deserializer"; API reference, OpenXJsonSerDe and HiveJsonSerDe. Where these say
nothing of a value that does not fit its column, the record is refused: it is kept in the error output, and no value is guessed.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from math import isfinite
from typing import Any, Protocol

import pyarrow as pa

from localrun.delivery import timestamps

_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: Enough for every digit of a value of the greatest precision, before it is rounded.
_DECIMALS = Context(prec=100)
#: Makes a JSON value one of the column's type. Raises Mismatch.
Convert = Callable[[Any], Any]


class Mismatch(ValueError):
    """The data does not match the schema, or is not JSON; `code` and the text are Firehose's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _mismatch() -> Mismatch:
    return Mismatch("DataFormatConversion.MalformedData", "Data does not match the schema.")


class Deserializer(Protocol):
    """How the records of a delivery stream are read."""

    def key(self, column: str) -> str:
        """The JSON key whose value a column has."""
        ...

    def rename(self, key: str) -> str:
        """A key of the record, at any depth, as columns and fields are looked up."""
        ...

    def timestamp(self) -> timestamps.Parser: ...

    @property
    def strict(self) -> bool:
        """Text is no number and no boolean, and what is nested is no text."""
        ...


@dataclass(frozen=True, slots=True)
class OpenXJson:
    """OpenX JSON SerDe: reads numbers and booleans from text too, and keeps what is nested as its text in a string column."""

    case_insensitive: bool = True
    dots_to_underscores: bool = False
    mappings: Mapping[str, str] = field(default_factory=dict)
    """Columns whose JSON key is another."""

    strict = False

    def key(self, column: str) -> str:
        found = self.mappings.get(column, column)
        return found.lower() if self.case_insensitive else found

    def rename(self, key: str) -> str:
        if self.dots_to_underscores:
            key = key.replace(".", "_")
        return key.lower() if self.case_insensitive else key

    def timestamp(self) -> timestamps.Parser:
        return timestamps.openx


@dataclass(frozen=True, slots=True)
class HiveJson:
    """Hive JSON SerDe: reads times by patterns, and a number or a boolean only where JSON has one."""

    timestamp_formats: tuple[str, ...] = ()

    strict = True

    def key(self, column: str) -> str:
        return column.lower()

    def rename(self, key: str) -> str:
        return key.lower()

    def timestamp(self) -> timestamps.Parser:
        return timestamps.hive(self.timestamp_formats)


def row_reader(deserializer: Deserializer, schema: pa.Schema) -> Callable[[bytes], list[list[Any]]]:
    """What makes a record the values of its rows, one value a column: several rows if it is several JSON objects one after
    the other. Columns it lacks are null, and keys no column has are left out. The function raises Mismatch."""
    columns = [(deserializer.key(column.name), _converter(column.type, deserializer)) for column in schema]
    rename = deserializer.rename

    def renamed(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        return {rename(key): value for key, value in pairs}

    decoder = json.JSONDecoder(object_pairs_hook=renamed, parse_float=Decimal, parse_constant=_no_number)

    def read(data: bytes) -> list[list[Any]]:
        try:
            return [[convert(document.get(key)) for key, convert in columns] for document in _documents(decoder, data)]
        except RecursionError as error:
            raise Mismatch("DataFormatConversion.ParseError", "Encountered malformed JSON.") from error

    return read


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _documents(decoder: json.JSONDecoder, data: bytes) -> Iterator[dict[str, Any]]:
    try:
        text = data.decode().strip()
    except UnicodeDecodeError as error:
        raise Mismatch("DataFormatConversion.ParseError", "Encountered malformed JSON.") from error
    if not text:
        raise Mismatch("DataFormatConversion.MalformedData", "The record was empty or contained only whitespace.")
    while text:
        try:
            document, end = decoder.raw_decode(text)
        except (ValueError, ArithmeticError) as error:  # a number may be beyond every exponent
            raise Mismatch("DataFormatConversion.ParseError", "Encountered malformed JSON.") from error
        if isinstance(document, list):
            raise _mismatch()
        if not isinstance(document, dict):
            raise Mismatch(
                "DataFormatConversion.MalformedData",
                "The input JSON contained a primitive at the top level. The top level must be an object or array.",
            )
        yield document
        text = text[end:].lstrip()


def _converter(kind: pa.DataType, deserializer: Deserializer) -> Convert:
    """Null stays null in every type."""
    convert = _of_type(kind, deserializer)
    return lambda value: None if value is None else convert(value)


def _of_type(kind: pa.DataType, deserializer: Deserializer) -> Convert:
    strict = deserializer.strict
    if isinstance(kind, pa.StructType):
        return _struct([(child.name, _converter(child.type, deserializer)) for child in kind])
    if isinstance(kind, pa.MapType):
        return _map(_converter(kind.key_type, deserializer), _converter(kind.item_type, deserializer))
    if isinstance(kind, pa.ListType):
        return _array(_converter(kind.value_type, deserializer))
    if isinstance(kind, pa.Decimal128Type):
        return _decimal(kind.precision, kind.scale, strict)
    if pa.types.is_integer(kind):
        return _integer(kind.bit_width, strict)
    if pa.types.is_floating(kind):
        return _float(strict)
    if pa.types.is_timestamp(kind):
        return _timestamp(deserializer.timestamp())
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
            raise _mismatch()
        return {name: convert_field(value.get(name)) for name, convert_field in fields}

    return convert


def _map(key: Convert, item: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _mismatch()
        return [(key(name), item(found)) for name, found in value.items()]

    return convert


def _array(item: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            raise _mismatch()
        return [item(found) for found in value]

    return convert


def _number(value: Any, strict: bool) -> Decimal | int:
    """A number of JSON, or, unless `strict`, of a text."""
    if isinstance(value, str) and not strict and _NUMBER.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise _mismatch() from error
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _mismatch()
    return value


def _integer(bits: int, strict: bool) -> Convert:
    most = 2 ** (bits - 1) - 1

    def convert(value: Any) -> int:
        found = _number(value, strict)
        # Compared first: the integer of 1e999999999 would fill the memory.
        if not -most - 1 <= found <= most or found != int(found):
            raise _mismatch()
        return int(found)

    return convert


def _float(strict: bool) -> Convert:
    def convert(value: Any) -> float:
        try:
            found = float(_number(value, strict))
        except OverflowError as error:
            raise _mismatch() from error
        if not isfinite(found):
            raise _mismatch()
        return found

    return convert


def _decimal(precision: int, scale: int, strict: bool) -> Convert:
    """Rounded half up to the scale, as Hive does; refused where its whole part has too many digits."""
    unit, beyond = Decimal(1).scaleb(-scale), Decimal(10) ** (precision - scale)

    def convert(value: Any) -> Decimal:
        found = Decimal(_number(value, strict))
        if not -beyond < found < beyond:
            raise _mismatch()
        rounded = found.quantize(unit, ROUND_HALF_UP, _DECIMALS)
        if not -beyond < rounded < beyond:
            raise _mismatch()
        return rounded

    return convert


def _boolean(strict: bool) -> Convert:
    def convert(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if not strict and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise _mismatch()

    return convert


def _string(strict: bool) -> Convert:
    def convert(value: Any) -> str:
        if isinstance(value, dict | list) and strict:
            raise _mismatch()
        text = value if isinstance(value, str) else _text(value)
        if not text.isascii() and _SURROGATE.search(text):  # JSON can escape half a character, UTF-8 cannot hold it
            raise _mismatch()
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
            raise _mismatch()
        return found

    return convert


def _date(value: Any) -> date:
    """`yyyy-mm-dd`."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _mismatch() from error


def _binary(value: Any) -> bytes:
    """JSON has no bytes: base64, as Hive's JSON SerDe takes it."""
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise _mismatch() from error
