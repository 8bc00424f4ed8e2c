"""What a business knows of the names in its events: customers, machines, shops. Joined by a key."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import orjson
from botocore.config import Config

from common import ecs
from common.deadline import Deadline
from common.enrichment.cache import Cache
from common.enrichment.enricher import Add, Kept, Look
from common.enrichment.source import Load, Loaded, Source, Unusable
from common.logtype import JsonObject
from common.shaping.paths import find, path_of, put

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Most entries of one file or kind: all are held in memory.
MOST_ENTRIES = 500_000

_CONNECT_SECONDS, _READ_SECONDS = 2, 5
_PARTITION, _SORT = "kind", "id"

Entries = dict[str, JsonObject]
Client = Callable[[], "DynamoDBClient"]


@cache
def dynamodb_client() -> DynamoDBClient:
    """The container's DynamoDB client."""
    return boto3.client(
        "dynamodb",
        config=Config(
            connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 2, "mode": "standard"}
        ),
    )


def read_file(path: Path, key: str) -> Entries:
    """The rows of a CSV file with a header, or the objects of JSON lines, by the value of their field `key`. The later of two
    with one key counts. Raises Unusable, with the line."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, strict=True) if path.suffix == ".csv" else _json_lines(lines)
        return _by_key(rows, key)


def _json_lines(lines: Iterable[str]) -> Iterator[JsonObject]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            content = orjson.loads(line)
            if not isinstance(content, dict):
                raise Unusable(f"line {number}: expected a JSON object")
            yield content


def _by_key(rows: Iterable[Mapping[str, Any]], key: str) -> Entries:
    entries: Entries = {}
    for number, row in enumerate(rows, 1):
        value = row.get(key)
        if value is None or isinstance(value, dict | list):
            raise Unusable(f"entry {number} has no `{key}` to be found by; it has {', '.join(map(str, row))[:80]}")
        entries[str(value)] = {name: held for name, held in row.items() if name != key and name is not None}
        if len(entries) > MOST_ENTRIES:
            raise Unusable(f"more than {MOST_ENTRIES} entries")
    return entries


def table_loader(client: Client, table: str, kind: str) -> Load[Entries]:
    """Loads all items of a kind: the table's partition key is `kind`, its sort key `id` is what an event is joined by."""

    def load(version: str | None, until: Deadline) -> Loaded[Entries]:
        return Loaded(_by_key(_items(client(), table, kind, until), _SORT))

    return load


def _items(client: DynamoDBClient, table: str, kind: str, until: Deadline) -> Iterator[JsonObject]:
    from boto3.dynamodb.types import TypeDeserializer

    value = TypeDeserializer().deserialize
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="#kind = :kind",
        ExpressionAttributeNames={"#kind": _PARTITION},
        ExpressionAttributeValues={":kind": {"S": kind}},
    )
    for page in pages:
        if until.left() <= 0:
            raise Unusable(f"{table}: DynamoDB sends {kind} too slowly for the time an invocation has")
        for item in page["Items"]:
            yield {name: _plain(value(held)) for name, held in item.items() if name != _PARTITION}


def _plain(value: Any) -> Any:
    """DynamoDB's numbers and sets as JSON has them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | set):
        return [_plain(inner) for inner in value]
    return value


class MasterData(Kept):
    """Adds the fields of the entry that a field of the event is the key of."""

    def __init__(
        self, name: str, entries: Source[Entries], *, field: str, into: str, fields: Sequence[str], cache_entries: int
    ) -> None:
        """`field` of the event is the key; `fields` of the entry, all where there are none, are put below `into`."""
        cache = Cache(self._find, cache_entries)
        self._entries, self._into, self._below, self._fields = entries, path_of(into), into, fields
        look = Look(path_of(field), cache.get, _keys, adds=self._into[0], in_turn=True)
        super().__init__(f"master_data_{name}", (entries,), cache, [look])

    def _find(self, key: str) -> Add | None:
        found = self._fields_of(key)

        def add(document: JsonObject, _: JsonObject) -> None:
            into = find(document, self._into)
            if into is None:
                put(document, self._into, dict(found))
            elif isinstance(into, dict):
                for name, value in found.items():
                    into.setdefault(name, value)

        return add if found else None

    def _fields_of(self, key: str) -> JsonObject:
        entry = self._entries.value.get(key) if self._entries.value else None
        if entry is None:
            return {}
        chosen = {name: entry[name] for name in self._fields or entry if entry.get(name) not in (None, "")}
        fitting = {name: _fitting(f"{self._below}.{name}", value) for name, value in chosen.items()}
        return {name: value for name, value in fitting.items() if value is not None}


def _keys(value: Any) -> Iterable[str]:
    """A number is a key too."""
    return (str(value),) if isinstance(value, str | int) and not isinstance(value, bool) else ()


def _fitting(dotted: str, value: Any) -> Any:
    """The value as the index and the lake take it; None where they do not. An object is finished JSON."""
    kind = ecs.FIELDS.get(dotted)
    if kind is not None:
        return kind.read(value)
    if any(name.startswith(f"{dotted}.") for name in ecs.FIELDS):
        return None
    return orjson.Fragment(orjson.dumps(value)) if isinstance(value, dict | list) else value
