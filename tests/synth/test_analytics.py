"""The Flink applications: every property, every grant, and every switch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]  # cfn-lint ships no types
from cfnlint.runner import Runner  # type: ignore[import-untyped]  # cfn-lint ships no types

from components import flink_code
from components.packaging import PackagingError
from flink import build
from flink.build import Connector
from localrun.errors import LocalRunError
from tests.synth.applications import application, configuration, groups, stream, with_analytics
from tests.synth.synthesized import Pipeline, Synthesize
from tests.synth.test_rules import NOT_APPLIED, findings

APPLICATIONS = ("aggregates", "anomalies", "behaviour", "business")
SETTINGS: dict[str, dict[str, str]] = {
    "aggregates": {
        "out-of-orderness.seconds": "2",
        "idle.seconds": "10",
        "duplicates.seconds": "120",
        "future.seconds": "2",
        "baseline.windows": "60",
        "baseline.least-windows": "12",
        "spike.deviations": "4",
        "spike.least-events": "20",
        "talkers.count": "10",
    },
    "anomalies": {
        "out-of-orderness.seconds": "2",
        "idle.seconds": "10",
        "duplicates.seconds": "600",
        "future.seconds": "2",
        "metrics": "service_1m",
        "datasets": "machine.measurement,iot.telemetry",
        "trees": "30",
        "sample": "128",
        "period.seconds": "86400",
        "part.seconds": "1800",
        "warm-up-points": "100",
        "accept.seconds": "86400",
        "missing-intervals": "5",
        "forget.seconds": "604800",
        "series-in-memory": "2000",
    },
    "behaviour": {
        "out-of-orderness.seconds": "2",
        "idle.seconds": "10",
        "duplicates.seconds": "600",
        "future.seconds": "2",
        "first-seen-api.learning.seconds": "604800",
        "first-seen-api.keeping.seconds": "2592000",
        "first-seen-api.quiet.seconds": "3600",
        "first-seen-country.learning.seconds": "604800",
        "first-seen-country.keeping.seconds": "2592000",
        "brute-force.failures": "10",
        "brute-force.seconds": "300",
        "flagged-data-access.seconds": "3600",
        "denied-calls.calls": "8",
        "denied-calls.seconds": "600",
        "password-spraying.users": "10",
        "password-spraying.seconds": "300",
        "impossible-travel.kilometres-per-hour": "1000",
        "impossible-travel.kilometres": "300",
        "web-enumeration.paths": "30",
        "web-enumeration.seconds": "60",
    },
    "business": {
        "out-of-orderness.seconds": "2",
        "idle.seconds": "10",
        "duplicates.seconds": "120",
        "future.seconds": "2",
        "stock.window.seconds": "3600",
        "stock.least-withdrawals": "5",
        "stock.minutes-left": "60",
        "amount.history.seconds": "604800",
        "amount.least-payments": "5",
        "amount.deviations": "4",
        "velocity.payments": "10",
        "velocity.seconds": "600",
        "country.seconds": "3600",
    },
}
SINKS = {
    "aggregates": ("metrics", "findings", "errors"),
    "anomalies": ("findings", "errors"),
    "behaviour": ("findings", "errors"),
    "business": ("metrics", "findings", "errors"),
}
SOURCES = {
    "aggregates": ("events",),
    "anomalies": ("events", "metrics"),
    "behaviour": ("events",),
    "business": ("events",),
}
JOINING = ("aggregates", "business")


@pytest.fixture
def prod(synthesize: Synthesize) -> Pipeline:
    """The environment prod with all applications."""
    every = {name: {"enabled": True, "parallelism": 8, "parallelism_per_kpu": 2} for name in APPLICATIONS}
    return synthesize("prod", {"analytics": {**every, "maintenance_start": "02:00"}})


def test_the_rule_packs_and_cfn_lint_find_nothing_open(prod: Pipeline) -> None:
    assert findings(prod.directory) == {}
    templates = sorted(map(str, prod.directory.glob("assembly-*/*.template.json")))
    assert len(templates) == 9
    options = ["--regions", "us-east-1", "--ignore-checks", *NOT_APPLIED]
    assert [str(match) for match in Runner(ConfigMixIn(["--template", *templates, *options])).run()] == []


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_of_production(prod: Pipeline, name: str) -> None:
    properties = application(prod, name)
    settings = prod.environment.analytics.applications[name]
    assert properties["RuntimeEnvironment"] == "FLINK-2_2"
    assert properties["ServiceExecutionRole"] == prod.arn("AWS::IAM::Role", f"{name.capitalize()}/Role")
    assert properties["ApplicationMaintenanceConfiguration"] == {"ApplicationMaintenanceWindowStartTime": "02:00"}
    assert properties["RunConfiguration"] == {
        "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
        "FlinkRunConfiguration": {"AllowNonRestoredState": False},
    }
    configured = configuration(prod, name)
    assert configured["ApplicationEncryptionConfiguration"] == {"KeyType": "CUSTOMER_MANAGED_KEY", "KeyId": prod.key()}
    assert configured["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}
    assert configured["ApplicationSystemRollbackConfiguration"] == {"RollbackEnabled": True}
    assert configured["FlinkApplicationConfiguration"] == {
        "CheckpointConfiguration": {
            "ConfigurationType": "CUSTOM",
            "CheckpointingEnabled": True,
            "CheckpointInterval": 60_000,
            "MinPauseBetweenCheckpoints": 5_000,
        },
        "MonitoringConfiguration": {"ConfigurationType": "CUSTOM", "LogLevel": "INFO", "MetricsLevel": "APPLICATION"},
        "ParallelismConfiguration": {
            "ConfigurationType": "CUSTOM",
            "Parallelism": 8,
            "ParallelismPerKPU": settings.parallelism_per_kpu,
            "AutoScalingEnabled": True,
        },
    }
    assert configured["VpcConfigurations"] == [
        {
            "SubnetIds": [each.ref for each in prod.all("AWS::EC2::Subnet")],
            "SecurityGroupIds": [
                f"{each.name}.GroupId" for each in prod.all("AWS::EC2::SecurityGroup") if each.path == "Network/Functions"
            ],
        }
    ]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_what_an_application_is_told(prod: Pipeline, name: str) -> None:
    expected: dict[str, Mapping[str, str]] = {"application": SETTINGS[name]}
    for source in SOURCES[name]:
        expected[source] = {
            "stream.arn": stream(prod, source),
            "aws.region": "us-east-1",
            "source.init.position": "TRIM_HORIZON",
            "source.reader.type": "POLLING",
        }
    for sink in SINKS[name]:
        expected[sink] = {"stream.arn": stream(prod, sink), "aws.region": "us-east-1"}
    if name in JOINING:
        (table,) = prod.all("AWS::DynamoDB::Table")
        expected["master"] = {"table.name": table.name, "aws.region": "us-east-1", "refresh.seconds": "300"}
    if name == "business":
        said = {"python": "main.py", "jarfile": "lib/aggregates.jar", "pyFiles": "lib/business.zip"}
        expected["kinesis.analytics.flink.run.options"] = said
    assert groups(prod, name) == expected


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_may_do_what_it_is_told_and_nothing_else(prod: Pipeline, name: str) -> None:
    role = f"{name.capitalize()}/Role"
    reading = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"]
    assert prod.grants(role, "kinesis:") == [
        (
            [f"kinesis:{action}" for action in reading],
            sorted(stream(prod, source) for source in SOURCES[name]),
        ),
        (["kinesis:PutRecords"], sorted(stream(prod, sink) for sink in SINKS[name])),
    ]
    (table,) = prod.all("AWS::DynamoDB::Table")
    assert prod.grants(role, "dynamodb:") == ([(["dynamodb:Query"], [table.arn])] if name in JOINING else [])
    code = configuration(prod, name)["ApplicationCodeConfiguration"]
    place = code["CodeContent"]["S3ContentLocation"]
    assert code["CodeContentType"] == "ZIPFILE"
    assert prod.grants(role, "s3:") == [(["s3:GetObject", "s3:GetObjectVersion"], [f"{place['BucketARN']}/{place['FileKey']}"])]
    (group,) = [each for each in prod.all("AWS::Logs::LogGroup") if each.path == f"{name.capitalize()}/Logs"]
    assert prod.grants(role, "logs:") == [
        (["logs:DescribeLogGroups"], ["arn:aws:logs:us-east-1:111122223333:log-group:*"]),
        (["logs:DescribeLogStreams", "logs:PutLogEvents"], [group.arn]),
    ]
    used = {"kinesis.us-east-1.amazonaws.com", *(["dynamodb.us-east-1.amazonaws.com"] if name in JOINING else [])}
    statements = prod.one("AWS::IAM::Policy", f"{role}/DefaultPolicy")["PolicyDocument"]["Statement"]
    through = [each["Condition"]["StringEquals"] for each in statements if "kms:" in str(each["Action"])]
    assert {condition["kms:ViaService"] for condition in through} == used
    assert len(prod.grants(role, "ec2:")) == 1


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_logs_to_its_own_group(prod: Pipeline, name: str) -> None:
    (group,) = [each for each in prod.all("AWS::Logs::LogGroup") if each.path == f"{name.capitalize()}/Logs"]
    assert prod.assembly.properties(group)["RetentionInDays"] == 90
    option = prod.one("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption", f"{name.capitalize()}/Logging")
    assert option["ApplicationName"] == f"weir-prod-{name}"
    assert option["CloudWatchLoggingOption"] == {
        "LogStreamARN": f"arn:aws:logs:us-east-1:111122223333:log-group:{group.name}:log-stream:application"
    }


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


def test_the_key_lets_the_service_keep_state_of_these_applications(prod: Pipeline, dev: Pipeline) -> None:
    statements = {each.get("Sid"): each for each in prod.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]}
    arns = "arn:aws:kinesisanalytics:us-east-1:111122223333:application/weir-prod-*"
    managing, running = "kinesisanalytics.amazonaws.com", "infrastructure.kinesisanalytics.amazonaws.com"
    context = {"ArnLike": {"kms:EncryptionContext:aws:kinesisanalytics:arn": arns}}
    found = {
        sid: (each["Principal"], each["Action"], each["Condition"])
        for sid, each in statements.items()
        if str(sid).startswith("Flink")
    }
    assert found == {
        "FlinkSeesKey": (
            {"Service": [running, managing]},
            "kms:DescribeKey",
            {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnLike": {"aws:SourceArn": arns}},
        ),
        "FlinkKeepsSnapshots": ({"Service": managing}, ["kms:Decrypt", "kms:GenerateDataKey"], context),
        "FlinkKeepsRunningState": ({"Service": running}, ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"], context),
        "FlinkGrantsRunningState": (
            {"Service": running},
            "kms:CreateGrant",
            {
                **context,
                "StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"},
                "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
            },
        ),
    }
    assert "kinesisanalytics" not in str(dev.one("AWS::KMS::Key")["KeyPolicy"])


def test_an_environment_that_keeps_its_data_keeps_a_stopped_application(prod: Pipeline, synthesize: Synthesize) -> None:
    kept = {prod.body(each)["DeletionPolicy"] for each in prod.all("AWS::KinesisAnalyticsV2::Application")}
    # Not one that could not be created, whose name would be taken the next time.
    assert kept == {"RetainExceptOnCreate"}
    dev = with_analytics(synthesize)
    (application_,) = dev.all("AWS::KinesisAnalyticsV2::Application")
    assert dev.body(application_)["DeletionPolicy"] == "Delete"
    assert dev.one("Custom::RunningFlinkApplication")["SnapshotOnDelete"] is False


def test_one_application_brings_its_own_streams_and_nothing_of_the_others(synthesize: Synthesize) -> None:
    pipeline = with_analytics(synthesize)
    assert [each.name for each in pipeline.all("AWS::KinesisAnalyticsV2::Application")] == ["weir-dev-behaviour"]
    assert {each.name for each in pipeline.all("AWS::Kinesis::Stream")} == {
        f"weir-dev-{name}" for name in ("raw", "events", "errors", "findings")
    }
    assert "VpcConfigurations" not in configuration(pipeline, "behaviour")
    assert "ApplicationMaintenanceConfiguration" not in application(pipeline, "behaviour")
    assert pipeline.grants("Behaviour/Role", "ec2:") == []


def test_without_an_application_there_is_no_stack_no_stream_and_no_function(dev: Pipeline) -> None:
    assert "analytics" not in dev.templates
    assert {each.name for each in dev.all("AWS::Kinesis::Stream")} == {f"weir-dev-{name}" for name in ("raw", "events", "errors")}
    assert "weir-dev-operate" not in {each.name for each in dev.all("AWS::Lambda::Function")}


def test_the_switches_of_an_application(synthesize: Synthesize) -> None:
    changed = {
        "position": "LATEST",
        "checkpoint_seconds": 10,
        "checkpoint_pause_seconds": 1,
        "autoscaling": False,
        "allow_non_restored_state": True,
        "log_level": "WARN",
        "metrics_level": "TASK",
    }
    pipeline = with_analytics(synthesize, behaviour=changed, maintenance_start="23:30")
    flink = configuration(pipeline, "behaviour")["FlinkApplicationConfiguration"]
    assert groups(pipeline, "behaviour")["events"]["source.init.position"] == "LATEST"
    checkpoints = flink["CheckpointConfiguration"]
    assert (checkpoints["CheckpointInterval"], checkpoints["MinPauseBetweenCheckpoints"]) == (10_000, 1_000)
    assert flink["ParallelismConfiguration"]["AutoScalingEnabled"] is False
    assert flink["MonitoringConfiguration"] == {"ConfigurationType": "CUSTOM", "LogLevel": "WARN", "MetricsLevel": "TASK"}
    properties = application(pipeline, "behaviour")
    assert properties["RunConfiguration"]["FlinkRunConfiguration"] == {"AllowNonRestoredState": True}
    assert properties["ApplicationMaintenanceConfiguration"] == {"ApplicationMaintenanceWindowStartTime": "23:30"}
    assert pipeline.one("Custom::RunningFlinkApplication")["AllowNonRestoredState"] is True


def test_enhanced_fan_out_reads_as_a_consumer_of_the_stacks(synthesize: Synthesize) -> None:
    pipeline = with_analytics(synthesize, behaviour={"reader": "EFO"})
    (consumer,) = pipeline.all("AWS::Kinesis::StreamConsumer")
    events = stream(pipeline, "events")
    assert pipeline.assembly.properties(consumer)["StreamARN"] == events
    assert groups(pipeline, "behaviour")["events"] == {
        "stream.arn": events,
        "aws.region": "us-east-1",
        "source.init.position": "TRIM_HORIZON",
        "source.reader.type": "EFO",
        "source.efo.consumer.name": "weir-dev-behaviour",
        "source.efo.lifecycle": "SELF_MANAGED",
    }
    described, listed = "kinesis:DescribeStreamConsumer", ["kinesis:DescribeStreamSummary", "kinesis:ListShards"]
    assert pipeline.grants("Behaviour/Role", "kinesis:")[:2] == [
        ([described, *listed], [events]),
        ([described, "kinesis:SubscribeToShard"], [consumer.arn]),
    ]


def test_metrics_and_findings_are_indexed_as_events_are(prod: Pipeline) -> None:
    mappings = [prod.assembly.properties(each) for each in prod.all("AWS::Lambda::EventSourceMapping")]
    routed = {each["EventSourceArn"]: each for each in mappings if each["FunctionName"] == "weir-prod-route"}
    events, *others = (routed.pop(stream(prod, name)) for name in ("events", "metrics", "findings"))
    assert routed == {}
    for other in others:
        assert other == events | {"EventSourceArn": other["EventSourceArn"]}
    reading = [grant for grant in prod.grants("Route/Role", "kinesis:") if "kinesis:GetRecords" in grant[0]]
    assert [resources for _, resources in reading] == [sorted(stream(prod, name) for name in ("events", "metrics", "findings"))]


class TestCode:
    def test_it_is_built_with_the_connector_of_the_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = {connector: {"behaviour": Path(f"/{connector}/behaviour.jar")} for connector in Connector}
        monkeypatch.setattr(build, "build", lambda connector, report: made[connector])
        assert flink_code.flink_artifact("behaviour", local=False) == Path("/official/behaviour.jar")
        assert flink_code.flink_artifact("behaviour", local=True) == Path("/local/behaviour.jar")

    def test_what_keeps_it_from_being_built_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise LocalRunError("mvn not found")

        monkeypatch.setattr(build, "build", refuse)
        with pytest.raises(PackagingError, match=r"^the application behaviour was not built: mvn not found$"):
            flink_code.flink_artifact("behaviour", local=False)
