"""Flink applications by enhanced fan-out, with a preparation and outputs, are part of the picture and of the permission check."""

from __future__ import annotations

from dataclasses import replace

import pytest

import topology
from app import build_app
from config.loader import load_environment
from config.model import Environment
from tests.topology.changes import granting, without_action
from topology.assembly import load
from topology.permissions import policies

KINESIS = "arn:aws:kinesis:us-east-1:123456789012"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
ANALYTICS = {
    "behaviour": {"enabled": True, "reader": "EFO"},
    "prepare": {"folder": "lambdas/report"},
    "outputs": [
        {
            "name": "chat",
            "stream": "findings",
            "function": {
                "arn": "arn:aws:lambda:us-east-1:123456789012:function:chat",
                "role": "arn:aws:iam::123456789012:role/chat",
            },
        },
        {"name": "copies", "stream": "findings", "delivery": {}},
        # As one of the pipeline's own but for its beginning.
        {"name": "siem", "stream": "findings", "data_stream": {"arn": f"{KINESIS}:stream/findings", "key": KEY}},
    ],
}
EDGES = {
    "stream/events reads function/prepare",
    "function/prepare writes stream/prepared",
    "function/prepare writes stream/errors",
    "function/prepare fails to bucket/quarantine",
    "stream/prepared reads application/behaviour",
    "application/behaviour writes stream/findings",
    "application/behaviour writes stream/errors",
    "function/operate operates application/behaviour",
    "stream/findings reads function/route",
    "stream/findings reads function/chat",
    "stream/findings reads delivery/copies",
    "delivery/copies delivers bucket/archive",
    "stream/findings reads function/forward-siem",
    "function/forward-siem writes existing-stream/findings",
    "function/forward-siem fails to bucket/quarantine",
}


@pytest.fixture(scope="module")
def environment() -> Environment:
    values = load_environment("dev").model_dump()
    return Environment.model_validate(values | {"analytics": ANALYTICS})


@pytest.fixture(scope="module")
def pipeline(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> topology.Topology:
    out = tmp_path_factory.mktemp("applications")
    build_app(environment, outdir=str(out), context={"aws:cdk:bundling-stacks": []}).synth()
    return topology.build(load(out))


def test_nothing_is_found(pipeline: topology.Topology, environment: Environment) -> None:
    assert topology.check(pipeline, environment) == []


def test_the_edges_around_the_application_are_these(pipeline: topology.Topology) -> None:
    around = {"prepare", "prepared", "behaviour", "findings", "chat", "copies", "forward-siem"}
    ends = {edge.name: {key.partition("/")[2] for key in (edge.source, edge.target)} for edge in pipeline.edges}
    assert {name for name, between in ends.items() if between & around} == EDGES


def test_what_the_subscriber_gives_up_is_kept(pipeline: topology.Topology) -> None:
    (edge,) = [edge for edge in pipeline.edges if edge.target == "function/chat"]
    assert (edge.asynchronous, edge.failure) == (True, "bucket/quarantine")


@pytest.mark.parametrize(
    ("role", "action", "subject"),
    [
        ("Behaviour", "kinesis:SubscribeToShard", "stream/prepared reads application/behaviour"),
        ("Behaviour", "kinesis:ListShards", "stream/prepared reads application/behaviour"),
        ("Behaviour", "s3:GetObject", "application/behaviour"),
        ("Behaviour", "logs:PutLogEvents", "application/behaviour"),
        ("Operate", "kinesisanalytics:StartApplication", "function/operate operates application/behaviour"),
        ("Operate", "lambda:InvokeFunction", "function/operate operates application/behaviour"),
        ("Operate", "kms:CreateGrant", "function/operate operates application/behaviour"),
    ],
)
def test_a_grant_taken_away_is_named(
    pipeline: topology.Topology, environment: Environment, role: str, action: str, subject: str
) -> None:
    granted = policies(pipeline.assembly).identity
    (origin,) = {
        each.origin
        for arn, statements in granted.items()
        for each in statements
        if f"-{role}" in arn.rpartition("/")[2] and action in each.actions
    }
    found = topology.check(replace(pipeline, assembly=without_action(pipeline.assembly, origin, action)), environment)
    assert {(finding.rule, finding.subject, finding.action) for finding in found} == {("missing permission", subject, action)}


def test_every_grant_of_what_copies_to_another_stream_taken_away_is_named(
    pipeline: topology.Topology, environment: Environment
) -> None:
    own = [
        (subject, need)
        for subject, need in pipeline.needs()
        if "function/forward-siem" in subject and need.request.principal.startswith("arn:") and need.required
    ]
    calls = {(need.request.action, need.request.resource) for _, need in own}
    assert {("kinesis:PutRecords", f"{KINESIS}:stream/findings"), ("kms:GenerateDataKey", KEY)} < calls
    for subject, need in own:
        (statement,) = granting(pipeline.assembly, need.request)
        action = need.request.action
        poorer = replace(pipeline, assembly=without_action(pipeline.assembly, statement.origin, action))
        found = {
            (finding.rule, finding.subject, finding.action, finding.resource) for finding in topology.check(poorer, environment)
        }
        assert ("missing permission", subject, action, need.request.resource) in found
        assert {(rule, lost) for rule, _, lost, _ in found} == {("missing permission", action)}


def test_a_copy_that_is_promised_and_not_made_is_missed(pipeline: topology.Topology, environment: Environment) -> None:
    cut = tuple(edge for edge in pipeline.edges if edge.target != "existing-stream/findings")
    found = topology.check(replace(pipeline, edges=cut), environment)
    assert ("unreachable", "producers/producers → function/forward-siem → existing-stream/findings") in {
        (finding.rule, finding.subject) for finding in found
    }


def test_a_right_nobody_needs_is_excess(pipeline: topology.Topology, environment: Environment) -> None:
    stack = "weir-dev-analytics"
    template = dict(pipeline.assembly.stacks[stack].template)
    template["Resources"] = dict(template["Resources"])
    (name,) = [
        key for key, body in template["Resources"].items() if body["Type"] == "AWS::IAM::Role" and key.startswith("Behaviour")
    ]
    role = {**template["Resources"][name], "Properties": dict(template["Resources"][name]["Properties"])}
    statement = {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "*"}
    role["Properties"]["Policies"] = [{"PolicyName": "more", "PolicyDocument": {"Statement": [statement]}}]
    template["Resources"][name] = role
    found = topology.check(replace(pipeline, assembly=pipeline.assembly.with_template(stack, template)), environment)
    assert [(finding.rule, finding.subject, finding.action) for finding in found] == [
        ("excess permission", "application/behaviour", "dynamodb:Query")
    ]


def test_an_application_that_nothing_starts_is_an_orphan(pipeline: topology.Topology, environment: Environment) -> None:
    stack = "weir-dev-analytics"
    template = dict(pipeline.assembly.stacks[stack].template)
    template["Resources"] = {
        key: body for key, body in template["Resources"].items() if body["Type"] != "Custom::RunningFlinkApplication"
    }
    found = topology.check(topology.build(pipeline.assembly.with_template(stack, template)), environment)
    orphans = {finding.subject: finding.message for finding in found if finding.rule == "orphan"}
    assert orphans == {
        "application/behaviour": "nothing starts the application",
        "function/operate": "nothing calls the function",
    }
