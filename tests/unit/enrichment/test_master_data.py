"""Fields of the entry an event's key names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from common.deadline import Deadline
from common.enrichment import master_data
from common.enrichment.master_data import MasterData, read_file, table_loader
from common.enrichment.source import Source, Unusable

ENTRIES = {"c-7": {"name": "Ana & Co", "segment": "gold", "address": {"city": "Berlin"}, "port": "abc", "empty": ""}}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(name: str, content: str) -> Path:
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name

    return make


def test_a_csv_file(write: Callable[..., Path]) -> None:
    path = write("customers.csv", '\ufeffid,name,segment\nc-7,"Ana, Inc",gold\nc-8,Bob,\nc-7,"Ana & Co",gold\n')
    assert read_file(path, "id") == {"c-7": {"name": "Ana & Co", "segment": "gold"}, "c-8": {"name": "Bob", "segment": ""}}


def test_json_lines(write: Callable[..., Path]) -> None:
    path = write("machines.jsonl", '{"machine": 12, "line": "A", "limits": {"max": 80.5}}\n\n{"machine": "13", "line": "B"}\n')
    assert read_file(path, "machine") == {"12": {"line": "A", "limits": {"max": 80.5}}, "13": {"line": "B"}}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.csv", "number,name\n7,Ana\n", "entry 1 has no `id` to be found by; it has number, name"),
        ("x.jsonl", '{"id": 1}\n[]\n', "line 2: expected a JSON object"),
        ("x.jsonl", '{"id": {}}\n', "entry 1 has no `id`"),
    ],
)
def test_a_file_that_means_nothing_is_refused(write: Callable[..., Path], name: str, content: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        read_file(write(name, content), "id")


def test_more_entries_than_fit_are_refused(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_data, "MOST_ENTRIES", 1)
    with pytest.raises(Unusable, match="more than 1 entries"):
        read_file(write("x.csv", "id\n1\n2\n"), "id")


def applied(told: Callable[..., Source[Any]], document: dict[str, Any], into: str, fields: list[str]) -> dict[str, Any]:
    MasterData("customers", told(ENTRIES), field="user.id", into=into, fields=fields, cache_entries=10).apply(document)
    found: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return found


def test_the_entry_is_put_where_it_is_wanted(told: Callable[..., Source[Any]]) -> None:
    event = {"user": {"id": "c-7"}}
    assert applied(told, event, "labels.customer", [])["labels"] == {
        "customer": {"name": "Ana & Co", "segment": "gold", "address": {"city": "Berlin"}, "port": "abc"}
    }


def test_chosen_fields_join_those_the_event_has(told: Callable[..., Source[Any]]) -> None:
    event = {"user": {"id": "c-7"}, "labels": {"segment": "own"}}
    assert applied(told, event, "labels", ["name", "segment", "missing"])["labels"] == {"segment": "own", "name": "Ana & Co"}


def test_a_value_its_field_cannot_hold_is_left_out(told: Callable[..., Source[Any]]) -> None:
    event = {"user": {"id": "c-7"}, "source": {"ip": "203.0.113.9"}}
    assert applied(told, event, "source", ["port", "address"])["source"] == {"ip": "203.0.113.9"}


@pytest.mark.parametrize("user", [{"id": "c-9"}, {"id": True}, {"id": None}, {}, "c-7"])
def test_an_event_without_an_entry_stays_as_it_is(told: Callable[..., Source[Any]], user: Any) -> None:
    assert applied(told, {"user": user}, "labels", []) == {"user": user}


class FakeTable:
    """Query of DynamoDB, page by page."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.pages = pages
        self.asked: dict[str, Any] = {}

    def get_paginator(self, name: str) -> FakeTable:
        assert name == "query"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked = asked
        return [{"Items": page} for page in self.pages]


def test_the_items_of_a_kind_are_read_from_the_table() -> None:
    table = FakeTable(
        [{"kind": {"S": "customer"}, "id": {"S": "c-7"}, "name": {"S": "Ana"}, "since": {"N": "2019"}, "rate": {"N": "0.5"}}],
        [{"kind": {"S": "customer"}, "id": {"S": "c-8"}, "tags": {"SS": ["a"]}, "address": {"M": {"floor": {"N": "3"}}}}],
    )
    loaded = table_loader(lambda: cast(DynamoDBClient, table), "weir-test-master", "customer")(None, Deadline(10))
    assert loaded is not None
    assert loaded.value == {
        "c-7": {"name": "Ana", "since": 2019, "rate": 0.5},
        "c-8": {"tags": ["a"], "address": {"floor": 3}},
    }
    assert (table.asked["TableName"], table.asked["ExpressionAttributeValues"]) == (
        "weir-test-master",
        {":kind": {"S": "customer"}},
    )


def test_a_table_that_is_too_slow_is_given_up() -> None:
    table = FakeTable([{"kind": {"S": "customer"}, "id": {"S": "c-7"}}])
    with pytest.raises(Unusable, match="too slowly"):
        table_loader(lambda: cast(DynamoDBClient, table), "t", "customer")(None, Deadline(0, clock=lambda: 0.0))
