"""What the index templates promise: every field an event has can be searched, and no value of an odd field refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from common.logtypes import TYPES
from common.model import Coordinates, Event
from common.recognise import Normaliser

ROOT = Path(__file__).parents[3]
TEMPLATES: dict[str, dict[str, Any]] = {
    path.stem: orjson.loads(path.read_bytes()) for path in sorted((ROOT / "search" / "templates").glob("*.json"))
}
COMPONENTS = {name: body for name, body in TEMPLATES.items() if "index_patterns" not in body}
INDICES = {name: body for name, body in TEMPLATES.items() if "index_patterns" in body}
SAMPLES = ROOT.parent / "shared" / "samples"
#: Fields, objects among them, that an index takes (OpenSearch documentation, "Mapping limits and settings"). What
#: producers send adds none: it is not mapped, or inside one flat_object.
MOST_FIELDS = COMPONENTS["weir-ecs"]["template"]["settings"]["index"]["mapping.total_fields.limit"]
#: Longest keyword value that surely fits a Lucene term: 32,766 bytes at four bytes a character.
LONGEST_KEYWORD = 32_766 // 4


def fields(properties: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(dotted name, mapping) of each field that is no plain object."""
    for name, mapping in properties.items():
        if "type" in mapping:
            yield prefix + name, mapping
            yield from fields(mapping.get("fields", {}), f"{prefix}{name}.")
        else:
            yield from fields(mapping["properties"], f"{prefix}{name}.")


def mapped(index: str) -> dict[str, dict[str, Any]]:
    """All fields of the indices an index template is for."""
    found: dict[str, dict[str, Any]] = {}
    for component in INDICES[index]["composed_of"]:
        for name, mapping in fields(COMPONENTS[component]["template"]["mappings"]["properties"]):
            assert found.setdefault(name, mapping) == mapping
    return found


def leaves(value: Any, flat: frozenset[str], prefix: str = "") -> Iterator[str]:
    """Dotted names of an event's values; one for a whole flat_object."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item, flat, prefix)
    elif prefix not in flat and isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, flat, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix


@pytest.mark.parametrize("index", INDICES)
def test_an_index_has_room_for_twice_its_fields(index: str) -> None:
    names = mapped(index)
    objects = {name[:at] for name in names for at, character in enumerate(name) if character == "."}
    assert 10 < len(names | dict.fromkeys(objects)) <= MOST_FIELDS // 2


@pytest.mark.parametrize("dataset", sorted({log_type.dataset for log_type in TYPES.values()}))
def test_every_log_type_has_a_template_of_its_own_that_wins_over_the_general_one(dataset: str) -> None:
    own = INDICES[f"logs-{dataset}"]
    assert own["index_patterns"] == [f"logs-{dataset}-*"]
    assert own["composed_of"][0] == "weir-ecs"
    assert (own["priority"], INDICES["logs"]["priority"]) == (200, 100)


def test_the_general_template_has_the_fields_of_all_types() -> None:
    assert INDICES["logs"]["index_patterns"] == ["logs-*"]
    assert set(INDICES["logs"]["composed_of"]) == set(COMPONENTS) - {"weir-error-record"}
    mapped("logs")  # no two types give one field two meanings


@pytest.mark.parametrize("component", sorted(COMPONENTS))
def test_what_is_not_mapped_never_reaches_the_mapping(component: str) -> None:
    assert COMPONENTS[component]["template"]["mappings"]["dynamic"] is False


@pytest.mark.parametrize("index", sorted(INDICES))
def test_no_keyword_is_longer_than_the_index_takes(index: str) -> None:
    keywords = [mapping["ignore_above"] for mapping in mapped(index).values() if mapping["type"] == "keyword"]
    assert keywords
    assert max(keywords) <= LONGEST_KEYWORD


def test_a_malformed_value_costs_the_field_and_not_the_document_but_for_the_times_everything_hangs_on() -> None:
    settings = COMPONENTS["weir-ecs"]["template"]["settings"]
    assert settings["index"]["mapping.ignore_malformed"] is True
    strict = {name for name, mapping in mapped("logs").items() if mapping.get("ignore_malformed") is False}
    assert strict == {"@timestamp", "event.ingested"}


def test_what_producers_fill_with_names_of_their_own_is_one_field_each() -> None:
    assert {name for name, mapping in mapped("logs").items() if mapping["type"] == "flat_object"} >= {
        "app",
        "labels",
        "aws.cloudtrail.request_parameters",
        "aws.cloudtrail.response_elements",
        "aws.cloudtrail.additional_event_data",
        "aws.cloudtrail.other",
        "aws.guardduty.resource",
        "aws.guardduty.service",
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("@timestamp", "date"),
        ("event.id", "keyword"),
        ("event.ingested", "date"),
        ("event.duration", "long"),
        ("message", "text"),
        ("message.keyword", "keyword"),
        ("source.ip", "ip"),
        ("source.port", "long"),
        ("source.geo.location", "geo_point"),
        ("destination.ip", "ip"),
        ("network.bytes", "long"),
        ("user.name", "keyword"),
        ("http.response.status_code", "long"),
        ("tenant", "keyword"),
    ],
)
def test_the_searched_fields_have_their_types(name: str, kind: str) -> None:
    assert mapped("logs-aws.vpcflow")[name]["type"] == kind


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the sample logs in ../shared/samples, which are not part of the project")
@pytest.mark.parametrize("sample", ["cloudtrail_attacks.jsonl", "guardduty_findings.jsonl", "vpc_flow.log", "alb_access.log"])
def test_every_field_of_the_sample_events_is_mapped(sample: str) -> None:
    normaliser = Normaliser(default_tenant="default")
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate((SAMPLES / sample).read_bytes().splitlines()):
        at = Coordinates("weir-test-raw", "shardId-000000000000", str(number), 1_722_375_081_123, partition_key="k")
        for result in normaliser.normalise(line, at):
            if isinstance(result, Event):
                event = orjson.loads(result.body)
                index = f"logs-{event['event']['dataset']}"
                flat = frozenset(
                    name for name, mapping in mapped(index).items() if mapping["type"] in ("flat_object", "geo_point")
                )
                seen |= {(index, name) for name in leaves(event, flat)}
    assert seen
    assert sorted(name for index, name in seen if name not in mapped(index)) == []
