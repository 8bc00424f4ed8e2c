"""The Studio notebook: every property, the tables over the streams, every grant, and the switch."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.studio_notebook import _Compile
from flink.tables import stream_columns
from tests.synth.applications import configuration, stream
from tests.synth.rules import findings, lint
from tests.synth.synthesized import Pipeline, Synthesize

STREAMS = ("events", "metrics", "findings")
SETTINGS = {"enabled": True, "parallelism": 8, "parallelism_per_kpu": 2, "position": "TRIM_HORIZON", "log_level": "WARN"}
GLUE = "arn:aws:glue:us-east-1:111122223333"


@pytest.fixture
def prod(synthesize: Synthesize) -> Pipeline:
    """The environment prod with an application that writes metrics and findings, and a notebook."""
    return synthesize("prod", {"analytics": {"aggregates": {"enabled": True}, "studio": SETTINGS}})


def tables(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """By name, those of the notebook's database."""
    found = [pipeline.assembly.properties(each) for each in pipeline.all("AWS::Glue::Table") if each.step == "studio"]
    assert {each["DatabaseName"] for each in found} == {f"weir_{pipeline.environment.name}_studio"}
    return {each["TableInput"]["Name"]: each["TableInput"] for each in found}


def test_the_rule_packs_and_cfn_lint_find_nothing_open(prod: Pipeline) -> None:
    assert findings(prod.directory) == {}
    (template,) = prod.directory.glob("assembly-*/*studio*.template.json")
    assert lint([template]) == []


def test_the_notebook_of_production(prod: Pipeline) -> None:
    properties = prod.one("AWS::KinesisAnalyticsV2::Application", "weir-prod-studio")
    assert properties["ApplicationMode"] == "INTERACTIVE"
    assert properties["RuntimeEnvironment"] == "ZEPPELIN-FLINK-3_0"
    assert properties["ServiceExecutionRole"] == prod.arn("AWS::IAM::Role", "Notebook/Role")
    assert configuration(prod, "studio") == {
        "FlinkApplicationConfiguration": {
            "ParallelismConfiguration": {
                "ConfigurationType": "CUSTOM",
                "Parallelism": 8,
                "ParallelismPerKPU": 2,
                "AutoScalingEnabled": False,
            }
        },
        "ZeppelinApplicationConfiguration": {
            "CatalogConfiguration": {"GlueDataCatalogConfiguration": {"DatabaseARN": f"{GLUE}:database/weir_prod_studio"}},
            "CustomArtifactsConfiguration": [
                {
                    "ArtifactType": "DEPENDENCY_JAR",
                    "MavenReference": {
                        "GroupId": "org.apache.flink",
                        "ArtifactId": "flink-sql-connector-kinesis",
                        "Version": "1.15.4",
                    },
                }
            ],
            "DeployAsApplicationConfiguration": {
                "S3ContentLocation": {"BucketARN": prod.arn("AWS::S3::Bucket", "Studio/Bucket"), "BasePath": "applications/"}
            },
            "MonitoringConfiguration": {"LogLevel": "WARN"},
        },
    }


def test_it_is_created_when_it_may_read_the_catalog_and_nobody_starts_it(prod: Pipeline) -> None:
    (notebook,) = [each for each in prod.all("AWS::KinesisAnalyticsV2::Application") if each.name == "weir-prod-studio"]
    needed = prod.body(notebook)["DependsOn"]
    paths = {each.path for each in prod.assembly.resources.values() if each.stack == notebook.stack and each.id in needed}
    assert {"Notebook/Role/DefaultPolicy", *(f"Streams/{name.capitalize()}" for name in STREAMS)} <= paths
    running = [prod.assembly.properties(each)["Application"] for each in prod.all("Custom::RunningFlinkApplication")]
    assert running == ["weir-prod-aggregates"]


def test_what_people_wrote_in_it_is_kept_where_data_is(prod: Pipeline, dev: Pipeline) -> None:
    def policy(pipeline: Pipeline) -> str:
        name = f"weir-{pipeline.environment.name}-studio"
        (notebook,) = [each for each in pipeline.all("AWS::KinesisAnalyticsV2::Application") if each.name == name]
        return str(pipeline.body(notebook)["DeletionPolicy"])

    assert (policy(prod), policy(dev)) == ("RetainExceptOnCreate", "Delete")


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_a_table(prod: Pipeline, name: str) -> None:
    table = tables(prod)[name]
    columns = table["StorageDescriptor"].pop("Columns")
    assert {column["Name"]: column["Type"] for column in columns} == stream_columns(name)
    assert table == {
        "Name": name,
        "Description": f"What is on the stream {name}, as it comes",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "classification": "json",
            "format": "json",
            "aws.region": "us-east-1",
            "scan.stream.initpos": "TRIM_HORIZON",
            "managed-flink.proctime": "proctime",
        },
        "StorageDescriptor": {
            "Location": f"weir-prod-{name}",
            "Parameters": {
                "typeOfData": "kinesis",
                "streamName": f"weir-prod-{name}",
                "endpointUrl": "https://kinesis.us-east-1.amazonaws.com",
            },
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
        },
    }


