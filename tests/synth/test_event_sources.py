"""All consumers have every reliability setting, and the rights for exactly that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.synthesized import Pipeline

CONSUMERS = [("normalise", "raw"), ("route", "events"), ("report", "errors")]
SOURCES = dict(CONSUMERS)


def mapping(pipeline: Pipeline, function: str) -> dict[str, Any]:
    """That of a function and its first stream: what `route` reads beside is in test_analytics.py."""
    name = pipeline.environment.name
    wanted = f"weir-{name}-{function}", pipeline.arn("AWS::Kinesis::Stream", f"weir-{name}-{SOURCES[function]}")
    found = [
        properties
        for properties in map(pipeline.assembly.properties, pipeline.all("AWS::Lambda::EventSourceMapping"))
        if (properties["FunctionName"], properties["EventSourceArn"]) == wanted
    ]
    assert len(found) == 1
    properties: dict[str, Any] = found[0]
    return properties


@pytest.mark.parametrize(("function", "source"), CONSUMERS)
def test_every_reliability_setting(pipeline: Pipeline, function: str, source: str) -> None:
    env = pipeline.environment
    search = env.search
    settings = {"normalise": env.normalisation.consumer, "route": search.route, "report": search.report}[function]
    tags = mapping(pipeline, function).get("Tags")
    assert mapping(pipeline, function) == {
        "FunctionName": f"weir-{env.name}-{function}",
        "EventSourceArn": pipeline.arn("AWS::Kinesis::Stream", f"weir-{env.name}-{source}"),
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": settings.batch_size,
        "MaximumBatchingWindowInSeconds": settings.batching_window_seconds,
        "ParallelizationFactor": settings.parallelization_factor,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": settings.retry_attempts,
        "MaximumRecordAgeInSeconds": settings.max_record_age_hours * 3600,
        "DestinationConfig": {"OnFailure": {"Destination": pipeline.arn("AWS::S3::Bucket", "Quarantine/Bucket")}},
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "Tags": tags,
    }


def test_what_waits_for_the_domain_waits_until_it_is_too_old_and_what_is_not_understood_does_not(pipeline: Pipeline) -> None:
    retries = {function: mapping(pipeline, function)["MaximumRetryAttempts"] for function, _ in CONSUMERS}
    assert retries == {"normalise": 10, "route": -1, "report": -1}
    for function in ("route", "report"):
        assert mapping(pipeline, function)["MaximumRecordAgeInSeconds"] == 12 * 3_600


def test_production_processes_four_batches_of_a_shard_at_once(prod: Pipeline) -> None:
    assert mapping(prod, "normalise")["ParallelizationFactor"] == 4
    assert mapping(prod, "route")["ParallelizationFactor"] == 4


@pytest.mark.parametrize(("path", "source"), [("Normalise/Role", "raw"), ("Route/Role", "events"), ("Report/Role", "errors")])
def test_a_consumer_may_read_its_stream_and_no_other(pipeline: Pipeline, path: str, source: str) -> None:
    names = (source, *pipeline.environment.analytics.written) if source == "events" else (source,)
    streams = sorted(pipeline.arn("AWS::Kinesis::Stream", f"weir-{pipeline.environment.name}-{name}") for name in names)
    reading = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    ]
    assert pipeline.grants(path, "kinesis:GetRecords") == [(reading, streams)]


@pytest.mark.parametrize("path", ["Normalise/Role", "Route/Role", "Report/Role"])
def test_a_consumer_may_leave_poison_batches_where_lambda_puts_them(pipeline: Pipeline, path: str) -> None:
    quarantine, archive = (pipeline.arn("AWS::S3::Bucket", f"{name}/Bucket") for name in ("Quarantine", "Archive"))
    # What is too large for `events` is stored by the function that finds it so.
    stores = [f"{archive}/oversized/*"] if path == "Normalise/Role" else []
    assert sorted(pipeline.grants(path, "s3:")) == [
        (["s3:ListBucket"], [quarantine]),
        (["s3:PutObject"], [*stores, f"{quarantine}/aws/lambda/*"]),
    ]


@pytest.mark.parametrize(("path", "streams"), [("Normalise/Role", ["events", "errors"]), ("Route/Role", ["errors"])])
def test_a_function_may_write_the_streams_it_feeds_and_no_other(pipeline: Pipeline, path: str, streams: list[str]) -> None:
    written = [pipeline.arn("AWS::Kinesis::Stream", f"weir-{pipeline.environment.name}-{name}") for name in streams]
    assert pipeline.grants(path, "kinesis:Put") == [(["kinesis:PutRecords"], sorted(written))]
