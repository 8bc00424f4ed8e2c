"""An OTLP export is its records, each with the resource and the scope it stands under."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from common import inflate
from common.ids import log_event_id
from common.logtype import Stamp
from common.logtypes import otel
from common.model import Event, Given, Rejected
from common.recognise import Normaliser
from tests.unit.logtypes.every_type import AT, NORMALISER, named
from tests.unit.logtypes.nearly import nearly
from tests.unit.logtypes.schemas import Held

SHOP = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
PAY = {"attributes": [{"key": "service.name", "value": {"stringValue": "pay"}}], "droppedAttributesCount": 1}
BAD = {"timeUnixNano": "soon", "body": {"stringValue": "three"}}


def record(body: str) -> dict[str, Any]:
    return {"timeUnixNano": "1772355600123456789", "severityNumber": 9, "body": {"stringValue": body}}


def export(*records: Any) -> dict[str, Any]:
    return {"resourceLogs": [{"resource": SHOP, "scopeLogs": [{"scope": {"name": "orders"}, "logRecords": list(records)}]}]}


EXPORT = {
    "resourceLogs": [
        {
            "resource": SHOP,
            "schemaUrl": "https://opentelemetry.io/schemas/1.27.0",
            "scopeLogs": [
                {"scope": {"name": "orders", "version": "1"}, "logRecords": [record("one"), record("two")]},
                {"scope": {"name": "empty"}},
                {"scope": {"name": "stock"}, "logRecords": [BAD], "schemaUrl": ""},
            ],
        },
        {"resource": PAY, "scopeLogs": [{"logRecords": [{"body": {"stringValue": "four"}}]}], "entity": {"id": 7}},
        {"resource": {}},
    ]
}


def documents(found: list[Event | Rejected]) -> list[dict[str, Any]]:
    return [orjson.loads(item.body) for item in found if isinstance(item, Event)]


def test_each_record_is_an_event_with_its_resource_and_scope_and_what_stands_beside_them() -> None:
    found = NORMALISER.normalise(orjson.dumps(EXPORT), AT)
    one, two, four = documents(found)
    assert [one["event"]["id"], two["event"]["id"], four["event"]["id"]] == [AT.within(index).id() for index in (0, 1, 3)]
    assert (one["message"], two["message"], four["message"]) == ("one", "two", "four")
    assert (one["service"], two["service"], four["service"]) == ({"name": "shop"}, {"name": "shop"}, {"name": "pay"})
    assert one["log"] == two["log"] == {"logger": "orders", "level": "info"}
    assert (one["@timestamp"], four["@timestamp"]) == ("2026-03-01T09:00:00.123Z", "2026-11-23T08:00:00.250Z")
    assert one["otel"]["other"] == {
        "resource_schema": "https://opentelemetry.io/schemas/1.27.0",
        "scope": {"version": "1"},
    }
    assert four["otel"]["other"] == {"resource": {"attributes": {}, "droppedAttributesCount": 1}, "entity": {"id": 7}}


def test_a_record_that_is_refused_is_kept_by_itself_with_all_that_is_said_of_it() -> None:
    refused = NORMALISER.normalise(orjson.dumps(EXPORT), AT)[2]
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.type, refused.at) == ("malformed", "otel", AT.within(2))
    assert refused.detail.startswith("time: ")
    schema = "https://opentelemetry.io/schemas/1.27.0"
    assert orjson.loads(refused.original) == {"resource": SHOP, "resource_schema": schema, "scope": {"name": "stock"}, **BAD}
    assert refused.given == Given("default", "otel")
    mended = refused.original.replace(b'"soon"', b'"1772355600123456789"')
    (event,) = NORMALISER.normalise(mended, refused.at, refused.given)
    assert isinstance(event, Event)
    assert event.id == AT.within(2).id()
    assert orjson.loads(event.body)["message"] == "three"


def test_what_is_no_record_is_refused_without_its_neighbours() -> None:
    found = NORMALISER.normalise(orjson.dumps(export(record("one"), 7, {}, record("two"))), AT)
    assert [item.original if isinstance(item, Rejected) else item.id for item in found] == [
        AT.within(0).id(),
        b"7",
        AT.within(2).id(),
        AT.within(3).id(),
    ]


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        ({"resourceLogs": []}, "resourceLogs: an export without a log record"),
        ({"resourceLogs": [{}, {"resource": SHOP}]}, "resourceLogs: an export without a log record"),
        ({"resourceLogs": [7]}, "resourceLogs: expected a list of objects, found int in it"),
        ({"resourceLogs": [{"scopeLogs": {}}, *EXPORT["resourceLogs"]]}, "scopeLogs: expected a list, found dict"),
        ({"resourceLogs": [{"scopeLogs": [{"logRecords": "x"}]}]}, "logRecords: expected a list, found str"),
        (
            {"resourceLogs": [{"instrumentationLibraryLogs": [{"logs": [record("old")]}]}, *EXPORT["resourceLogs"]]},
            "scopeLogs: no entries, but 'instrumentationLibraryLogs', which OTLP does not know",
        ),
        ({"resourceLogs": [{"scopeLogs": [{"logs": [record("old")]}]}]}, "logRecords: no entries, but 'logs'"),
    ],
)
def test_an_export_whose_records_cannot_be_found_is_kept_whole(content: dict[str, Any], detail: str) -> None:
    for data in (orjson.dumps(content), named("otel", content)):
        (refused,) = NORMALISER.normalise(data, AT)
        assert isinstance(refused, Rejected)
        assert (refused.reason, refused.type, refused.original, refused.at) == ("malformed", "otel", data, AT)
        assert refused.detail.startswith(detail)


def test_an_export_that_its_resource_makes_too_large_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    data = orjson.dumps(export(*[{}] * 20))
    monkeypatch.setattr(inflate, "LARGEST", 20 * len(orjson.dumps({"resource": SHOP, "scope": {"name": "orders"}})) - 1)
    (refused,) = NORMALISER.normalise(data, AT)
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.original) == ("too_large", data)
    assert len(NORMALISER.normalise(orjson.dumps(export(*[{}] * 19)), AT)) == 19


def test_the_log_events_of_a_subscription_may_be_exports() -> None:
    messages = [orjson.dumps(export(record("one"), record("two"))).decode(), orjson.dumps(export(record("three"))).decode()]
    found = NORMALISER.normalise(
        orjson.dumps(
            {
                "messageType": "DATA_MESSAGE",
                **{"owner": "111122223333", "logGroup": "g", "logStream": "s"},
                "logEvents": [{"id": str(index), "timestamp": 1, "message": text} for index, text in enumerate(messages)],
            }
        ),
        AT,
    )
    ids = [AT.within(0).within(0).id(), AT.within(0).within(1).id(), AT.within(1).within(0).id()]
    assert [document["event"]["id"] for document in documents(found)] == ids
    assert log_event_id(1, "111122223333", "g", "s", "0") not in ids


def test_an_envelope_gives_its_tenant_to_every_record() -> None:
    found = NORMALISER.normalise(orjson.dumps({"tenant": "acme", "message": EXPORT}), AT)
    assert [document["tenant"] for document in documents(found)] == ["acme"] * 3
    assert isinstance(found[2], Rejected)
    assert (found[2].tenant, found[2].given) == ("acme", Given("acme", "otel"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(nearly(EXPORT))
def test_a_damaged_export_is_accounted_for(content: Any) -> None:
    """Each part of it that is left is an event as its schema has it, or is kept with the reason."""
    held = Held()
    data = orjson.dumps(content)
    found = Normaliser(default_tenant="default", finish=held).normalise(data, AT)
    assert held.wrong == []
    assert found
    if isinstance(found[0], Rejected) and found[0].at == AT:
        assert [(item.original, item.type) for item in found if isinstance(item, Rejected)] == [(data, found[0].type)]
        return
    for index, item in enumerate(found):
        at = AT.within(index)
        assert item.id == at.id() if isinstance(item, Event) else item.at == at
        if isinstance(item, Rejected):
            (again,) = NORMALISER.normalise(item.original, item.at, item.given)
            assert isinstance(again, Rejected)
            assert (again.at, again.original, again.given, again.type) == (item.at, item.original, item.given, "otel")


def test_two_spellings_of_a_field_and_the_tables_own_lose_nothing() -> None:
    written = {"timeUnixNano": "1772355600123456789", "time": "mine", "timestamp": "yours", "body": "b", "severity_text": "INFO"}
    found = otel.parse(written, Stamp("2026-11-23T08:00:00.250Z", "acme", "2026-11-23T08:00:00.250Z"))
    assert found["@timestamp"] == "2026-03-01T09:00:00.123Z"
    assert found["otel"] == {"other": {"time_": "mine", "timestamp": "yours"}}
