"""The logs of storage and compute: what no sample shows, records that are nearly theirs, and lists of them."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.logtypes.samples import samples_of
from common.model import Event, Rejected
from tests.unit.logtypes.every_type import AT, NORMALISER, data, is_line
from tests.unit.logtypes.nearly import PIECES, VALUES, check

NAMES = ["s3_access", "s3_notification", "dynamodb_change", "dms_change", "eks_audit", "lambda_platform"]
NAMES += ["lambda_report", "api_gateway_rest", "api_gateway_http"]
LINES = [(name, sample.record) for name in NAMES if is_line(name) for sample in samples_of(name)]
OBJECTS = [(name, sample.record) for name in NAMES if not is_line(name) for sample in samples_of(name)]


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Every object of a record that holds something, itself included."""
    if isinstance(value, list):
        return [found for item in value for found in objects_in(item)]
    if not isinstance(value, dict) or not value:
        return []
    return [value, *(found for item in value.values() for found in objects_in(item))]


@given(st.sampled_from(LINES), st.integers(0, 2_000), st.integers(0, 40), PIECES | st.text(max_size=6))
def test_a_line_with_a_piece_replaced(taken: tuple[str, str], start: int, length: int, piece: str) -> None:
    name, line = taken
    start %= len(line)
    check(name, line[:start] + piece + line[start + length :])


@given(st.sampled_from(LINES), st.integers(0, 2_000))
def test_a_line_cut_off_anywhere(taken: tuple[str, str], end: int) -> None:
    name, line = taken
    check(name, line[: end % len(line)])


@given(st.sampled_from(OBJECTS), st.data())
def test_an_object_with_a_value_replaced_at_any_depth(taken: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    name, record = taken
    changed = copy.deepcopy(record)
    inner = data.draw(st.sampled_from(objects_in(changed)))
    # EventBridge's own names say that it is an event of EventBridge.
    names = sorted(set(inner) - {"detail-type", "detail"})
    if names:
        inner[data.draw(st.sampled_from(names))] = data.draw(VALUES)
    check(name, changed)


@given(st.sampled_from(OBJECTS), st.data())
def test_an_object_with_a_value_missing_at_any_depth(taken: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    name, record = taken
    changed = copy.deepcopy(record)
    inner = data.draw(st.sampled_from(objects_in(changed)))
    names = sorted(set(inner) - {"detail-type", "detail"})
    if names:
        del inner[data.draw(st.sampled_from(names))]
    check(name, changed)


@pytest.mark.parametrize("name", ["s3_notification", "dynamodb_change"])
def test_each_record_of_a_list_is_an_event(name: str) -> None:
    samples = [sample for sample in samples_of(name) if "eventSource" in sample.record]
    assert len(samples) >= 2
    found = NORMALISER.normalise(data({"Records": [sample.record for sample in samples]}), AT)
    for event, sample in zip(found, samples, strict=True):
        assert isinstance(event, Event)
        document = orjson.loads(event.body)
        assert document["@timestamp"] == sample.event["@timestamp"]
        assert document["aws"] == sample.event["aws"]


@pytest.mark.parametrize("name", ["s3_notification", "dynamodb_change"])
def test_a_bad_record_of_a_list_leaves_the_others(name: str) -> None:
    good = next(sample for sample in samples_of(name) if "eventSource" in sample.record)
    bad, event = NORMALISER.normalise(data({"Records": ["text", good.record]}), AT)
    assert isinstance(bad, Rejected)
    assert (bad.reason, bad.original) == ("malformed", b'"text"')
    assert isinstance(event, Event)
    assert orjson.loads(event.body)["@timestamp"] == good.event["@timestamp"]


def test_an_empty_list_is_refused() -> None:
    (found,) = NORMALISER.normalise(b'{"Records": []}', AT)
    assert isinstance(found, Rejected)
    assert (found.reason, found.detail) == ("malformed", "Records: an empty list")
