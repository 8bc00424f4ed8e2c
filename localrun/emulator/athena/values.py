"""Results as Athena writes them: the text of a value, the name of a type, the file.

Source: Athena user guide, "Work with query results and recent queries", "Data types in Amazon Athena"; API reference, Datum,
ColumnInfo.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any

#: DuckDB's types that Athena names otherwise; any other has the same name.
_TYPES = {
    "struct": "row",
    "utinyint": "smallint",
    "usmallint": "integer",
    "uinteger": "bigint",
    "ubigint": "bigint",
    "hugeint": "bigint",
    "uhugeint": "bigint",
    "blob": "varbinary",
    "json": "varchar",
}
#: ColumnInfo, Precision: digits.
_PRECISION = {
    "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17, "timestamp": 3, "varchar": 2**31 - 1,
}  # fmt: skip


def type_name(duckdb_type: str) -> str:
    """E.g. `row` of `STRUCT(ip VARCHAR)`."""
    text = duckdb_type.lower()
    if text.endswith("]"):
        return "array"
    name = text.split("(", 1)[0]
    return _TYPES.get(name, name)


def column_info(name: str, duckdb_type: str) -> dict[str, Any]:
    """A ColumnInfo."""
    kind = type_name(duckdb_type)
    digits = re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", duckdb_type.lower())
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": int(digits[1]) if digits else _PRECISION.get(kind, 0),
        "Scale": int(digits[2]) if digits else 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind == "varchar",
    }


def text(value: Any) -> str | None:
    """None is null. Nested values are written as Java writes them: `[a, b]`, `{ip=10.0.0.1, port=null}`."""
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_text(found)}" for key, found in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}" + (" UTC" if value.tzinfo else "")
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, bytes):
        return value.hex(" ")
    return str(value)


def _double(value: float) -> str:
    """As Java's Double.toString: with an exponent from 1e7 on and below 1e-3."""
    if not isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    exact = Decimal(repr(value)).normalize()
    mantissa = str(exact.scaleb(-exact.adjusted()))
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{exact.adjusted()}"


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """The result file: every value in quotes, null as nothing at all."""
    lines = [",".join(map(_quoted, columns)), *(",".join(map(_quoted, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
