"""Buckets there are already are part of the picture and of the permission check, whatever way the queue hears of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

import topology
from app import build_app
from config.loader import load_environment
from config.model import Environment
from tests.topology.changes import without_action
from topology.assembly import load
from topology.permissions import policies

KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
TOPIC = "arn:aws:sns:us-east-1:123456789012:log-files"
BUCKETS = [
    {"bucket": "acme-by-rule", "prefix": "AWSLogs/", "key": KEY, "rules": [{"tenant": "acme"}]},
    {"bucket": "acme-by-topic", "prefix": "year=2026/", "topic": TOPIC},
]
ROLE = "function/collect"


@pytest.fixture(scope="module")
def environment() -> Environment:
    values = load_environment("local").model_dump()
    values["collection"] |= {"buckets": BUCKETS}
    return Environment.model_validate(values)


@pytest.fixture(scope="module")
def pipeline(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> topology.Topology:
    out = tmp_path_factory.mktemp("buckets")
    build_app(environment, outdir=str(out), context={"aws:cdk:bundling-stacks": []}).synth()
    return topology.build(load(out))


def test_nothing_is_found(pipeline: topology.Topology, environment: Environment) -> None:
    assert topology.check(pipeline, environment) == []


@pytest.mark.parametrize("name", ["acme-by-rule", "acme-by-topic"])
def test_a_bucket_is_read_and_tells_the_queue(pipeline: topology.Topology, name: str) -> None:
    edges = {edge.name for edge in pipeline.edges if f"bucket/{name}" in edge.name}
    assert edges == {
        f"producers/producers writes bucket/{name}",
        f"bucket/{name} notifies queue/collect",
        f"bucket/{name} reads {ROLE}",
        *(["bucket/acme-by-rule fails to queue/collect-dlq"] if name == "acme-by-rule" else []),
    }


@pytest.mark.parametrize(
    ("action", "resource", "principal"),
    [
        ("s3:GetObject", "arn:aws:s3:::acme-by-rule/AWSLogs/*", None),
        ("s3:GetObjectVersion", "arn:aws:s3:::acme-by-topic/year=2026/*", None),
        ("sqs:SendMessage", None, "events.amazonaws.com"),
        ("sqs:SendMessage", None, "sns.amazonaws.com"),
        ("kms:GenerateDataKey", None, "events.amazonaws.com"),
        ("kms:Decrypt", None, "sns.amazonaws.com"),
    ],
)
def test_a_grant_taken_away_is_named(
    pipeline: topology.Topology, environment: Environment, action: str, resource: str | None, principal: str | None
) -> None:
    granted = policies(pipeline.assembly)
    every = [each for group in (*granted.identity.values(), *granted.resource.values()) for each in group]
    origins = {
        each.origin
        for each in every
        if action in each.actions
        and (resource is None or resource in each.resources)
        and (principal is None or ("Service", principal) in each.principals)
    }
    # EventBridge also leaves among the dead letters what it gave up.
    assert len(origins) == (2 if (action, principal) == ("sqs:SendMessage", "events.amazonaws.com") else 1)
    origin = min(origins)
    poorer = replace(pipeline, assembly=without_action(pipeline.assembly, origin, action))
    found = topology.check(poorer, environment)
    assert {(finding.rule, finding.action) for finding in found} == {("missing permission", action)}
    # One statement may grant the same of several buckets.
    assert any("acme-by-" in finding.subject and resource in (None, finding.resource) for finding in found)


def test_the_right_to_another_key_is_no_excess_and_goes_no_further(pipeline: topology.Topology) -> None:
    (need,) = [need for name, need in pipeline.needs() if need.request.resource == KEY]
    assert (need.request.action, need.required, need.role) == ("kms:Decrypt", False, need.request.principal.rpartition("/")[2])
