"""JSON application logs, in the words of the loggers that write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import app_log
from common.logtype import Malformed
from common.model import Rejected
from tests.unit.common.conftest import Document

LOG = {"timestamp": "2024-07-30T21:31:21.5+02:00", "level": "INFO", "message": "order placed"}


def test_a_log_with_everything(document: Callable[..., Document]) -> None:
    found = document(
        LOG
        | {
            "service": "shop",
            "trace_id": "1-66a9",
            "span_id": "b7ad",
            "status": 200,
            "latency_ms": 12.5,
            "user": "alice",
            "user_id": 42,
            "client_ip": "198.51.100.7",
            "order": {"id": 7, "lines": [1, 2]},
            "nothing": None,
        }
    )
    assert len(found["event"].pop("id")) == 18
    assert found == {
        "@timestamp": "2024-07-30T19:31:21.500Z",
        "event": {
            "dataset": "app",
            "category": ["web"],
            "type": ["info"],
            "outcome": "success",
            "duration": 12_500_000,
            "ingested": "2026-11-23T08:00:00.250Z",
        },
        "tenant": "default",
        "log": {"level": "info"},
        "message": "order placed",
        "service": {"name": "shop"},
        "trace": {"id": "1-66a9"},
        "span": {"id": "b7ad"},
        "http": {"response": {"status_code": 200}},
        "user": {"name": "alice", "id": "42"},
        "source": {"ip": "198.51.100.7"},
        "app": {"order": {"id": 7, "lines": [1, 2]}},
    }


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({"@timestamp": "2024-07-30T21:31:21Z"}, "2024-07-30T21:31:21.000Z"),
        ({"time": 1722375081}, "2024-07-30T21:31:21.000Z"),
        ({"ts": 1722375081.25}, "2024-07-30T21:31:21.250Z"),
        ({"time": 1722375081250}, "2024-07-30T21:31:21.250Z"),
        ({"ts": 1722375081250000}, "2024-07-30T21:31:21.250Z"),
        ({"ts": 1722375081250000000}, "2024-07-30T21:31:21.250Z"),
        ({"time": "1722375081250"}, "2024-07-30T21:31:21.250Z"),
        ({}, "2026-11-23T08:00:00.250Z"),
        ({"timestamp": None}, "2026-11-23T08:00:00.250Z"),
    ],
)
def test_its_time_or_that_of_its_arrival(time: dict[str, Any], expected: str, document: Callable[..., Document]) -> None:
    assert document({"level": "info", "message": "x", **time})["@timestamp"] == expected


@pytest.mark.parametrize(
    "log",
    [
        {
            "@timestamp": "2024-07-30T21:31:21Z",
            "log.level": "Error",
            "message": "m",
            "service.name": "s",
            "trace.id": "t",
            "error.type": "E",
        },
        {
            **{"@timestamp": "2024-07-30T21:31:21Z", "log": {"level": "ERROR"}, "message": "m"},
            **{"service": {"name": "s"}, "trace": {"id": "t"}, "error": {"type": "E"}},
        },
        {"time": 1722375081000, "level": 50, "msg": "m", "service_name": "s", "traceId": "t", "error": {"name": "E"}},
        {
            "timestamp": "2024-07-30 21:31:21,000+0000",
            "severity": "error",
            "message": "m",
            "service": "s",
            "xray_trace_id": "t",
            "exception_name": "E",
        },
    ],
    ids=["ecs dotted", "ecs nested", "pino", "powertools"],
)
def test_loggers_that_say_the_same_make_the_same_document(log: dict[str, Any], document: Callable[..., Document]) -> None:
    found = document(log)
    assert found.pop("event")["outcome"] == "failure"
    assert found == {
        "@timestamp": "2024-07-30T21:31:21.000Z",
        "tenant": "default",
        "log": {"level": "error"},
        "message": "m",
        "service": {"name": "s"},
        "trace": {"id": "t"},
        "error": {"type": "E"},
    }


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"level": "warning"}, "success"),
        ({"level": "ERROR"}, "failure"),
        ({"level": "Critical"}, "failure"),
        ({"level": "fatal"}, "failure"),
        ({"status": 499}, "success"),
        ({"status": 500}, "failure"),
        ({"status_code": "503"}, "failure"),
        ({"http": {"response": {"status_code": 503}}}, "failure"),
        ({"http.response.status_code": 503}, "failure"),
    ],
)
def test_outcome_follows_level_and_status(fields: dict[str, Any], outcome: str, document: Callable[..., Document]) -> None:
    assert document(LOG | fields)["event"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"error": "boom"}, {"message": "boom"}),
        (
            {"error": {"type": "E", "message": "boom", "stack_trace": "at x"}},
            {"type": "E", "message": "boom", "stack_trace": "at x"},
        ),
        ({"error": {"name": "E", "stack": "at x"}}, {"type": "E", "stack_trace": "at x"}),
        ({"exception_name": "E", "exception": "Traceback"}, {"type": "E", "stack_trace": "Traceback"}),
        ({"exc_info": "Traceback"}, {"stack_trace": "Traceback"}),
    ],
)
def test_errors(error: dict[str, Any], expected: dict[str, str], document: Callable[..., Document]) -> None:
    found = document(LOG | error)
    assert found["error"] == expected
    assert "app" not in found


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "ok"},
        {"status": 7},
        {"service": 7},
        {"client_ip": "unknown"},
        {"user": {"plan": "free"}},
        {"latency_ms": "fast"},
        {"error": True},
        {"duration_ms": -1},
        {"duration_ms": 1e300},
        {"a.b": {"c": 1}},
        {"kubernetes": {"pod": "p"}},
    ],
)
def test_what_has_no_field_stays_as_it_is(fields: dict[str, Any], document: Callable[..., Document]) -> None:
    assert document(LOG | fields)["app"] == fields


def test_what_is_left_of_a_nested_object_is_kept_and_nothing_is_empty(document: Callable[..., Document]) -> None:
    found = document(
        LOG
        | {"http": {"response": {"status_code": 404}, "request": {"id": 1}}, "log": {"level": "info"}, "service": {"name": "s"}}
    )
    assert found["app"] == {"http": {"request": {"id": 1}}, "log": {"level": "info"}}
    assert found["http"] == {"response": {"status_code": 404}}


@pytest.mark.parametrize(("message", "expected"), [({"a": [1]}, '{"a":[1]}'), (7, "7"), (True, "true"), ("x", "x")])
def test_a_message_is_text(message: object, expected: str, document: Callable[..., Document]) -> None:
    assert document(LOG | {"message": message})["message"] == expected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"timestamp": "yesterday"}, "timestamp: "),
        ({"timestamp": True}, "timestamp: "),
        ({"@timestamp": {}}, "@timestamp: "),
        ({"timestamp": -1}, "timestamp: "),
        ({"level": 7}, "level: "),
        ({"level": ["info"]}, "level: "),
        ({"level": " "}, "level: "),
    ],
)
def test_a_wrong_time_or_level_is_named(fields: dict[str, Any], field: str, rejected: Callable[..., Rejected]) -> None:
    refused = rejected(LOG | fields)
    assert (refused.reason, refused.type) == ("malformed", "app")
    assert refused.detail.startswith(field)


@pytest.mark.parametrize("log", [{"message": "x"}, {"timestamp": 1, "action": "ALLOW"}, {"level": "info"}, {"a": 1}])
def test_one_field_alone_makes_no_log(log: dict[str, Any], rejected: Callable[..., Rejected]) -> None:
    assert rejected(log).reason == "unrecognised"


NAMES = st.sampled_from(
    [
        *(
            "@timestamp",
            "time",
            "ts",
            "level",
            "severity",
            "log.level",
            "log",
            "message",
            "msg",
            "service",
            "service.name",
            "trace_id",
        ),
        *("trace", "status", "http", "duration_ms", "user", "user_id", "ip", "source", "error", "error.type", "stack", "other"),
    ]
)
SAID = st.sampled_from(
    ["info", "2026-11-23T08:00:00Z", 1_795_420_800, 7, 30, 404, 2.5, "", None, True, "10.0.0.1", "text", ["a"]]
)
LOGS = st.dictionaries(
    NAMES, SAID | st.dictionaries(st.sampled_from(["name", "type", "ip", "id", "level"]), SAID, max_size=3), max_size=8
)


@given(LOGS, st.booleans())
def test_a_usual_log_says_what_it_says_place_by_place(record: dict[str, Any], strict: bool) -> None:
    def outcome(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Malformed as error:
            return str(error)

    steps = app_log.shape_of(tuple(record)).steps
    expected = outcome(lambda: app_log.by_steps(record, steps, strict=strict))
    assert outcome(lambda: app_log.read(record, strict=strict)) == expected


@given(LOGS, st.booleans())
def test_code_made_for_a_log_makes_of_it_what_is_read_and_put(record: dict[str, Any], strict: bool) -> None:
    found = often(record, strict=strict)
    if found is None:
        return
    values, rest = app_log.by_steps(record, app_log.shape_of(tuple(record)).steps, strict=strict)
    event: dict[str, Any] = {"event": {}}
    app_log.put(values, event)
    if rest:
        event["app"] = rest
    assert orjson.dumps(found) == orjson.dumps((values.get("time"), event))


def test_a_usual_log_of_a_shape_that_came_often_has_code() -> None:
    record = {
        "ts": "2026-11-23T08:00:00Z",
        "level": "ERROR",
        "msg": "",
        "status": 404,
        "elapsed_ms": 2.5,
        "ip": "10.0.0.1",
        "a": None,
    }
    event = {"type": ["error"], "outcome": "failure", "category": ["web"], "duration": 2_500_000}
    fields = {"event": event, "http": {"response": {"status_code": 404}}, "log": {"level": "error"}, "source": {"ip": "10.0.0.1"}}
    assert often(record, strict=True) == ("2026-11-23T08:00:00.000Z", fields)
    assert often(record | {"ts": 7}, strict=True) == ("1970-01-01T00:00:07.000Z", fields)
    assert often(record | {"ts": 7}, strict=False) is None


def often(record: dict[str, Any], *, strict: bool) -> Any:
    """What becomes of the record where its shape has come before."""
    for _ in range(10):
        found = app_log.fields(record, strict=strict)
    return found
