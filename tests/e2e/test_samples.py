"""Real log lines, sent as a user sends them, become documents with the values a person reads off the lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from localrun.state import State
from tests.e2e.index import Document, of_tenant, wait_for


def sent(pipeline: State, file: Path, tenant: str, lines: int) -> list[Document]:
    """Send a file under a tenant of its own and wait for its documents."""
    result = CliRunner().invoke(app, ["send", str(file), "--tenant", tenant])
    assert result.exit_code == 0, result.output
    return wait_for(lambda: of_tenant(pipeline.endpoints.opensearch, tenant), lambda found: len(found) >= lines)


def value(document: Document, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    found: Any = document
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def values(document: Document) -> dict[str, Any]:
    """What an analyst looks at first."""
    paths = ("@timestamp", "event.dataset", "event.action", "source.ip", "source.address", "user.name", "event.outcome")
    return {path: found for path in paths if (found := value(document, path)) is not None}


CLOUDTRAIL = {
    # A role's session that was refused.
    "450230d4-b39e-4a18-a6a0-d07a6e2105cb": {
        "@timestamp": "2024-07-30T21:31:21.000Z",
        "event.dataset": "aws.cloudtrail",
        "event.action": "GetPasswordData",
        "source.ip": "200.249.253.51",
        "user.name": "stratus-red-team-ec2-get-password-data-role",
        "event.outcome": "failure",
    },
    # An IAM user who succeeded.
    "304c3bc6-5daa-4405-bbee-e6c65d276c20": {
        "@timestamp": "2024-07-31T12:36:50.000Z",
        "event.dataset": "aws.cloudtrail",
        "event.action": "GetSecretValue",
        "source.ip": "253.201.144.253",
        "user.name": "christophe",
        "event.outcome": "success",
    },
    # The same, from an address that is not one (scrubbed: a part with a leading zero), kept as text.
    "2582b47b-76b8-4eb4-a455-9f97b000d38a": {
        "@timestamp": "2024-08-02T09:08:00.000Z",
        "event.dataset": "aws.cloudtrail",
        "event.action": "DescribeInstanceInformation",
        "source.address": "253.252.51.07",
        "user.name": "christophe",
        "event.outcome": "success",
    },
}


def test_cloudtrail(pipeline: State, samples: Path) -> None:
    documents = sent(pipeline, samples / "cloudtrail_attacks.jsonl", "cloudtrail", 310)
    assert len(documents) == 310
    by_id = {document["event"]["id"]: values(document) for document in documents}
    assert {event_id: by_id[event_id] for event_id in CLOUDTRAIL} == CLOUDTRAIL
    outcomes = [document["event"]["outcome"] for document in documents]
    # 46 Client.UnauthorizedOperation, 5 AccessDenied and one other error code among the 310.
    assert (outcomes.count("success"), outcomes.count("failure")) == (258, 52)
    login = next(document for document in documents if document["event"]["action"] == "ConsoleLogin")
    assert (login["user"]["name"], login["event"]["outcome"]) == ("stratus-red-team-nmfalu-jfzdtsvchl", "success")


def test_guardduty(pipeline: State, samples: Path) -> None:
    documents = sent(pipeline, samples / "guardduty_findings.jsonl", "guardduty", 15)
    # All fifteen carry the same EventBridge id: a finding and its update identify the event, not the envelope.
    assert len(documents) == 15
    by_rule = {document["rule"]["name"]: document for document in documents}
    user = by_rule["CredentialAccess:IAMUser/AnomalousBehavior"]
    assert values(user) == {
        "@timestamp": "2025-10-09T12:42:50.817Z",
        "event.dataset": "aws.guardduty",
        "event.action": "AWS_API_CALL",
        "source.ip": "198.51.100.0",
        "user.name": "GeneratedFindingUserName",
        "event.outcome": "failure",
    }
    assert user["event"]["severity"] == 5
    assert user["cloud"]["account"]["id"] == "057372331974"
    tor = by_rule["Discovery:RDS/TorIPCaller"]
    assert (tor["source"]["ip"], tor["@timestamp"]) == ("1.2.3.4", "2025-10-09T12:42:50.819Z")


def test_vpc_flow(pipeline: State, samples: Path) -> None:
    documents = sent(pipeline, samples / "vpc_flow.log", "vpcflow", 22)
    # Twenty-two identical lines are twenty-two flows.
    assert len(documents) == 22
    assert len({document["event"]["id"] for document in documents}) == 22
    for document in documents:
        assert values(document) == {
            "@timestamp": "2023-01-28T09:34:56.000Z",  # 1674898496
            "event.dataset": "aws.vpcflow",
            "event.action": "accept",
            "source.ip": "162.142.125.177",
            "event.outcome": "success",
        }
        assert document["destination"] == {"ip": "10.0.0.200", "port": 12313}
        assert (document["source"]["port"], document["network"]["transport"], document["network"]["bytes"]) == (38471, "tcp", 44)


def test_alb(pipeline: State, samples: Path) -> None:
    documents = sent(pipeline, samples / "alb_access.log", "alb", 62)
    lines = [line for line in (samples / "alb_access.log").read_text().splitlines() if line]
    assert len(documents) == len(lines)
    first = next(document for document in documents if value(document, "trace.id") == "1-62c3c276-7ebec4d5497565d773421350")
    assert values(first) == {
        "@timestamp": "2022-07-05T04:47:50.273Z",
        "event.dataset": "aws.alb",
        "source.ip": "20.78.123.34",
        "event.outcome": "failure",  # 404
    }
    assert first["source"]["port"] == 65301
    assert first["http"]["response"]["status_code"] == 404
    assert first["url"]["path"] == "//_profiler/phpinfo"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            '{"timestamp":"2026-03-01T10:00:00+01:00","level":"ERROR","message":"card declined","service":"payments",'
            '"user":"ada","client_ip":"192.0.2.7","status":502}',
            {
                "@timestamp": "2026-03-01T09:00:00.000Z",
                "event.dataset": "app",
                "source.ip": "192.0.2.7",
                "user.name": "ada",
                "event.outcome": "failure",
            },
            id="application log",
        )
    ],
)
def test_own_lines(pipeline: State, tmp_path: Path, line: str, expected: dict[str, str]) -> None:
    file = tmp_path / "own.log"
    file.write_text(line + "\n")
    (document,) = sent(pipeline, file, "own", 1)
    assert values(document) == expected
