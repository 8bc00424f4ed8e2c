"""The Flink applications: every property, every grant, and every switch."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.synth.applications import (
    APPLICATIONS,
    application,
    configuration,
    groups,
    stream,
    with_all_applications,
    with_analytics,
)
from tests.synth.rules import findings, lint
from tests.synth.synthesized import Pipeline, Synthesize

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
    return with_all_applications(synthesize)


def test_the_rule_packs_and_cfn_lint_find_nothing_open(prod: Pipeline) -> None:
    assert findings(prod.directory) == {}
    templates = sorted(prod.directory.glob("assembly-*/*.template.json"))
    assert len(templates) == 9
    assert lint(templates) == []


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
