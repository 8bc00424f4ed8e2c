"""What an event says is in the lake too: every field, in the table of its type and in that of all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pyarrow as pa
import pytest

from common.logtypes import TYPES
from common.logtypes.samples import samples_of
from common.model import Coordinates, Event
from common.oversized import pointer
from common.recognise import Normaliser
from lake.columns import JSON_KEYS, all_columns, columns_of, datasets
from localrun.delivery.deserializer import OpenXJson, row_reader
from localrun.delivery.hive_types import arrow_type
from producers.generator import Generator, Scenario
from tests.unit.logtypes.every_type import data

START = 1_795_420_800.0
#: What the generator has no example of: names of an application's own, and lists in a load balancer's entry.
RARE = (
    b'{"level":"info","message":"A","oddKey":{"Deep":[1,2.5,null]},"timestamp":"2026-11-25T10:00:00Z"}',
    b"http 2026-11-25T10:00:00.000000Z app/shop/1 10.0.0.1:1000 10.0.1.1:80 0.001 0.002 0.003 200 200 10 20 "
    b'"GET http://shop.example.com:80/ HTTP/1.1" "curl" - - arn:aws:elasticloadbalancing:eu-central-1:123456789012:'
    b'targetgroup/shop/1 "Root=1-1-1" "-" "-" 0 2026-11-25T10:00:00.000000Z "forward,redirect" "-" "-" '
    b'"10.0.1.1:80 10.0.1.2:80" "200 502" "-" "-"',
)
SAMPLES = [data(sample.record) for name in TYPES for sample in samples_of(name)]

Document = dict[str, Any]


def table(columns: Mapping[str, str]) -> Callable[[Document], Document]:
    """What makes an event its row, by the keys of the event."""
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in columns.items()])
    read = row_reader(OpenXJson(case_insensitive=False, mappings=JSON_KEYS), schema)

    def row(event: Document) -> Document:
        (values,) = read(orjson.dumps(event))
        return {JSON_KEYS.get(column, column): value for column, value in zip(columns, values, strict=True)}

    return row


OF_ALL = table(all_columns())
OF_ONE = {dataset: table(columns_of(dataset)) for dataset in datasets()}


@pytest.fixture(scope="module")
def events() -> list[Document]:
    """A minute of traffic and the samples of every type, every fifth event also as the pointer of one too large."""
    generator, normaliser = Generator(7, Scenario(START, 60.0)), Normaliser(default_tenant="default")
    samples = [sample.data for step in range(60) for sample in generator.take(50, START + step + 1)]
    found = []
    for number, record in enumerate((*samples, *RARE, *SAMPLES)):
        at = Coordinates("weir-test-raw", "shardId-000000000000", str(number), 1_795_420_800_250, partition_key="key")
        found += [orjson.loads(event.body) for event in normaliser.normalise(record, at) if isinstance(event, Event)]
    place = {"bucket": "archive", "key": "oversized/1.json.gz", "bytes": 2_000_000}
    return found + [orjson.loads(pointer(orjson.loads(orjson.dumps(event)), place, 300)) for event in found[::5]]


def lost(row: Any, original: Any, path: str = "") -> Iterator[str]:
    """Paths of what the row has not as the event has it. An object may be its JSON, a list must be one."""
    if isinstance(original, dict) and isinstance(row, dict):
        for name, value in original.items():
            yield from lost(row.get(name), value, f"{path}.{name}")
    elif isinstance(original, list) and isinstance(row, list) and len(row) == len(original):
        for at, (one, other) in enumerate(zip(row, original, strict=True)):
            yield from lost(one, other, f"{path}[{at}]")
    elif (json.loads(row) if isinstance(row, str) and isinstance(original, dict | bool) else row) != original:
        yield path


def test_every_field_of_every_event_is_in_both_its_tables(events: list[Document]) -> None:
    assert {event["event"]["dataset"] for event in events} == set(datasets())
    for event in events:
        assert list(lost(OF_ALL(event), event)) == []
        assert list(lost(OF_ONE[event["event"]["dataset"]](event), event)) == []
