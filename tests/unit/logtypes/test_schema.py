"""Every event is as the JSON Schema of its type says, and what is not is told."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from jsonschema_rs import validator_for

from common import ecs
from common.kinds import NUMBER, WHOLE, WORD, Kind, structs
from common.logtypes import TYPES
from common.logtypes.samples import Sample, samples_of
from common.model import Event
from common.oversized import pointer
from common.recognise import Normaliser
from search.json_schema import schema_of
from tests.unit.lake.test_events_fit import STRANGE, changed, places
from tests.unit.logtypes.every_type import AT, SAMPLE_IDS, SAMPLES, alone, data, is_line
from tests.unit.logtypes.nearly import VALUES
from tests.unit.logtypes.schemas import Held, violations

#: One of each schema, by the first field that has it.
KINDS: dict[str, Kind] = {}
for fields in (ecs.FIELDS, *(found.own for found in TYPES.values())):
    KINDS |= {name: kind for name, kind in fields.items() if kind not in KINDS.values()}


def event(name: str) -> dict[str, Any]:
    """The event of a type's first sample."""
    found = alone(data(samples_of(name)[0].record))
    assert isinstance(found, Event)
    document: dict[str, Any] = orjson.loads(found.body)
    return document


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=SAMPLE_IDS)
def test_a_samples_event_is_as_its_schema_says(name: str, sample: Sample) -> None:
    found = alone(data(sample.record))
    assert isinstance(found, Event)
    assert violations(name, found.body) == []


@pytest.mark.parametrize("name", [name for name in TYPES if not is_line(name)])
def test_whatever_stands_at_a_place_of_a_record_its_event_is_as_its_schema_says(name: str) -> None:
    held, taken = Held(), 0
    normaliser = Normaliser(default_tenant="default", finish=held)
    for sample in samples_of(name):
        for path in places(sample.record):
            for value in STRANGE:
                made = normaliser.normalise(orjson.dumps(changed(sample.record, path, value)), AT)
                assert held.wrong == [], (path, value)
                taken += sum(isinstance(found, Event) for found in made)
    assert taken > 100


@pytest.mark.parametrize("field", KINDS)
@given(value=VALUES)
def test_what_the_reader_of_a_kind_gives_is_of_the_kind(field: str, value: Any) -> None:
    read = KINDS[field].read(value)
    if read is not None:
        assert validator_for(dict(KINDS[field].schema), validate_formats=True).is_valid(read)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([{"a": "x", "b": "7"}, {"b": 8}], [{"a": "x", "b": 7}, {"b": 8}]),
        ([{"a": "x", "b": "y"}], None),
        ([{"a": "x"}, {"c": "x"}], None),
        ([{"a": "x"}, {}], None),
        ([{"a": "x"}, "x"], None),
        ([{"a": None}], None),
        ({"a": "x"}, None),
        ([], None),
    ],
)
def test_objects_are_of_their_kind_with_all_their_members(value: Any, found: Any) -> None:
    assert structs({"a": WORD, "b": WHOLE}).read(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [("1e37", 1e37), ("-1.5", -1.5), (7, 7), ("1e39", None), ("-1e99", None), (3e38, None), (10**400, None), (True, None)],
    ids=lambda value: str(value)[:10],
)
def test_a_number_is_one_that_an_indexs_float_holds(value: Any, found: float | None) -> None:
    assert NUMBER.read(value) == found


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("tenant",), None, "null is not of type"),
        (("@timestamp",), "2026-11-23T08:00:00Z", "does not match"),
        (("@timestamp",), "2026-02-30T08:00:00.000Z", "is not a"),
        (("event", "dataset"), "aws.alb", '"aws.vpcflow" was expected'),
        (("event", "category"), "network", "is not of type"),
        (("source", "port"), 65_536, "is greater than the maximum"),
        (("source", "port"), "80", "is not of type"),
        (("source", "ip"), "fe80::1%eth0", "does not match"),
        (("source", "ip"), "1.2.3.256", "is not valid under any"),
        (("network", "bytes"), 2**63, "is greater than the maximum"),
        (("aws", "vpcflow", "unheard_of"), "x", "'unheard_of'"),
    ],
)
def test_what_is_of_another_kind_is_told_with_its_place(path: tuple[str, ...], value: Any, told: str) -> None:
    found = violations("vpc_flow", orjson.dumps(changed(event("vpc_flow"), path, value)))
    place = ".".join(path).removesuffix(".unheard_of")
    assert {one.rpartition(": ")[0] for one in found} == {f"vpc_flow: {place}"}
    assert any(told in one for one in found)


@pytest.mark.parametrize("path", [("@timestamp",), ("tenant",), ("event", "id"), ("event", "dataset"), ("event", "ingested")])
def test_what_every_event_has_is_required(path: tuple[str, ...]) -> None:
    document = event("waf")
    holder = document if len(path) == 1 else document[path[0]]
    del holder[path[-1]]
    assert violations("waf", orjson.dumps(document)) == [f'waf: {".".join(path[:-1])}: "{path[-1]}" is a required property']


def test_an_open_object_takes_anything_and_no_other_does() -> None:
    document = event("waf")
    document["labels"] = {"any": {"thing": [1, None]}}
    assert violations("waf", orjson.dumps(document)) == []
    other = copy.deepcopy(document)
    other["cloud"]["thing"] = 1
    assert len(violations("waf", orjson.dumps(other))) == 1


def test_what_stands_for_an_oversized_event_is_as_its_schema_says() -> None:
    document = event("cloudtrail")
    document["aws"]["cloudtrail"]["request_parameters"] = {"policy": "x" * 5_000}
    body = pointer(document, {"bucket": "b", "key": "oversized/k", "bytes": 6_000}, 4_000)
    assert orjson.loads(body)["weir"]["oversized"]["removed"] == ["aws.cloudtrail.request_parameters.policy"]
    assert violations("cloudtrail", body) == []


def test_a_schema_is_of_the_named_draft_and_says_which_type_it_is_of() -> None:
    schema = schema_of(TYPES["alb"])
    assert (schema["$schema"], schema["title"]) == ("https://json-schema.org/draft/2020-12/schema", TYPES["alb"].title)
    assert schema["properties"]["event"]["properties"]["dataset"] == {"const": "aws.alb"}
    assert schema["properties"]["http"]["properties"]["response"]["properties"]["status_code"]["type"] == "integer"
