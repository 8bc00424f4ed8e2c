"""Which records a function is invoked with; the examples are the ones of Lambda's and EventBridge's guides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localrun.event_sources.filtering import Filters, InvalidFilter

#: The record of "Using event filtering with a Kinesis event source".
ORDER = b'{"record": 12345, "order": {"type": "buy", "stock": "ANYCO", "quantity": 1000}}'


def matches(rules: Any, data: Any) -> bool:
    """Whether a record of this JSON matches a pattern with these rules on `data`."""
    return Filters([json.dumps({"data": rules})]).match(json.dumps(data).encode())


def test_without_filters_every_record_is_for_the_function() -> None:
    assert Filters([]).match(b"\x1f\x8b not JSON")


def test_the_documented_order_is_found_by_its_type() -> None:
    assert Filters(['{ "data" : { "order" : { "type" : [ "buy" ] } } }']).match(ORDER)
    assert not Filters(['{ "data" : { "order" : { "type" : [ "sell" ] } } }']).match(ORDER)


#: Rules on `data`, what matches them, what does not.
OPERATORS = [
    pytest.param({"UserID": [None]}, [{"UserID": None}], [{"UserID": ""}, {}, {"UserID": "null"}], id="null"),
    pytest.param({"LastName": [""]}, [{"LastName": ""}], [{"LastName": None}, {"LastName": " "}, {}], id="empty"),
    pytest.param({"Name": ["Alice"]}, [{"Name": "Alice"}], [{"Name": "alice"}, {"Name": ["Bob"]}], id="equals"),
    pytest.param(
        {"Name": [{"equals-ignore-case": "alice"}]}, [{"Name": "aLICE"}], [{"Name": "Alicia"}, {"Name": None}], id="ignoring case"
    ),
    pytest.param(
        {"Location": ["New York"], "Day": ["Monday"]},
        [{"Location": "New York", "Day": "Monday"}],
        [{"Location": "New York"}, {"Location": "New York", "Day": "Tuesday"}],
        id="and",
    ),
    pytest.param(
        {"PaymentType": ["Credit", "Debit"]}, [{"PaymentType": "Debit"}], [{"PaymentType": "Cash"}, {}], id="or of values"
    ),
    pytest.param(
        {"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]},
        [{"Location": "New York"}, {"Location": "Paris", "Day": "Monday"}],
        [{"Location": "Paris", "Day": "Sunday"}, {}],
        id="or of fields",
    ),
    pytest.param(
        {"Type": ["a"], "$or": [{"Price": [{"numeric": [">", 5]}]}, {"Free": [True]}]},
        [{"Type": "a", "Price": 6}, {"Type": "a", "Free": True}],
        [{"Type": "b", "Price": 6}, {"Type": "a", "Price": 5}, {"Type": "a", "Free": "true"}],
        id="and with or",
    ),
    pytest.param(
        {"Weather": [{"anything-but": ["Raining"]}]},
        [{"Weather": "Sunny"}, {"Weather": None}, {"Weather": ["Raining", "Sunny"]}],
        [{"Weather": "Raining"}, {}],
        id="not",
    ),
    pytest.param({"Code": [{"anything-but": 300}]}, [{"Code": 301}, {"Code": "300"}], [{"Code": 300}], id="not a number"),
    pytest.param(
        {"Price": [{"numeric": ["=", 100]}]}, [{"Price": 100}, {"Price": 100.0}], [{"Price": 101}, {"Price": "100"}], id="numeric"
    ),
    pytest.param(
        {"Price": [{"numeric": [">", 10, "<=", 20]}]},
        [{"Price": 10.01}, {"Price": 20}, {"Price": [3, 15]}],
        [{"Price": 10}, {"Price": 20.5}, {}, {"Price": None}],
        id="numeric range",
    ),
    pytest.param(
        {"ProductName": [{"exists": True}]},
        [{"ProductName": "x"}, {"ProductName": None}],
        [{}, {"ProductName": {"en": "x"}}, {"ProductName": []}],  # leaves only
        id="exists",
    ),
    pytest.param(
        {"ProductName": [{"exists": False}]},
        [{}, {"Other": 1}],
        [{"ProductName": ""}, {"ProductName": None}],
        id="does not exist",
    ),
    pytest.param({"Region": [{"prefix": "us-"}]}, [{"Region": "us-east-1"}], [{"Region": "eu-us-1"}, {"Region": 1}], id="prefix"),
    pytest.param({"File": [{"suffix": ".png"}]}, [{"File": "a.png"}], [{"File": "a.png.gz"}, {}], id="suffix"),
    pytest.param({"Tags": ["a"]}, [{"Tags": ["b", "a"]}, {"Tags": "a"}], [{"Tags": ["b"]}, {"Tags": []}], id="array"),
    pytest.param(
        {"Items": {"Id": ["1"], "State": ["new"]}},
        [{"Items": [{"Id": "2", "State": "old"}, {"Id": "1", "State": "new"}]}],
        [{"Items": [{"Id": "1", "State": "old"}, {"Id": "2", "State": "new"}]}, {"Items": "1"}],
        id="array of objects",
    ),
    pytest.param({"A": {"B": [{"exists": False}]}}, [{}, {"A": {}}, {"A": 1}], [{"A": {"B": 0}}], id="nested field absent"),
]


@pytest.mark.parametrize(("rules", "those", "others"), OPERATORS)
def test_every_operator(rules: Any, those: list[Any], others: list[Any]) -> None:
    assert [data for data in those if not matches(rules, data)] == []
    assert [data for data in others if matches(rules, data)] == []


@pytest.mark.parametrize("written", ["300.0", "3.0e2", '"300"'])
def test_equal_numbers_are_written_the_same(written: str) -> None:
    filters = Filters(['{"data": {"status": [300]}}'])
    assert filters.match(b'{"status": 300}')
    assert not filters.match(b'{"status": %s}' % written.encode())


def test_one_of_several_filters_is_enough() -> None:
    filters = Filters(['{"data": {"level": ["ERROR"]}}', '{"data": {"level": ["FATAL"]}}'])
    assert [filters.match(b'{"level": "%b"}' % level) for level in (b"ERROR", b"FATAL", b"INFO")] == [True, True, False]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET /login 200", id="a plain string"),
        pytest.param(b"\x1f\x8b\x08\x00", id="gzip"),
        pytest.param(b"\xf3\x89\x9a\xc2", id="a KPL aggregate, which only enhanced fan-out takes apart"),
        pytest.param(b'{"level": NaN}', id="NaN"),
        pytest.param(b'{"level": ' + b"[" * 100_000, id="nested without end"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[1]", id="not an object"),
    ],
)
def test_data_that_is_not_json_is_dropped(data: bytes) -> None:
    assert not Filters(['{"data": {"level": [{"anything-but": "INFO"}]}}']).match(data)


#: A pattern, and what is said of it.
INVALID = [
    pytest.param("{", "is not JSON", id="not JSON"),
    pytest.param('["data"]', "not a JSON object", id="not an object"),
    pytest.param("{}", "empty, or not an object of fields and their rules", id="empty"),
    pytest.param('{"partitionKey": ["1"]}', "partitionKey: a Kinesis mapping filters on the key data alone", id="metadata"),
    pytest.param('{"data": ["ERROR"]}', "data: a Kinesis mapping filters JSON", id="a plain string"),
    pytest.param('{"$or": [{"data": {"a": [1]}}, {"b": [1]}]}', "b: a Kinesis mapping filters on", id="metadata within or"),
    pytest.param('{"data": {"a": "x"}}', "a: neither an object nor a list of rules", id="a bare value"),
    pytest.param('{"data": {"a": []}}', "a: neither an object nor a list of rules", id="no rule"),
    pytest.param('{"data": {"a": {}}}', "empty, or not an object", id="an empty object"),
    pytest.param('{"data": {"a": [["x"]]}}', "a: a list within a list", id="a list of lists"),
    pytest.param('{"data": {"a": [{"prefix": "x", "suffix": "y"}]}}', "a: a rule has one operator, not 2", id="two operators"),
    pytest.param(
        '{"data": {"a": [{"cidr": "10.0.0.0/8"}]}}', "a: unknown operator cidr; Lambda knows anything-but", id="unknown"
    ),
    pytest.param('{"data": {"a": [{"numeric": [">", "1"]}]}}', "a: numeric: > 1: not one of", id="text as a bound"),
    pytest.param('{"data": {"a": [{"numeric": [">", 1, ">", 2]}]}}', "a: numeric: neither a comparison", id="no range"),
    pytest.param('{"data": {"a": [{"numeric": []}]}}', "a: numeric: neither a comparison", id="no comparison"),
    pytest.param('{"data": {"a": [{"exists": 1}]}}', "a: exists: neither true nor false", id="exists"),
    pytest.param('{"data": {"a": [{"prefix": 1}]}}', "a: prefix: not a string", id="prefix"),
    pytest.param('{"data": {"a": [{"anything-but": []}]}}', "a: anything-but: not a string, a number", id="anything but nothing"),
    pytest.param('{"data": {"$or": [{"a": [1]}]}}', "$or: not a list of at least two patterns", id="one alternative"),
    pytest.param('{"data": {"a": ["%s"]}}' % ("x" * 4_090), "a pattern of 4111 characters, Lambda takes 4096", id="too long"),
]


@pytest.mark.parametrize(("pattern", "words"), INVALID)
def test_an_invalid_pattern_is_refused_with_what_is_wrong(pattern: str, words: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        Filters([pattern])
    assert words in str(refused.value)
    assert pattern[:60] in str(refused.value)


def test_more_filters_than_lambda_takes_are_refused() -> None:
    pattern = '{"data": {"level": ["ERROR"]}}'
    assert Filters([pattern] * 5).match(b'{"level": "ERROR"}')
    with pytest.raises(InvalidFilter, match="6 filters, Lambda takes 5 unless the account's quota is raised"):
        Filters([pattern] * 6)
