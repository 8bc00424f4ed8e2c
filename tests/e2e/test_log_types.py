"""The index takes an event of every log type as it is: no field of it is left out for its value, and none reaches the mapping."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from localrun.aws import session
from localrun.state import State
from producers.batch import StreamWriter
from tests.e2e.every_sample import Sent, every_sample
from tests.e2e.index import MADE, of_tenant, search, wait_for

TENANT = "every_type"


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    return every_sample(TENANT)


@pytest.fixture(scope="module")
def documents(pipeline: State, sent: list[Sent]) -> list[dict[str, Any]]:
    """What the index has of them."""
    writer = StreamWriter(session(pipeline.endpoints.aws).client("kinesis"), pipeline.outputs["ingestion"]["RawStream"], 2**20)
    writer.put([sample.record for sample in sent])
    ids = [sample.event["event"]["id"] for sample in sent if sample.dataset.startswith("weir.")]

    def look() -> list[dict[str, Any]]:
        # Applications make metrics of the others.
        query = {"bool": {"filter": [{"term": {"tenant": TENANT}}, {"ids": {"values": ids}}]}}
        as_made = search(pipeline.endpoints.opensearch, query, MADE)
        return of_tenant(pipeline.endpoints.opensearch, TENANT) + as_made

    return wait_for(look, lambda found: len(found) >= len(sent))


def content(dataset: str, event: dict[str, Any]) -> str:
    """The event without what the pipeline adds, and without its time, which some logs leave to the day they arrive on."""
    described = {name: value for name, value in event["event"].items() if name not in ("id", "dataset", "ingested")}
    rest = {name: value for name, value in event.items() if name not in ("@timestamp", "event", "tenant")}
    written = json.dumps({"dataset": dataset, "described": described, **rest}, sort_keys=True)
    return json.dumps(json.loads(written, parse_int=float))  # 0 and 0.0 are the same number


def test_every_sample_is_a_document_with_the_samples_values(documents: list[dict[str, Any]], sent: list[Sent]) -> None:
    found = Counter(content(document["event"]["dataset"], document) for document in documents)
    expected = Counter(content(sample.dataset, sample.event) for sample in sent)
    assert (expected - found, found - expected) == (Counter(), Counter())


@pytest.mark.usefixtures("documents")
def test_no_field_was_left_out_of_the_index_for_its_value(pipeline: State) -> None:
    ignored = {"bool": {"filter": [{"term": {"tenant": TENANT}}, {"exists": {"field": "_ignored"}}]}}
    assert search(pipeline.endpoints.opensearch, ignored, "logs-*") == []
