"""Column types of a Glue table as Arrow types.

Source: Athena user guide, "Data types in Amazon Athena"; Apache Hive language manual, "Hive Data Types".
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa

#: Days since the epoch have a type of their own; a timestamp has no zone and up to nine digits of a second.
_PRIMITIVES: dict[str, Callable[[], pa.DataType]] = {
    "string": pa.string,
    "boolean": pa.bool_,
    "tinyint": pa.int8,
    "smallint": pa.int16,
    "int": pa.int32,
    "integer": pa.int32,
    "bigint": pa.int64,
    "float": pa.float32,
    "double": pa.float64,
    "date": pa.date32,
    "timestamp": lambda: pa.timestamp("ns"),
    "binary": pa.binary,
}
_TEXT = re.compile(r"(?:var)?char\(\d+\)")
_DECIMAL = re.compile(r"decimal(?:\((\d+)(?:,(\d+))?\))?")
#: Hive's decimal without numbers.
_PRECISION, _SCALE = 10, 0
_MAX_PRECISION = 38


class BadType(ValueError):
    """A type no column of a Parquet file can have."""


def arrow_type(hive_type: str) -> pa.DataType:
    """Of e.g. `bigint`, `decimal(10,2)`, `array<struct<name:string,sizes:map<string,int>>>`. Raises BadType."""
    text = re.sub(r"\s", "", hive_type).lower()
    if text in _PRIMITIVES:
        return _PRIMITIVES[text]()
    if _TEXT.fullmatch(text):
        return pa.string()
    if decimal := _DECIMAL.fullmatch(text):
        precision, scale = int(decimal[1] or _PRECISION), int(decimal[2] or _SCALE)
        if not 1 <= precision <= _MAX_PRECISION or scale > precision:
            raise BadType(f"type {hive_type}: a decimal has a precision of 1 to {_MAX_PRECISION} and a scale within it")
        return pa.decimal128(precision, scale)
    name, opened, inner = text.partition("<")
    if opened and inner.endswith(">"):
        parts = _split(inner[:-1])
        if name == "array" and len(parts) == 1:
            return pa.list_(arrow_type(parts[0]))
        if name == "map" and len(parts) == 2:
            return pa.map_(arrow_type(parts[0]), arrow_type(parts[1]))
        if name == "struct" and all(":" in part for part in parts):
            fields = [part.split(":", 1) for part in parts]
            return pa.struct([pa.field(field, arrow_type(found)) for field, found in fields])
    raise BadType(f"type {hive_type} is unknown; use {', '.join(_PRIMITIVES)}, decimal(p,s), array<>, map<,> or struct<:>")


def _split(inner: str) -> list[str]:
    """At the commas that are in no brackets of their own."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(inner):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    return [*parts, inner[start:]]
