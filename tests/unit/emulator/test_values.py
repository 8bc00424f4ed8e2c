"""Values, types and files as Athena writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from localrun.emulator.athena.values import column_info, csv_file, text, type_name


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ("", ""),
        (True, "true"),
        (12, "12"),
        (1.5, "1.5"),
        (0.0, "0.0"),
        (1e7, "1.0E7"),
        (-123456789.5, "-1.234567895E8"),
        (0.00025, "2.5E-4"),
        (9999999.0, "9999999.0"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 11, 25), "2026-11-25"),
        (datetime(2026, 11, 25, 1, 2, 3, 4_567), "2026-11-25 01:02:03.004"),  # noqa: DTZ001 - a timestamp without a zone
        (datetime(2026, 11, 25, tzinfo=UTC), "2026-11-25 00:00:00.000 UTC"),
        (b"\x00\xff", "00 ff"),
        (["a", None, ["b"]], "[a, null, [b]]"),
        ({"ip": "10.0.0.1", "port": None, "on": False}, "{ip=10.0.0.1, port=null, on=false}"),
    ],
)
def test_a_value_is_text(value: Any, written: str | None) -> None:
    assert text(value) == written


@pytest.mark.parametrize(
    ("duckdb", "athena"),
    [
        ("VARCHAR", "varchar"),
        ("HUGEINT", "bigint"),
        ("DECIMAL(18,3)", "decimal"),
        ("STRUCT(ip VARCHAR, ports INTEGER[])", "row"),
        ("STRUCT(ip VARCHAR)[]", "array"),
        ("MAP(VARCHAR, BIGINT)", "map"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
        ("BLOB", "varbinary"),
    ],
)
def test_a_type_has_athenas_name(duckdb: str, athena: str) -> None:
    assert type_name(duckdb) == athena


def test_a_decimal_says_its_digits() -> None:
    found = column_info("price", "DECIMAL(18,3)")
    assert (found["Name"], found["Precision"], found["Scale"], found["CaseSensitive"]) == ("price", 18, 3, False)


def test_a_file_tells_nothing_from_an_empty_text() -> None:
    assert csv_file(["a", "b"], [["", None], ['say "x"', "1\n2"]]) == b'"a","b"\n"",\n"say ""x""","1\n2"\n'
