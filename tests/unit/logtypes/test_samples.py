"""Every type's samples become exactly their events, and are recognised among those of all others."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pytest

from common.logtype import LineType, ObjectType
from common.logtypes import TYPES
from common.logtypes.samples import Refused, Sample, samples_of
from common.model import Event, Rejected
from lake.columns import JSON_KEYS, columns_of
from localrun.delivery.deserializer import OpenXJson, row_reader
from localrun.delivery.hive_types import arrow_type
from search.templates import texts
from tests.unit.logtypes.every_type import AT, REFUSED, SAMPLE_IDS, SAMPLES, alone, data, named, takers
from tests.unit.logtypes.nearly import own_record

#: Most bytes of a document for a byte of its record, over the samples of a type. The raw line is in the archive, not twice in the
#: index.
#: Of lines shorter than a hundred bytes, what every event has is the most.
GROWTH = {"vpc_flow": 5.0, "alb": 2.2, "cloudtrail": 1.25, "waf": 1.4, "lambda_report": 3.45}
GROWTH_OF_LINES = 3.0


def content(found: Event | Rejected) -> dict[str, Any]:
    assert isinstance(found, Event), found
    document: dict[str, Any] = orjson.loads(found.body)
    return document


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=SAMPLE_IDS)
def test_a_sample_is_recognised_and_becomes_its_event(name: str, sample: Sample) -> None:
    document = content(alone(data(sample.record)))
    stamped = {"dataset": TYPES[name].dataset, "ingested": "2026-11-23T08:00:00.250Z"}
    assert document.pop("tenant") == "default"
    assert {key: document["event"].pop(key) for key in stamped} == stamped
    if "id" not in sample.event.get("event", {}):
        assert document["event"].pop("id") == (AT.within(0) if in_a_list(name, sample.record) else AT).id()
    assert document == sample.event


def in_a_list(name: str, record: Any) -> bool:
    """Whether the sample is a list of the type's records, which tells them apart by their place in it."""
    log_type = TYPES[name]
    return isinstance(log_type, ObjectType) and any(isinstance(record.get(key), list) for key in log_type.lists)


@pytest.mark.parametrize(("name", "sample"), REFUSED, ids=[f"{name}: {sample.case}" for name, sample in REFUSED])
def test_what_is_refused_is_kept_whole_with_the_reason(name: str, sample: Refused) -> None:
    record = named(name, sample.record)
    found = alone(record)
    assert isinstance(found, Rejected)
    assert (found.reason, found.type, found.original) == ("malformed", name, record)
    assert found.detail.startswith(sample.malformed)


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=SAMPLE_IDS)
def test_no_other_type_takes_a_sample_for_its_own(name: str, sample: Sample) -> None:
    names_itself = isinstance(sample.record, dict) and sample.record.get("type") == name
    assert names_itself or takers(own_record(name, sample.record)) in ([], [name])


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_samples(name: str) -> None:
    assert len(samples_of(name)) >= 2
    assert TYPES[name].page.startswith("https://")


@pytest.mark.parametrize("name", TYPES)
def test_every_field_of_the_events_is_mapped_and_fits_the_lake(name: str) -> None:
    table = pa.schema([pa.field(column, arrow_type(kind)) for column, kind in columns_of(TYPES[name].dataset).items()])
    as_rows = row_reader(OpenXJson(case_insensitive=False, mappings=JSON_KEYS), table)
    for sample in samples_of(name):
        found = alone(data(sample.record))
        assert isinstance(found, Event)
        assert len(as_rows(found.body)) == 1
        assert unmapped(orjson.loads(found.body), properties(TYPES[name].dataset)) == []


def properties(dataset: str) -> dict[str, Any]:
    """The mapped fields of one type's index."""
    merged: dict[str, Any] = {}
    for component in ("weir-ecs", f"weir-{dataset}"):
        merge(merged, orjson.loads(TEXTS[f"{component}.json"])["template"]["mappings"]["properties"])
    return merged


TEXTS = texts()


def merge(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, mapping in other.items():
        if "properties" in mapping:
            merge(one.setdefault(name, {"properties": {}})["properties"], mapping["properties"])
        else:
            one[name] = mapping


def unmapped(event: Any, mapped: dict[str, Any], above: str = "") -> list[str]:
    """Dotted names of the event's fields that are not searched."""
    found: list[str] = []
    for name, value in event.items():
        mapping, path = mapped.get(name), f"{above}{name}"
        if mapping is None:
            found.append(path)
        elif "properties" in mapping:
            for inner in value if isinstance(value, list) else [value]:
                found += unmapped(inner, mapping["properties"], f"{path}.")
    return found


@pytest.mark.parametrize("name", [name for name in TYPES if name in GROWTH or isinstance(TYPES[name], LineType)])
def test_a_document_is_not_much_larger_than_its_record(name: str) -> None:
    records = [data(sample.record) for sample in samples_of(name)]
    documents = [found.body for record in records if isinstance(found := alone(record), Event)]
    assert sum(map(len, documents)) <= GROWTH.get(name, GROWTH_OF_LINES) * sum(map(len, records))
