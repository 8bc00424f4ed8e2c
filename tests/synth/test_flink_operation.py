"""Flink applications are started, waited for and stopped with their deployment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.applications import APPLICATIONS, with_all_applications, with_analytics
from tests.synth.synthesized import Pipeline, Synthesize


@pytest.fixture
def prod(synthesize: Synthesize) -> Pipeline:
    return with_all_applications(synthesize)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_started_once_it_may_be_and_has_its_log(prod: Pipeline, name: str) -> None:
    (running,) = [each for each in prod.all("Custom::RunningFlinkApplication") if each.path.startswith(name.capitalize())]
    properties = prod.assembly.properties(running)
    version = properties.pop("Version")
    (group,) = [each for each in prod.all("AWS::Logs::LogGroup") if each.path == f"{name.capitalize()}/Logs"]
    assert len(version) == 64
    assert properties == {
        "ServiceToken": prod.arn("AWS::Lambda::Function", "weir-prod-operate"),
        "ServiceTimeout": "3600",
        "Application": f"weir-prod-{name}",
        "AllowNonRestoredState": False,
        "SnapshotOnDelete": True,
        "LogGroup": group.name,
        "LogStream": "application",
    }
    needed = prod.body(running)["DependsOn"]
    paths = {each.path for each in prod.assembly.resources.values() if each.stack == running.stack and each.id in needed}
    assert {
        f"{name.capitalize()}/Application",
        f"{name.capitalize()}/Logging",
        f"{name.capitalize()}/Role/DefaultPolicy",
        "Operate/Function/Role/DefaultPolicy",
    } <= paths


def test_every_change_that_restarts_an_application_is_waited_for(synthesize: Synthesize) -> None:
    def version(**behaviour: Any) -> str:
        pipeline = with_analytics(synthesize, behaviour=behaviour)
        return str(pipeline.one("Custom::RunningFlinkApplication")["Version"])

    settings = {"brute_force": {"failures": 5}}
    versions = [version(), version(parallelism=2), version(settings=settings), version(allow_non_restored_state=True)]
    assert len(set(versions)) == 4


def test_operate_may_do_what_it_does_to_these_applications_and_no_other(prod: Pipeline) -> None:
    arns = [f"arn:aws:kinesisanalytics:us-east-1:111122223333:application/weir-prod-{name}" for name in APPLICATIONS]
    actions = ["DescribeApplication", "DescribeApplicationOperation", "ListApplicationOperations", "StartApplication"]
    assert prod.grants("Operate/Function/Role", "kinesisanalytics:") == [
        ([f"kinesisanalytics:{action}" for action in (*actions, "StopApplication")], sorted(arns))
    ]
    assert prod.grants("Operate/Function/Role", "lambda:") == [
        (["lambda:InvokeFunction"], [prod.arn("AWS::Lambda::Function", "weir-prod-operate")])
    ]
    document = prod.one("AWS::IAM::Policy", "Operate/Function/Role/DefaultPolicy")["PolicyDocument"]
    keys = [each for each in document["Statement"] if "kms:" in str(each["Action"])]
    through = {"kms:ViaService": "kinesisanalytics.us-east-1.amazonaws.com"}
    for arn in arns:
        context = {**through, "kms:EncryptionContext:aws:kinesisanalytics:arn": arn}
        assert [each["Action"] for each in keys if each["Condition"] == {"StringEquals": context}] == [
            ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
        ]
        granting = {
            "StringEquals": {**context, "kms:GrantConstraintType": "EncryptionContextSubset"},
            "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
        }
        assert [each["Action"] for each in keys if each["Condition"] == granting] == ["kms:CreateGrant"]
    assert [each["Action"] for each in keys if each["Condition"] == {"StringEquals": through}] == ["kms:DescribeKey"]


def test_an_environment_that_keeps_its_data_keeps_a_stopped_application(prod: Pipeline, synthesize: Synthesize) -> None:
    kept = {prod.body(each)["DeletionPolicy"] for each in prod.all("AWS::KinesisAnalyticsV2::Application")}
    # Not one that could not be created, whose name would be taken the next time.
    assert kept == {"RetainExceptOnCreate"}
    dev = with_analytics(synthesize)
    (application_,) = dev.all("AWS::KinesisAnalyticsV2::Application")
    assert dev.body(application_)["DeletionPolicy"] == "Delete"
    assert dev.one("Custom::RunningFlinkApplication")["SnapshotOnDelete"] is False
