"""A minute of traffic, made once, and what the functions make of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
import pytest

from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser
from producers.generator import Generator, Sample, Scenario

START = 1_795_420_800.0
SECONDS = 60.0
EVENTS_PER_STEP = 50
STEPS = 240
STREAM, SHARD = "weir-local-raw", "shardId-000000000001"


class Outcome(NamedTuple):
    """A record and what `normalise` writes for it."""

    sample: Sample
    expected: list[str]
    events: list[Event]
    rejected: list[Rejected]


@pytest.fixture(scope="package")
def scenario() -> Scenario:
    return Scenario(START, SECONDS)


@pytest.fixture(scope="package")
def minute(scenario: Scenario) -> list[Sample]:
    generator = Generator(7, scenario)
    return [sample for step in range(STEPS) for sample in generator.take(EVENTS_PER_STEP, START + (step + 1) * SECONDS / STEPS)]


@pytest.fixture(scope="package")
def outcomes(minute: list[Sample]) -> list[Outcome]:
    normaliser = Normaliser(default_tenant="default")
    found = []
    for number, sample in enumerate(minute):
        at = Coordinates(STREAM, SHARD, str(number), 1_795_420_800_250, partition_key=sample.partition_key)
        results = normaliser.normalise(sample.data, at)
        events = [result for result in results if isinstance(result, Event)]
        rejected = [result for result in results if isinstance(result, Rejected)]
        found.append(Outcome(sample, sample.ids(STREAM, SHARD, str(number)), events, rejected))
    return found


@pytest.fixture(scope="package")
def documents(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [orjson.loads(event.body) for outcome in outcomes for event in outcome.events]
