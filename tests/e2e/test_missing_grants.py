"""A grant taken out of a synthesized template: the running pipeline fails at that edge with the service's own words, loses
nothing, and goes on when the grant is back."""

from __future__ import annotations

import json

import pytest

import topology
from localrun.aws import session
from localrun.paths import run_dir
from localrun.state import State
from tests.e2e.index import of_tenant, wait_for
from tests.e2e.stacks import template
from tests.topology.changes import granting, without_action

#: Edge, action, and the worker whose status must show the failure.
EDGES = [
    pytest.param("stream/raw reads function/normalise", "kinesis:GetRecords", "event_sources", id="reading a stream"),
    pytest.param("function/normalise writes stream/events", "kinesis:PutRecords", "event_sources", id="writing a stream"),
    pytest.param("delivery/archive delivers bucket/archive", "s3:PutObject", "delivery", id="delivering to a bucket"),
]


SURE_OF_A_NAME = 40


@pytest.mark.parametrize(("edge", "action", "worker"), EDGES)
def test_a_missing_grant_fails_at_its_edge_and_loses_nothing(
    pipeline: State, edge: str, action: str, worker: str, request: pytest.FixtureRequest
) -> None:
    deployed = topology.read(run_dir() / "cdk.out")
    need = next(need for name, need in deployed.needs() if name == edge and need.request.action == action)
    (statement,) = granting(deployed.assembly, need.request)
    poorer = without_action(deployed.assembly, statement.origin, next(one for one in statement.actions if one == action))
    tenant = request.node.callspec.id.replace(" ", "_")

    with template(pipeline, statement.origin[0], poorer, deployed.assembly):
        send(pipeline, tenant)
        (refused, *_) = wait_for(lambda: failing(worker, action), bool)
        # The service's words: who may not do what.
        assert "AccessDenied" in refused
        assert f"not authorized to perform: {action}" in refused
        assert need.role is not None
        # CloudFormation shortens a long name it makes up, and adds to it.
        assert need.role.split("/")[-1][:SURE_OF_A_NAME] in refused

    wait_for(lambda: failing(worker, action), lambda texts: not texts)
    wait_for(lambda: of_tenant(pipeline.endpoints.opensearch, tenant), lambda documents: len(documents) == 1)


def failing(worker: str, action: str) -> list[str]:
    """What a worker says fails now for want of a permission."""
    status = json.loads((run_dir() / worker / "status.json").read_text())
    texts = [text for part in status["parts"].values() for text in part["failing"].values()]
    return [text for text in texts if action in text]


def send(pipeline: State, tenant: str) -> None:
    record = json.dumps({"type": "app", "tenant": tenant, "level": "info", "message": "still here"}).encode()
    kinesis = session(pipeline.endpoints.aws).client("kinesis")
    kinesis.put_record(StreamName=pipeline.outputs["ingestion"]["RawStream"], Data=record, PartitionKey=tenant)
