"""Which fields an event keeps, and under which names."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from common import ecs
from common.shaping.fields import Drop, Keep, Rename, overlaps, takes_anything
from common.shaping.labels import Labels

Document = dict[str, Any]
EVENT: Document = {
    "@timestamp": "2026-11-23T08:00:00.000Z",
    "event": {"id": "e-1", "dataset": "app", "ingested": "2026-11-23T08:00:01.000Z", "action": "login"},
    "tenant": "acme",
    "user": {"name": "ana", "email": "ana@example.com"},
    "source": {"ip": "203.0.113.9", "geo": {"city_name": "Berlin"}},
}
PROTECTED: Document = {
    "@timestamp": EVENT["@timestamp"],
    "event": {"id": "e-1", "dataset": "app", "ingested": "2026-11-23T08:00:01.000Z"},
    "tenant": "acme",
}


@pytest.fixture
def event() -> Document:
    return deepcopy(EVENT)


def test_drop_takes_out_the_field_and_the_objects_it_leaves_empty(event: Document) -> None:
    for name in ("user.email", "source.geo.city_name", "event.action", "network.bytes", "tenant.name"):
        Drop(name).apply(event)
    assert event == {**PROTECTED, "user": {"name": "ana"}, "source": {"ip": "203.0.113.9"}}


def test_drop_takes_out_a_whole_object(event: Document) -> None:
    Drop("user").apply(event)
    assert event == {name: value for name, value in EVENT.items() if name != "user"}


def test_keep_leaves_the_named_fields_and_what_is_protected(event: Document) -> None:
    Keep(["user.name", "source.geo", "network"]).apply(event)
    assert event == {**PROTECTED, "user": {"name": "ana"}, "source": {"geo": {"city_name": "Berlin"}}}


def test_rename_moves_a_value_with_its_object(event: Document) -> None:
    Rename("user.email", "labels.contact", ecs.FIELDS).apply(event)
    assert (event["user"], event["labels"]) == ({"name": "ana"}, {"contact": "ana@example.com"})


@pytest.mark.parametrize("new", ["source.port", "user.name", "user.name.first", "event.severity", "network"])
def test_rename_leaves_what_the_other_field_cannot_hold(event: Document, new: str) -> None:
    Rename("user.email", new, ecs.FIELDS).apply(event)
    assert event == EVENT


def test_a_records_own_label_stays(event: Document) -> None:
    event["labels"] = {"stage": "blue"}
    Labels({"stage": "green", "site": "fra"}).apply(event)
    assert event["labels"] == {"stage": "blue", "site": "fra"}
    del event["labels"]
    Labels({"site": "fra"}).apply(event)
    assert event["labels"] == {"site": "fra"}


@pytest.mark.parametrize(
    ("name", "protected"),
    [("event", "event.id"), ("event.id", "event.id"), ("tenant.x", "tenant"), ("weir.oversized", "weir"), ("event.action", None)],
)
def test_what_overlaps_a_protected_field(name: str, protected: str | None) -> None:
    assert overlaps(name) == protected


@pytest.mark.parametrize(
    ("name", "anything"),
    [("customer.name", True), ("labels.customer", True), ("user.name.first", False), ("user.name", False), ("source", False)],
)
def test_which_fields_take_anything(name: str, anything: bool) -> None:
    assert takes_anything(name, ecs.FIELDS) is anything
