"""A yardstick counts whole calls against real time, and measures the pipeline's own records and documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench import yardsticks
from localrun.errors import LocalRunError


class Clock:
    """Time passes only while a call runs."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def call(self) -> None:
        self.now += 0.5


def test_the_rate_is_that_of_the_calls_after_a_round_that_warms_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(yardsticks, "time", clock)
    called: list[int] = []

    def counted() -> None:
        called.append(1)
        clock.call()

    assert yardsticks.rate([counted, counted], 100) == 200
    assert len(called) == 2 + yardsticks.SECONDS / 0.5


def test_the_documents_are_those_of_the_traffic_under_a_tenant_of_their_own() -> None:
    traffic = yardsticks.samples(1)[:2_000]
    documents = list(yardsticks.indexed(traffic))
    assert len(documents) == sum(sample.events for sample in traffic if not sample.malformed)
    assert {document.index.split("-")[2] for document in documents} == {yardsticks.TENANT}
    assert len({document.id for document in documents}) == len(documents)


@pytest.mark.parametrize(("status", "answer"), [(429, b"busy"), (200, b'{"errors":true}')])
def test_a_refusal_ends_the_measurement_instead_of_making_it_fast(status: int, answer: bytes) -> None:
    class Node:
        def request(self, *_: Any) -> tuple[int, bytes]:
            return status, answer

    node: Any = Node()
    with pytest.raises(LocalRunError, match=f"refuses the documents of the benchmark with {status}"):
        yardsticks.bulk(node, json.dumps({}).encode())
