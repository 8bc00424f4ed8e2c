"""Deploying says what was deployed by pipeline step, and what failed in CloudFormation's own words."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from localrun import deploy
from localrun.aws import program_environment
from localrun.deploy import Deployment, by_step, failed_resources, failure

DEPLOYMENT = Deployment("local", "http://127.0.0.1:4570", Path("/run"))


def test_outputs_are_by_step_without_cdks_own() -> None:
    written = {
        "weir-local-ingestion": {"RawStream": "weir-local-raw", "ExportsOutputRefRaw1234": "weir-local-raw"},
        "weir-local-search": {"SearchEndpoint": "127.0.0.1:9201"},
    }
    assert by_step(written, DEPLOYMENT.stack_prefix) == {
        "ingestion": {"RawStream": "weir-local-raw"},
        "search": {"SearchEndpoint": "127.0.0.1:9201"},
    }


def cloudformation(monkeypatch: pytest.MonkeyPatch, events: list[dict[str, str]]) -> None:
    client = Mock()
    client.describe_stacks.return_value = {"Stacks": [{"StackName": "weir-local-search"}, {"StackName": "CDKToolkit"}]}
    client.describe_stack_events.return_value = {"StackEvents": events}
    monkeypatch.setattr(deploy, "session", lambda endpoint: Mock(client=lambda service: client))


def event(status: str, reason: str, resource: str = "Content", kind: str = "Custom::SearchContent") -> dict[str, str]:
    return {"LogicalResourceId": resource, "ResourceType": kind, "ResourceStatus": status, "ResourceStatusReason": reason}


def test_a_failure_gives_the_reasons_of_the_resources_that_failed_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    newest_first = [
        event("CREATE_FAILED", "Resource creation cancelled", "Route", "AWS::Lambda::Function"),
        event("CREATE_FAILED", "mapping refused"),
        event("CREATE_COMPLETE", ""),
    ]
    cloudformation(monkeypatch, newest_first)
    assert list(failed_resources("http://127.0.0.1:1", "weir-local-")) == [
        "weir-local-search: Content (Custom::SearchContent): mapping refused"
    ]
    error = failure("deployment", "exit code 1", "much output", DEPLOYMENT, "weir-local-")
    assert (
        str(error) == "the deployment failed (exit code 1):\nweir-local-search: Content (Custom::SearchContent): mapping refused"
    )


def test_a_failure_cloudformation_does_not_know_gives_the_end_of_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudformation(monkeypatch, [])
    output = "\n".join(f"line {number}" for number in range(100))
    assert str(failure("deployment", "exit code 1", output, DEPLOYMENT, "weir-local-")).endswith("line 98\nline 99")


def test_programs_reach_the_emulator_and_not_the_users_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    monkeypatch.setenv("NO_PROXY", "example.com")
    environment = program_environment("http://127.0.0.1:4570")
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4570",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert environment["NO_PROXY"] == environment["no_proxy"] == "example.com,127.0.0.1,localhost"


def test_the_deployer_may_only_assume_bootstrap_roles() -> None:
    assert deploy.BOOTSTRAP_ROLES == "arn:aws:iam::000000000000:role/cdk-hnb659fds-*"
