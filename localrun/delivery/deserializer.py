"""JSON records as rows of a table: Firehose's two deserializers.

Source: Firehose developer guide, "Choose the JSON deserializer"; API reference, OpenXJsonSerDe and HiveJsonSerDe.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from localrun.delivery import timestamps
from localrun.delivery.converters import Mismatch, converter, mismatch
from localrun.delivery.plain_json import Unusual, plain_reader


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
    strict, parse_time, rename = deserializer.strict, deserializer.timestamp(), deserializer.rename
    keys = [deserializer.key(column.name) for column in schema]
    columns = [(key, converter(column.type, strict, parse_time)) for key, column in zip(keys, schema, strict=True)]
    plain = plain_reader(keys, schema.types, strict, rename)

    def renamed(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        return {rename(key): value for key, value in pairs}

    decoder = json.JSONDecoder(object_pairs_hook=renamed, parse_float=Decimal, parse_constant=_no_number)

    def read(data: bytes) -> list[list[Any]]:
        try:
            return [list(map(plain(data).get, keys))]
        except Unusual:
            pass
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
            raise mismatch()
        if not isinstance(document, dict):
            raise Mismatch(
                "DataFormatConversion.MalformedData",
                "The input JSON contained a primitive at the top level. The top level must be an object or array.",
            )
        yield document
        text = text[end:].lstrip()
