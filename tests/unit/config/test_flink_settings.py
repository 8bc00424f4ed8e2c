"""What an application is told is what stands in its section, under the keys it takes."""

from __future__ import annotations

import pytest

from config.parts.flink_settings import (
    AggregateSettings,
    AnomalySettings,
    BehaviourSettings,
    BruteForce,
    FlinkSettings,
    properties,
)


def test_a_key_is_its_place_and_a_duration_ends_in_its_unit() -> None:
    told = properties(BehaviourSettings(brute_force=BruteForce(failures=3, seconds=90), idle_seconds=20))
    assert (told["brute-force.failures"], told["brute-force.seconds"], told["idle.seconds"]) == ("3", "90", "20")
    assert told["impossible-travel.kilometres-per-hour"] == "1000"


def test_a_list_has_commas_between() -> None:
    told = properties(AnomalySettings(metrics=("service_1m", "revenue"), datasets=("iot.telemetry",)))
    assert (told["metrics"], told["datasets"]) == ("service_1m,revenue", "iot.telemetry")


@pytest.mark.parametrize("settings", [AggregateSettings(), AnomalySettings(), BehaviourSettings()])
def test_a_property_group_takes_them_all(settings: FlinkSettings) -> None:
    """Managed Service for Apache Flink API reference, "PropertyGroup": at most 50 keys."""
    told = properties(settings)
    assert {"out-of-orderness.seconds", "idle.seconds", "duplicates.seconds", "future.seconds"} < set(told)
    assert len(told) <= 50