def test_columns_are_the_keys_of_events() -> None:
    columns = stream_columns("events")
    assert columns["@timestamp"] == "string"
    assert "time" not in columns
    assert columns["service"] == "struct<name:string,version:string,environment:string,node:struct<name:string>>"
    assert "machine" not in stream_columns("metrics")
    assert "evidence_count:bigint" in stream_columns("findings")["weir"]


def test_it_may_read_its_streams_and_its_database_and_keep_what_it_builds(prod: Pipeline) -> None:
    role = "Notebook/Role"
    reading = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"]
    assert prod.grants(role, "kinesis:") == [
        ([f"kinesis:{action}" for action in reading], sorted(stream(prod, name) for name in STREAMS))
    ]
    own = [f"{GLUE}:catalog", f"{GLUE}:database/weir_prod_studio"]
    assert prod.grants(role, "glue:") == [
        (["glue:GetDatabase"], sorted([*own, f"{GLUE}:database/hive"])),
        (["glue:GetTable", "glue:GetTables"], [*own, f"{GLUE}:table/weir_prod_studio/*"]),
        (["glue:GetUserDefinedFunction"], [*own, f"{GLUE}:userDefinedFunction/weir_prod_studio/*"]),
        (["glue:GetDatabases"], ["*"]),
    ]
    bucket = prod.arn("AWS::S3::Bucket", "Studio/Bucket")
    assert prod.grants(role, "s3:") == [
        (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket]),
        (["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [f"{bucket}/applications/*"]),
    ]
    (group,) = [each for each in prod.all("AWS::Logs::LogGroup") if each.path == "Notebook/Logs"]
    assert prod.grants(role, "logs:") == [
        (["logs:DescribeLogGroups"], ["arn:aws:logs:us-east-1:111122223333:log-group:*"]),
        (["logs:DescribeLogStreams", "logs:PutLogEvents"], [group.arn]),
    ]
    granted = {action.partition(":")[0] for actions, _ in prod.grants(role, "") for action in actions}
    assert granted == {"kinesis", "glue", "s3", "logs", "kms"}
    statements = prod.one("AWS::IAM::Policy", f"{role}/DefaultPolicy")["PolicyDocument"]["Statement"]
    through = [each["Condition"]["StringEquals"]["kms:ViaService"] for each in statements if "kms:" in str(each["Action"])]
    assert through == ["kinesis.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"]


def test_it_logs_to_its_own_group(prod: Pipeline) -> None:
    (group,) = [each for each in prod.all("AWS::Logs::LogGroup") if each.path == "Notebook/Logs"]
    assert prod.assembly.properties(group)["RetentionInDays"] == 90
    option = prod.one("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption", "Notebook/Logging")
    assert option == {
        "ApplicationName": "weir-prod-studio",
        "CloudWatchLoggingOption": {
            "LogStreamARN": f"arn:aws:logs:us-east-1:111122223333:log-group:{group.name}:log-stream:application"
        },
    }


def test_what_is_built_of_a_note_does_not_expire(prod: Pipeline) -> None:
    (rule,) = prod.one("AWS::S3::Bucket", "Studio/Bucket")["LifecycleConfiguration"]["Rules"]
    assert "ExpirationInDays" not in rule


def test_the_outputs_say_where_the_notes_are(dev: Pipeline) -> None:
    outputs = dev.templates["studio"]["Outputs"]
    assert set(outputs) == {"StudioNotebook", "StudioNotes"}
    assert outputs["StudioNotebook"]["Value"] == {"Ref": "NotebookApplication62940485"}
    assert re.search(r"/[0-9a-f]{64}\.zip", str(outputs["StudioNotes"]["Value"]))


def test_the_notes_are_compiled_into_the_asset(tmp_path: Any) -> None:
    assert _Compile().try_bundle(str(tmp_path)) is True
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "brute-force.zpln",
        "latency-by-release.zpln",
        "machine-health.zpln",
    ]


def test_without_applications_events_alone_are_a_table(dev: Pipeline) -> None:
    assert set(tables(dev)) == {"events"}
    assert tables(dev)["events"]["Parameters"]["scan.stream.initpos"] == "LATEST"
    assert "analytics" not in dev.templates


def test_without_it_there_is_no_stack_and_no_bucket(synthesize: Synthesize) -> None:
    pipeline = synthesize("staging")
    assert "studio" not in pipeline.templates
    assert "Studio/Bucket" not in {each.path for each in pipeline.all("AWS::S3::Bucket")}
