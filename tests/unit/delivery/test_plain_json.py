"""Records read as they are have the rows the converters would have made of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localrun.delivery import deserializer as module
from localrun.delivery.converters import Mismatch
from localrun.delivery.deserializer import Deserializer, HiveJson, OpenXJson, row_reader
from localrun.delivery.hive_types import arrow_type
from localrun.delivery.plain_json import Unusual, plain_reader

COLUMNS = {
    "timestamp": "string",
    "text": "string",
    "count": "bigint",
    "small": "int",
    "ratio": "double",
    "on": "boolean",
    "tags": "array<string>",
    "source": "struct<ip:string,port:bigint,geo:struct<lat:double>>",
    "resources": "array<struct<arn:string,size:bigint>>",
    "at": "timestamp",
    "labels": "map<string,string>",
}
SCHEMA = pa.schema([pa.field(name, arrow_type(kind)) for name, kind in COLUMNS.items()])
OPENX = OpenXJson(mappings={"timestamp": "@timestamp"})
SERDES = (OPENX, OpenXJson(case_insensitive=False), OpenXJson(dots_to_underscores=True), HiveJson(("millis",)))


def unusual(_: bytes) -> dict[str, Any]:
    raise Unusual


def arrays(read: Callable[[bytes], list[list[Any]]], data: bytes) -> Any:
    """What is in the file, or why nothing is."""
    try:
        columns = zip(*read(data), strict=True)
    except Mismatch as mismatch:
        return mismatch.code, str(mismatch)
    return [pa.array(list(values), column.type).to_pylist() for values, column in zip(columns, SCHEMA, strict=True)]


def both(serde: Deserializer, data: bytes) -> tuple[Any, Any]:
    """As it is read, and as it is by the converters alone."""
    fast = row_reader(serde, SCHEMA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "plain_reader", lambda *_: unusual)
        exact = row_reader(serde, SCHEMA)
    return arrays(fast, data), arrays(exact, data)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63), 1.0, 1e300, 0.1, -0.0]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(["", "12", "1.5", "true", "2026-11-25T08:00:00Z", "\x00\x1f\x7f\u2028", "é😀"]),
)
KEYS = st.sampled_from(
    [*COLUMNS, "@timestamp", "ip", "port", "geo", "lat", "arn", "size", "Source", "IP", "Text", "a.b", "other"]
)
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)))
RECORDS = st.dictionaries(KEYS, VALUES, max_size=6)


@given(st.sampled_from(SERDES), RECORDS)
@example(OPENX, {"text": {"Key": [1, {"B": "é", "b": True}], "k": None}})
@example(OPENX, {"source": {"ip": "10.0.0.1", "port": 80, "geo": {"lat": 1}}, "tags": ["a", None], "count": 2**63})
@example(OPENX, {"source": {"ip": "10.0.0.1", "IP": "10.0.0.2"}})
@settings(max_examples=300, deadline=None)
def test_any_record_is_the_same_rows_either_way(serde: Deserializer, record: dict[str, Any]) -> None:
    fast, exact = both(serde, json.dumps(record).encode())
    assert fast == exact


@pytest.mark.parametrize(
    "text",
    [
        '{"ratio": 1e400}',
        '{"text": 1.10}',
        '{"text": [1.0]}',
        '{"text": "a", "text": "b"}',
        '{"text": "\\ud800"}',
        '{"count": 18446744073709551616}',
        '{"text": "a"}{"text": "b"}',
        '{"text": NaN}',
        "[1]",
        "",
        " {} ",
    ],
)
def test_any_text_is_the_same_rows_either_way(text: str) -> None:
    for serde in SERDES:
        fast, exact = both(serde, text.encode())
        assert fast == exact


def plain(record: dict[str, Any], serde: Deserializer = OPENX) -> dict[str, Any]:
    keys = [serde.key(name) for name in COLUMNS]
    return plain_reader(keys, SCHEMA.types, serde.strict, serde.rename)(orjson.dumps(record))


def test_what_nearly_every_event_is_needs_no_converter() -> None:
    record = {
        "@timestamp": "2026-11-25T08:00:00.000Z",
        "text": {"Nested": [True, None, 1]},
        "count": 2**63 - 1,
        "small": -(2**31),
        "ratio": 2,
        "on": False,
        "tags": ["a", None],
        "source": {"ip": None, "geo": {"lat": 0.5}, "unknown": {"Any": 1.5}},
        "resources": [{"arn": "a", "size": 1}, None],
        "at": None,
        "Unknown": 1.5,
    }
    assert plain(record) == record | {"text": '{"nested":[true,null,1]}', "ratio": 2.0}


@pytest.mark.parametrize(
    "record",
    [
        {"text": {"number": 1.5}},  # its digits are not known any more
        {"count": 2**63},
        {"small": 2**31},
        {"count": "1"},
        {"on": "true"},
        {"ratio": 2**53 + 1},
        {"tags": "a"},
        {"source": ["a"]},
        {"source": {"Port": 1}},  # a field's key in other letters
        {"Count": 1},
        {"at": "2026-11-25T08:00:00Z"},
        {"labels": {"a": "b"}},
    ],
)
def test_what_a_converter_must_think_about_is_left_to_it(record: dict[str, Any]) -> None:
    with pytest.raises(Unusual):
        plain(record)


def test_nested_text_is_the_converters_for_hive() -> None:
    with pytest.raises(Unusual):
        plain({"text": {"a": 1}}, HiveJson())
