"""The app itself: the same templates every time, the names others rely on, and clear words for a wrong environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from app import build_app, environment_asked_for
from config.loader import ConfigError, load_environment
from tests.synth.synthesized import NO_BUNDLING, Pipeline

PROJECT = Path(__file__).resolve().parents[2]
#: Of environments without analytics.
STEPS = ("foundation", "ingestion", "normalisation", "collection", "lake", "search", "alerting", "observability")
OUTPUTS = {
    "foundation": {"ArchiveBucket", "QuarantineBucket", "LakeBucket", "MasterDataTable"},
    "ingestion": {"RawStream"},
    "normalisation": {"EventsStream", "ErrorsStream", "NormaliseFunction", "ArchiveDelivery", "ErrorsDelivery"},
    "collection": {"LogBucket", "CollectQueue", "CollectFunctionName"},
    "lake": {"LakeDelivery"},
    "search": {"SearchEndpoint", "RouteFunction", "ReportFunction", "DirectPutDelivery"},
    "alerting": {"AlertTopic"},
    "observability": set(),
}


def run_app(context: dict[str, Any], outdir: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**os.environ, "PATH": path, "CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(outdir)}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False, timeout=120
    )


def steps_of(pipeline: Pipeline) -> set[str]:
    """The stacks of an environment, by their steps."""
    analytics = pipeline.environment.analytics
    chosen = {"analytics": bool(analytics.applications), "studio": analytics.studio.enabled}
    return {*STEPS, *(step for step, there in chosen.items() if there)}


def test_two_synths_give_the_same_templates(dev: Pipeline, tmp_path: Path) -> None:
    build_app(load_environment("dev"), outdir=str(tmp_path), context=NO_BUNDLING).synth()
    (first,) = dev.directory.glob("assembly-*")
    (second,) = tmp_path.glob("assembly-*")
    names = sorted(path.name for path in first.glob("*.template.json"))
    assert names == sorted(path.name for path in second.glob("*.template.json"))
    assert len(names) == len(steps_of(dev))
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_stack_for_each_step(pipeline: Pipeline) -> None:
    assert set(pipeline.manifest) == {f"weir-{pipeline.environment.name}-{step}" for step in steps_of(pipeline)}


@pytest.mark.parametrize("step", STEPS)
def test_the_outputs_others_read(pipeline: Pipeline, step: str) -> None:
    outputs = pipeline.templates[step].get("Outputs", {})
    notebook = step == "foundation" and pipeline.environment.analytics.studio.enabled
    expected = OUTPUTS[step] | ({"StudioBucket"} if notebook else set())
    assert {key for key, value in outputs.items() if "Export" not in value} == expected


def test_stacks_are_protected_from_deletion_where_the_environment_says(pipeline: Pipeline) -> None:
    protected = {name for name, properties in pipeline.manifest.items() if properties.get("terminationProtection")}
    assert protected == (set(pipeline.manifest) if pipeline.environment.removal.deletion_protection else set())


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Lambda::Function",
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::OpenSearchService::Domain",
        "AWS::KMS::Key",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::IAM::Role",
        "AWS::Logs::LogGroup",
    ],
)
def test_resources_carry_the_tags(pipeline: Pipeline, kind: str) -> None:
    wanted = {"weir:environment": pipeline.environment.name, **pipeline.environment.tags}
    for resource in pipeline.all(kind):
        tags = {each["Key"]: each["Value"] for each in pipeline.assembly.properties(resource)["Tags"]}
        assert tags.items() >= wanted.items(), resource.path


def test_no_policy_lets_in_everybody(pipeline: Pipeline) -> None:
    documents = {
        "AWS::IAM::Role": "AssumeRolePolicyDocument",
        "AWS::S3::BucketPolicy": "PolicyDocument",
        "AWS::SNS::TopicPolicy": "PolicyDocument",
        "AWS::SQS::QueuePolicy": "PolicyDocument",
        "AWS::KMS::Key": "KeyPolicy",
        "AWS::OpenSearchService::Domain": "AccessPolicies",
    }
    judged = 0
    for kind, document in documents.items():
        for resource in pipeline.all(kind):
            for statement in pipeline.assembly.properties(resource)[document]["Statement"]:
                judged += 1
                if statement["Effect"] == "Allow":
                    assert "*" not in json.dumps(statement["Principal"]), resource.path
    assert judged > 20


def test_no_role_may_do_everything_of_a_kind(pipeline: Pipeline) -> None:
    for policy in pipeline.all("AWS::IAM::Policy"):
        for statement in pipeline.assembly.properties(policy)["PolicyDocument"]["Statement"]:
            assert "*" not in json.dumps(statement["Action"]), policy.path


def test_the_command_line_and_the_tests_synthesize_alike(dev: Pipeline, tmp_path: Path) -> None:
    done = run_app({"env": "dev", **NO_BUNDLING}, tmp_path)
    assert done.returncode == 0, done.stderr
    (first,) = dev.directory.glob("assembly-*")
    (second,) = tmp_path.glob("assembly-*")
    for path in first.glob("*.template.json"):
        assert path.read_bytes() == (second / path.name).read_bytes()


@pytest.mark.parametrize("context", [{}, {"env": ""}])
def test_no_environment_is_refused_with_those_there_are(context: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        environment_asked_for(cdk.App(context=context))
    assert str(refused.value) == "no environment given; add -c env=NAME, one of: dev, local, prod, staging"


def test_an_unknown_environment_is_refused_with_those_there_are(tmp_path: Path) -> None:
    done = run_app({"env": "prd"}, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("weir: no environment is called prd, did you mean prod? known: dev, local, prod, staging;")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.template.json"))
