"""What a deployed mapping says, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localrun.event_sources.mapping import Mapping, refusal
from tests.unit.event_sources.fakes import MAPPING, ROLE_ARN, STREAM_ARN

DESCRIPTION: dict[str, Any] = {
    "UUID": MAPPING.uuid,
    "FunctionArn": MAPPING.function_arn,
    "EventSourceArn": STREAM_ARN,
    "State": "Enabled",
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 500,
    "MaximumBatchingWindowInSeconds": 2,
    "ParallelizationFactor": 3,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 10,
    "MaximumRecordAgeInSeconds": 86_400,
    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::quarantine"}},
    "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"level": ["ERROR"]}}'}]},
}


def test_every_property_of_a_mapping_is_read() -> None:
    assert Mapping.from_api(DESCRIPTION, ROLE_ARN) == Mapping(
        uuid=MAPPING.uuid,
        function_arn=MAPPING.function_arn,
        role_arn=ROLE_ARN,
        stream_arn=STREAM_ARN,
        enabled=True,
        batch_size=500,
        window_seconds=2,
        parallelization_factor=3,
        starting_position="TRIM_HORIZON",
        starting_timestamp=None,
        partial_responses=True,
        bisect=True,
        max_retries=10,
        max_age_seconds=86_400,
        destination_arn="arn:aws:s3:::quarantine",
        filters=('{"data": {"level": ["ERROR"]}}',),
    )


def test_what_a_mapping_leaves_out_has_lambdas_default() -> None:
    short = {key: DESCRIPTION[key] for key in ("UUID", "FunctionArn", "EventSourceArn")}
    found = Mapping.from_api(short, ROLE_ARN)
    assert (found.batch_size, found.window_seconds, found.parallelization_factor) == (100, 0, 1)
    assert (found.max_retries, found.max_age_seconds, found.bisect, found.partial_responses) == (-1, -1, False, False)
    assert found.destination_arn is None
    assert found.filters == ()


def test_a_starting_timestamp_is_in_seconds() -> None:
    change = {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime(2024, 7, 30, tzinfo=UTC)}
    found = Mapping.from_api(DESCRIPTION | change, ROLE_ARN)
    assert found.starting_timestamp == 1_722_297_600


@pytest.mark.parametrize(
    ("state", "enabled"), [("Enabled", True), ("Disabled", False), ("Disabling", False), ("Deleting", False)]
)
def test_only_an_enabled_mapping_is_read(state: str, enabled: bool) -> None:
    assert Mapping.from_api(DESCRIPTION | {"State": state}, ROLE_ARN).enabled is enabled


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TumblingWindowInSeconds": 30}, "tumbling windows are not run locally; remove TumblingWindowInSeconds"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{level"}]}}, "filter criteria: pattern {level is not JSON"),
        ({"EventSourceArn": f"{STREAM_ARN}/consumer/fast:1"}, "enhanced fan-out is not run locally"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:kafka:us-east-1:000000000000:topic/t"}}},
            "topic/t is not run locally; use a bucket, a queue or a topic",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_mapping_and_the_remedy(change: dict[str, Any], words: str) -> None:
    text = refusal(DESCRIPTION | change)
    assert text is not None
    assert words in text
    assert MAPPING.uuid in text


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"TumblingWindowInSeconds": 0},
        {"FilterCriteria": {"Filters": []}},
        {"FilterCriteria": {"Filters": [{"Pattern": '{"data": {"level": ["ERROR"]}}'}]}},
        {"DestinationConfig": {}},
    ],
)
def test_everything_else_is_run(change: dict[str, Any]) -> None:
    assert refusal(DESCRIPTION | change) is None
