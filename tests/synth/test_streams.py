"""The data streams are what the environment says, encrypted with its key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.synthesized import Pipeline

STEPS = ("raw", "events", "errors")


def stream(pipeline: Pipeline, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = pipeline.one("AWS::Kinesis::Stream", f"weir-{pipeline.environment.name}-{name}")
    return properties


@pytest.mark.parametrize("name", STEPS)
def test_a_stream_is_encrypted_with_the_environments_key(pipeline: Pipeline, name: str) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    assert stream(pipeline, name)["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": key.arn}


@pytest.mark.parametrize("name", STEPS)
def test_a_stream_keeps_and_takes_what_the_environment_says(pipeline: Pipeline, name: str) -> None:
    wanted = getattr(pipeline.environment.streams, name)
    properties = stream(pipeline, name)
    assert properties["RetentionPeriodHours"] == wanted.retention_hours
    assert properties["MaxRecordSizeInKiB"] == wanted.max_record_kib


def test_on_demand_streams_have_no_shards(dev: Pipeline) -> None:
    for name in STEPS:
        properties = stream(dev, name)
        assert properties["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
        assert "ShardCount" not in properties


def test_provisioned_streams_have_the_shards_given(local: Pipeline) -> None:
    shards = {name: (stream(local, name)["StreamModeDetails"], stream(local, name)["ShardCount"]) for name in STEPS}
    provisioned = {"StreamMode": "PROVISIONED"}
    assert shards == {"raw": (provisioned, 2), "events": (provisioned, 2), "errors": (provisioned, 1)}


def test_production_keeps_raw_a_week(prod: Pipeline) -> None:
    assert stream(prod, "raw")["RetentionPeriodHours"] == 168
