"""The logs of storage and compute: lists of their records."""

from __future__ import annotations

import orjson
import pytest

from common.logtypes.samples import samples_of
from common.model import Event, Rejected
from tests.unit.logtypes.every_type import AT, NORMALISER, data


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
