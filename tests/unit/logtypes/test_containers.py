"""Logs of containers: what their samples cannot show."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import app_log
from common.learned import Learned
from common.logtype import Stamp
from common.logtypes import OBJECT_TYPES, container_cri
from common.logtypes.samples import samples_of
from common.model import Event
from common.stack_traces import PYTHON, take_out, take_out_any
from tests.unit.logtypes.every_type import alone, data
from tests.unit.logtypes.nearly import VALUES, nearly

#: What containers wrote, in the samples.
TEXTS = [found.record["log"] for found in samples_of("container") if "log" in found.record]
CRI_LINES = [found.record for found in samples_of("container_cri")]
STAMP = Stamp("2026-11-23T08:00:00.250Z", "acme", "2026-11-23T08:00:00.250Z")
CONTAINER = {"log": "x", "stream": "stdout", "time": "2026-11-23T08:00:01Z"}


def event(record: Any) -> dict[str, Any]:
    found = alone(data(record))
    assert isinstance(found, Event), found
    document: dict[str, Any] = orjson.loads(found.body)
    return document


@pytest.mark.parametrize(
    "record",
    [
        {"log": "x"},
        {"log": "2026-11-23T08:00:01.1Z a line of another format"},
        {"log": "x", "stream": "tcp", "time": "2026-11-23T08:00:01Z"},
        {"log": {"level": "info"}, "stream": "stdout", "time": "2026-11-23T08:00:01Z"},
        {"message": "x", "stream": "stdout", "time": "2026-11-23T08:00:01Z"},
        {"message": "x", "level": "info", "kubernetes": "yes"},
        {"message": "x", "level": "info", "kubernetes": {"pod_name": "web-0"}},
        {"message": "x", "container_id": "b3c2", "container_name": "web", "source": "shop"},
        {
            "metric": "fluentbit_output_retries_total",
            "ecs_cluster": "c",
            "ecs_task_arn": "a:task/b",
            "ecs_task_definition": "d:1",
        },
        {"Type": "Pod", "kubernetes": {"pod_name": "web-0", "namespace_name": "shop"}, "Timestamp": "1795420801000"},
    ],
)
def test_objects_with_half_the_shape_are_not_taken(record: dict[str, Any]) -> None:
    asked = [found for found in OBJECT_TYPES if found.name == "container" and found.shape(frozenset(record))]
    assert [found.name for found in asked if found.recognise(record)] == []


def test_json_nested_deeper_than_can_be_written_is_text() -> None:
    text = '{"a":' * 300 + "1" + "}" * 300
    assert event(CONTAINER | {"log": text})["message"] == text


def test_json_of_many_objects_is_still_json() -> None:
    lines = [{"article": number} for number in range(200)]
    found = event(CONTAINER | {"log": orjson.dumps({"message": "order", "lines": lines}).decode()})
    assert (found["message"], found["app"]) == ("order", {"lines": lines})


@given(VALUES, VALUES, VALUES)
def test_json_of_any_values_never_keeps_a_log_from_being_found(level: Any, time: Any, message: Any) -> None:
    said = orjson.dumps({"level": level, "time": time, "message": message, "user": level, "error": time}, default=str)
    found = event(CONTAINER | {"log": said.decode()})
    assert found["@timestamp"] == "2026-11-23T08:00:01.000Z" or found["event"]["created"] == "2026-11-23T08:00:01.000Z"


@given(st.data())
def test_a_text_with_other_pieces_never_keeps_a_log_from_being_found(data: st.DataObject) -> None:
    text = data.draw(nearly(data.draw(st.sampled_from(TEXTS))))
    found = event(CONTAINER | {"log": text})
    assert found["container"]["stream"] in ("stdout", "stderr")
    assert set(found) - {"message", "error", "app", "log", "http", "service", "trace", "span", "user", "source"} == {
        *("@timestamp", "event", "tenant", "container")
    }


@given(st.data())
def test_the_usual_cri_line_makes_the_event_of_any_line(data: st.DataObject) -> None:
    line = data.draw(nearly(data.draw(st.sampled_from(CRI_LINES)))).strip()
    fast = container_cri.quick(line, "the-id", STAMP)
    if fast is None:
        return
    assert container_cri.LOG_TYPE.recognise(line)
    slow = container_cri.parse(line, STAMP)
    slow["event"] |= {"id": "the-id", "dataset": "container", "ingested": STAMP.ingested}
    assert orjson.loads(fast) == slow | {"tenant": "acme"}


def test_a_usual_cri_line_is_quick() -> None:
    assert container_cri.quick(CRI_LINES[0], "the-id", STAMP) is not None
    assert container_cri.quick(CRI_LINES[1], "the-id", STAMP) is not None
    assert container_cri.quick("2026-11-31T08:00:01.1Z stdout F no such day", "the-id", STAMP) is None


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "time": st.sampled_from(["2026-11-23T08:00:01Z", "2026-11-23T08:00:02Z", 12, "soon"]),
            "level": st.sampled_from(["info", "ERROR", 50, None]),
            "message": st.sampled_from(["text", "two\nlines\n", "", "failed\nError: sent twice\n    at <anonymous>", 7]),
            "error": st.sampled_from(["CardError", {"type": "CardError"}, ""]),
            "status": st.sampled_from([200, "503", 7]),
            "order": st.sampled_from([{"id": 7}, None]),
        },
    )
)
def test_a_log_whose_shape_came_often_is_what_it_was_at_first(said: dict[str, Any]) -> None:
    line = f"2026-11-23T08:00:01Z stdout F {orjson.dumps(said).decode()}"
    with patch.object(app_log, "_LEARNED", Learned()):
        made = [orjson.dumps(container_cri.parse(line, STAMP)) for _ in range(10)]
    assert made == [made[0]] * 10


@pytest.mark.parametrize(
    "text",
    [
        "checkout failed\nError [ERR_HTTP]: sent twice\n    at f (node:internal/x:1:2)",
        "checkout failed\nError: sent twice\n    at <anonymous>",
        "checkout failed\nUncaught Error: sent twice\n    at native",
        "checkout failed\nshop.Error: sent twice\n\tat shop.Main.main(Main.java:1)",
        'checkout failed\nException in thread "main" shop.Error: sent twice\n\tat shop.Main.main(Main.java:1)',
        "checkout failed\nTraceback (most recent call last):\n  File x\nKeyError: 1\n\nDuring handling …\n\n"
        "Traceback (most recent call last):\n  File y\nshop.Error: sent twice",
        "checkout failed\nfatal error: sent twice\n\ngoroutine 7 [running]:\nmain.main()",
    ],
)
def test_a_stack_trace_of_any_language_is_taken_out(text: str) -> None:
    record: dict[str, Any] = {"message": text}
    assert take_out_any(record)
    assert (record["message"], record["error_message"]) == ("checkout failed", "sent twice")
    assert f"{record['message']}\n{record['stack_trace']}" == text


@pytest.mark.parametrize(
    "text", ["one line", "look at\nError\n    at home", "a\nb: c\n  d", "Traceback (most recent call last):\n  x"]
)
def test_other_text_is_left_as_it_is(text: str) -> None:
    record = {"message": text}
    assert not take_out_any(record)
    assert record == {"message": text}


def test_a_text_of_nothing_but_beginnings_of_tracebacks_is_read_in_time() -> None:
    """Each beginning used to be tried to the end of the text: half a megabyte would have taken a minute."""
    record = {"message": "Traceback (most recent call last):\n" * 15_000}
    started = time.monotonic()
    assert not take_out(record, PYTHON)
    assert time.monotonic() - started < 5
