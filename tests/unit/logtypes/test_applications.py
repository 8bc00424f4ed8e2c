"""Logs of applications, devices and business: what their samples cannot show."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.levels import judge, level_of
from common.logtypes import LINE_TYPES, OBJECT_TYPES
from common.model import Event
from common.time_of_day import nearest
from tests.unit.logtypes.every_type import alone, data

LINES = ("java", "dotnet", "python_log", "logfmt")
OBJECTS = (
    *("serilog", "otel", "order", "payment", "stock"),
    *("iot_telemetry", "vehicle_position", "machine_measurement"),
)


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-01 10:00:00 UTC:10.0.0.1(5432):app@shop:[123]:LOG:  duration: 12.3 ms",
        "2026-03-01 10:00:00.123 UTC [123] LOG:  checkpoint starting: time",
        "2026-03-01T10:00:00.123456Z 0 [System] [MY-010116] [Server] mysqld starting",
        "2026-03-01 10:00:00 0 [Note] InnoDB: Buffer pool(s) load completed",
        "[2026-03-01 10:00:00,123] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)",
        "2026/03/01 10:00:00 [error] 123#123: *1 open() failed",
        "2026-03-01T10:00:00.123456+00:00 web-1 sshd[123]: Accepted publickey for ada",
        "Mar  1 10:00:00 web-1 sshd[123]: Accepted publickey for ada",
        "type=SYSCALL msg=audit(1772355600.123:42): arch=c000003e level=info msg=x",
        "node=web-1 type=USER_LOGIN msg=audit(1772355600.123:42): level=1",
        "[Sun Mar 01 10:00:00.123456 2026] [core:error] [pid 1] AH00037: no",
        "2026-03-01T10:00:00.123Z  INFO shop::orders: placed order=17",
        "1:M 01 Mar 2026 10:00:00.123 * Ready to accept connections",
        "START RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189 Version: $LATEST",
        "I0301 10:00:00.123456       1 server.go:42] listening",
        "name=value other=thing",
    ],
)
def test_lines_of_other_formats_are_left_to_them(line: str) -> None:
    assert [found.name for found in LINE_TYPES if found.name in LINES and found.recognise(line)] == []


@pytest.mark.parametrize(
    "record",
    [
        {"event": "login", "order_id": 7},
        {"event": {"action": "order.placed"}, "order_id": 7},
        {"device_id": "d", "measures": 5},
        {"vehicle_id": "v", "lat": 91, "lon": 0},
        {"machine_id": "m", "level": "info", "message": "x"},
        {"body": "x", "severity_text": "INFO"},
        {"@t": "2026-03-01T10:00:00Z"},
        {"resourceLogs": {}},
    ],
)
def test_objects_with_half_the_shape_are_not_taken(record: dict[str, Any]) -> None:
    asked = [found for found in OBJECT_TYPES if found.name in OBJECTS and set(found.keys) <= set(record)]
    assert [found.name for found in asked if found.recognise(record)] == []


@pytest.mark.parametrize("level", [10, 20, 30, 40, 50, 60])
def test_a_bunyan_record_is_an_application_log(level: int) -> None:
    record = {
        "name": "shop",
        "hostname": "web-1",
        "pid": 7,
        "level": level,
        "msg": "x",
        "time": "2026-03-01T10:00:00.123Z",
        "v": 0,
    }
    found = alone(data(record))
    assert isinstance(found, Event)
    document = orjson.loads(found.body)
    assert document["event"]["dataset"] == "app"
    assert document["@timestamp"] == "2026-03-01T10:00:00.123Z"
    assert document["log"] == {"level": {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}[level]}


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:00:00.250", "2026-11-23T08:00:00.250Z"),
        ("07:59:59,9", "2026-11-23T07:59:59.900Z"),
        ("19:59:00", "2026-11-23T19:59:00.000Z"),
        ("20:01:00.1234567", "2026-11-22T20:01:00.123Z"),
        ("00:00:00", "2026-11-23T00:00:00.000Z"),
    ],
)
def test_a_time_of_day_is_on_the_day_nearest_to_its_arrival(clock: str, expected: str) -> None:
    assert nearest(clock, "2026-11-23T08:00:00.250Z") == expected


def test_a_time_of_day_just_after_midnight_may_be_of_tomorrow() -> None:
    assert nearest("00:00:01", "2026-12-31T23:59:59.000Z") == "2027-01-01T00:00:01.000Z"


@pytest.mark.parametrize("clock", ["24:00:00", "12:60:00", "12:00:61"])
def test_what_is_no_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(ValueError, match=r"must be in|Invalid"):
        nearest(clock, "2026-11-23T08:00:00.250Z")


@pytest.mark.parametrize(
    ("word", "level"),
    [("WARN", "warn"), (" Error ", "error"), ("FTL", "fatal"), ("trce", "trace"), ("fail", "error"), ("", None), (7, None)],
)
def test_levels_are_named_in_full(word: object, level: str | None) -> None:
    assert level_of(word) == level


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"log": {"level": "severe"}}, "failure"),
        ({"log": {"level": "warning"}}, "success"),
        ({"log": {"level": "warn"}, "error": {"type": "E"}}, "success"),
        ({"error": {"type": "E"}}, "failure"),
        ({}, "success"),
    ],
)
def test_outcome_follows_the_level_or_else_an_error(fields: dict[str, Any], outcome: str) -> None:
    event: dict[str, Any] = {"event": {}, **fields}
    judge(event)
    assert event["event"] == {"type": ["error" if outcome == "failure" else "info"], "outcome": outcome}
