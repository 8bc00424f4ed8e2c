"""A document is never refused for how many fields it has, how deep they are, or of what types."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from localrun.aws import session
from localrun.search import Search
from localrun.state import State
from producers.batch import StreamWriter
from tests.e2e.index import of_tenant, wait_for

TENANT = "fields"
LOG = {"timestamp": "2026-11-25T08:00:00.000Z", "level": "info", "message": "many fields"}


def nested(depth: int) -> Any:
    """Objects in each other."""
    value: Any = "bottom"
    for level in range(depth):
        value = {f"level{level}": value}
    return value


LOGS = {
    "10,000 keys": {f"key_{number}": number for number in range(10_000)},
    "100 levels": {"deep": nested(100)},
    "a list of objects of every type": {"mixed": [1, "a", None, {"b": [True, {"c": 1.5}]}, [[]], {}]},
    "one key of another type each time": {"changing": {"of": "type"}},
    "the same key, now a number": {"changing": 1},
    "keys with dots, and empty ones": {"a.b": 1, "a": {"b": 2}, "": "empty", ".": "dot", "x..y": 3},
}


@pytest.fixture(scope="module")
def documents(pipeline: State) -> dict[str, dict[str, Any]]:
    """What the index has of LOGS, by name."""
    writer = StreamWriter(session(pipeline.endpoints.aws).client("kinesis"), pipeline.outputs["ingestion"]["RawStream"], 2**20)
    writer.put(
        [
            json.dumps({"type": "app", "tenant": TENANT, "message": LOG | {"name": name, **log}}).encode()
            for name, log in LOGS.items()
        ]
    )
    found = wait_for(lambda: of_tenant(pipeline.endpoints.opensearch, TENANT), lambda found: len(found) >= len(LOGS))
    return {document["app"]["name"]: document for document in found}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_in_the_index_whole(name: str, documents: dict[str, dict[str, Any]]) -> None:
    assert documents[name]["app"] == {"name": name, **LOGS[name]}
    assert documents[name]["message"] == "many fields"


def test_none_of_it_has_reached_the_mapping(pipeline: State, documents: dict[str, dict[str, Any]]) -> None:
    assert len(documents) == len(LOGS)
    with closing(Search(pipeline.endpoints.opensearch)) as search:
        answer = search.ask("GET", f"/logs-app-{TENANT}-*/_mapping")
    for index in answer.values():
        assert index["mappings"]["properties"]["app"] == {"type": "flat_object"}
