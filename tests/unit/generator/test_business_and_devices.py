"""What the generators of business events and devices write is read back as what it was."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from common.logtypes import TYPES
from common.model import Coordinates, Event
from common.recognise import Normaliser
from producers.generator import business, devices
from producers.generator.clock import Moment, moment

AT = Coordinates("weir-test-raw", "shardId-000000000000", "1", 1_795_420_800_250, partition_key="k")
START = 1_795_420_800.123
MAKERS: dict[str, Callable[[random.Random, Moment], dict[str, Any]]] = {
    "order": business.order,
    "payment": business.payment,
    "stock": business.stock,
    "iot_telemetry": devices.iot_telemetry,
    "vehicle_position": devices.vehicle_position,
    "machine_measurement": devices.machine_measurement,
}
RECORDS = 400


def records(name: str, seed: int = 7) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [MAKERS[name](rng, moment(START + number * 97)) for number in range(RECORDS)]


def document(record: dict[str, Any]) -> dict[str, Any]:
    (event,) = Normaliser(default_tenant="default").normalise(orjson.dumps(record), AT)
    assert isinstance(event, Event), event
    found: dict[str, Any] = orjson.loads(event.body)
    return found


def at(event: dict[str, Any], path: str) -> Any:
    """The field at a dotted path, taken out of the event; None where there is none."""
    *holders, name = path.split(".") if path != "@timestamp" else [path]
    for step in holders:
        event = event.get(step, {})
    return event.pop(name, None)


def unread(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """The record an event of type `name` was made of."""
    record: dict[str, Any] = {}
    for source, target in TYPES[name].fields.items():
        value = at(event, target)
        if value is not None:
            *above, key = source.split(".")
            holder = record
            for step in above:
                holder = holder.setdefault(step, {})
            holder[key] = value
    if place := at(event, "geo.location"):
        record |= place
    if measures := at(event, "iot.measures"):
        record["measures"] |= measures
    for path in TYPES[name].own:
        if path.endswith(".other"):
            record |= at(event, path) or {}
    return record


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_written_is_read_back(name: str) -> None:
    for record in records(name):
        event = document(record)
        assert event["event"]["dataset"] == TYPES[name].dataset
        assert unread(name, event) == record


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_seed_gives_the_same_records(name: str) -> None:
    assert records(name) == records(name)
    assert records(name) != records(name, seed=8)


def test_some_payments_are_declined_and_tell_why() -> None:
    documents = [document(record) for record in records("payment")]
    declined = [found["event"] for found in documents if found["event"]["outcome"] == "failure"]
    assert 4 <= len(declined) <= 40
    assert {(event["code"], event["reason"]) for event in declined} <= {
        ("51", "insufficient funds"),
        ("54", "expired card"),
        ("05", "do not honour"),
    }


def test_a_machine_shakes_and_runs_hot_before_it_fails() -> None:
    found = records("machine_measurement")
    worn = [record for record in found if record["vibration_mm_s"] > 6]
    assert 1 <= len(worn) <= 40
    assert all(record["temperature_c"] > 78 for record in worn)
    assert all(record["temperature_c"] < 78 for record in found if record["vibration_mm_s"] <= 6)
    failed = [record for record in found if record["state"] == "failed"]
    assert all(record in worn and record["error_code"] == "E-117" and record["rotation_rpm"] == 0 for record in failed)
