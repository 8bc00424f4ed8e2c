"""What is asked of templates about Flink applications."""

from __future__ import annotations

from typing import Any

from tests.synth.synthesized import Pipeline, Synthesize

APPLICATIONS = ("aggregates", "anomalies", "behaviour", "business")


def application(pipeline: Pipeline, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = pipeline.one("AWS::KinesisAnalyticsV2::Application", f"weir-{pipeline.environment.name}-{name}")
    return properties


def configuration(pipeline: Pipeline, name: str) -> dict[str, Any]:
    configured: dict[str, Any] = application(pipeline, name)["ApplicationConfiguration"]
    return configured


def groups(pipeline: Pipeline, name: str) -> dict[str, dict[str, str]]:
    written = configuration(pipeline, name)["EnvironmentProperties"]["PropertyGroups"]
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in written}


def stream(pipeline: Pipeline, name: str) -> str:
    return pipeline.arn("AWS::Kinesis::Stream", f"weir-{pipeline.environment.name}-{name}")


def with_analytics(synthesize: Synthesize, **changes: Any) -> Pipeline:
    """The environment dev with `behaviour`, the cheapest to have, without its notebook, and other keys of `analytics`."""
    behaviour = {"enabled": True, **changes.pop("behaviour", {})}
    return synthesize("dev", {"analytics": {"studio": {"enabled": False}, "behaviour": behaviour, **changes}})


def with_all_applications(synthesize: Synthesize) -> Pipeline:
    """The environment prod with all applications."""
    every = {name: {"enabled": True, "parallelism": 8, "parallelism_per_kpu": 2} for name in APPLICATIONS}
    return synthesize("prod", {"analytics": {**every, "maintenance_start": "02:00"}})
