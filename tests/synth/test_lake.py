"""The lake: events by type and day as Parquet, tables that find them, and a workgroup that bounds what is read."""

from __future__ import annotations

from typing import Any

import pytest

from common import logtypes
from lake.named_queries import named_queries
from localrun.delivery.jq_paths import look_ups
from tests.synth.synthesized import Pipeline

#: By table.
DATASETS = {found.dataset.replace(".", "_"): found.dataset for found in logtypes.TYPES.values()}


@pytest.fixture
def tables(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """By name, what the Glue catalog holds."""
    found = [pipeline.assembly.properties(each) for each in pipeline.all("AWS::Glue::Table") if each.step == "lake"]
    assert {(each["CatalogId"], each["DatabaseName"]) for each in found} == {
        (pipeline.all("AWS::Glue::Database")[0].account, f"weir_{pipeline.environment.name}")
    }
    return {each["TableInput"]["Name"]: each["TableInput"] for each in found}


def bucket(pipeline: Pipeline) -> str:
    (found,) = [each.name for each in pipeline.all("AWS::S3::Bucket") if each.path == "Lake/Bucket"]
    return found


def delivery(pipeline: Pipeline) -> dict[str, Any]:
    properties: dict[str, Any] = pipeline.one("AWS::KinesisFirehose::DeliveryStream", f"weir-{pipeline.environment.name}-lake")
    return properties


def test_events_are_delivered_by_type_and_day_of_arrival(pipeline: Pipeline) -> None:
    properties = delivery(pipeline)
    stream = pipeline.arn("AWS::Kinesis::Stream", f"weir-{pipeline.environment.name}-events")
    assert properties["KinesisStreamSourceConfiguration"]["KinesisStreamARN"] == stream
    target = properties["ExtendedS3DestinationConfiguration"]
    assert target["BucketARN"] == pipeline.arn("AWS::S3::Bucket", "Lake/Bucket")
    assert target["Prefix"] == "events/dataset=!{partitionKeyFromQuery:dataset}/day=!{partitionKeyFromQuery:day}/"
    assert target["ErrorOutputPrefix"] == "events-failed/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
    assert target["DynamicPartitioningConfiguration"]["Enabled"] is True
    (processor,) = target["ProcessingConfiguration"]["Processors"]
    assert processor["Type"] == "MetadataExtraction"
    query = {each["ParameterName"]: each["ParameterValue"] for each in processor["Parameters"]}["MetadataExtractionQuery"]
    assert query == '{"dataset":.event.dataset,"day":.event.ingested[0:10]}'
    assert look_ups(query), "the embedded run would ask jq for the keys of each event, at ten times the CPU"
    settings = pipeline.environment.lake.delivery
    assert target["BufferingHints"] == {"IntervalInSeconds": settings.buffer_seconds, "SizeInMBs": settings.buffer_mib}
    assert target["EncryptionConfiguration"] == {"KMSEncryptionConfig": {"AWSKMSKeyARN": pipeline.key()}}


def test_they_are_converted_by_the_table_of_all_columns(pipeline: Pipeline) -> None:
    conversion = delivery(pipeline)["ExtendedS3DestinationConfiguration"]["DataFormatConversionConfiguration"]
    (events,) = [each for each in pipeline.all("AWS::Glue::Table") if each.path == "Tables/Events"]
    assert conversion["SchemaConfiguration"]["DatabaseName"] == f"weir_{pipeline.environment.name}"
    assert conversion["SchemaConfiguration"]["TableName"] == events.ref
    deserializer = conversion["InputFormatConfiguration"]["Deserializer"]["OpenXJsonSerDe"]
    assert deserializer == {"CaseInsensitive": False, "ColumnToJsonKeyMappings": {"time": "@timestamp"}}
    assert conversion["OutputFormatConfiguration"]["Serializer"]["ParquetSerDe"]["Compression"] == "SNAPPY"


def test_a_table_for_each_type_and_one_of_all(tables: dict[str, dict[str, Any]]) -> None:
    assert set(tables) == {"events", *DATASETS}
    columns = {
        name: {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        for name, table in tables.items()
    }
    assert "app" in columns["app"]
    assert "app" not in columns["aws_alb"]
    assert columns["aws_alb"]["aws"].startswith("struct<elb:struct<name:string,")
    assert set().union(*columns.values()) == set(columns["events"])


def test_partitions_are_projected_where_firehose_puts_them(pipeline: Pipeline, tables: dict[str, dict[str, Any]]) -> None:
    root, first = f"s3://{bucket(pipeline)}/events/", pipeline.environment.lake.first_day
    for name, table in tables.items():
        keys = [key["Name"] for key in table["PartitionKeys"]]
        place = f"{root}dataset={DATASETS[name]}/" if name != "events" else root
        parameters = table["Parameters"]
        assert keys == (["dataset", "day"] if name == "events" else ["day"])
        assert table["StorageDescriptor"]["Location"] == place
        assert parameters["storage.location.template"] == place + "".join(f"{key}=${{{key}}}/" for key in keys)
        assert parameters["projection.enabled"] == "true"
        assert parameters["projection.day.type"] == "date"
        assert parameters["projection.day.format"] == "yyyy-MM-dd"
        assert parameters["projection.day.range"] == f"{first},NOW"
    assert tables["events"]["Parameters"]["projection.dataset.type"] == "enum"
    assert tables["events"]["Parameters"]["projection.dataset.values"] == ",".join(sorted(DATASETS.values()))


def test_the_workgroup_bounds_what_a_query_reads_and_where_its_results_go(pipeline: Pipeline) -> None:
    workgroup = pipeline.one("AWS::Athena::WorkGroup")
    assert workgroup["Name"] == f"weir-{pipeline.environment.name}"
    assert workgroup["WorkGroupConfiguration"] == {
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "BytesScannedCutoffPerQuery": pipeline.environment.lake.scanned_mib_per_query * 2**20,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        "ResultConfiguration": {
            "OutputLocation": f"s3://{bucket(pipeline)}/query-results/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": pipeline.key()},
        },
    }


def test_the_named_queries_are_those_of_the_files(pipeline: Pipeline) -> None:
    found = [pipeline.assembly.properties(each) for each in pipeline.all("AWS::Athena::NamedQuery")]
    assert {each["Name"]: each["QueryString"] for each in found} == {name: query.sql for name, query in named_queries().items()}
    name = pipeline.environment.name
    assert {(each["Database"], each["WorkGroup"]) for each in found} == {(f"weir_{name}", f"weir-{name}")}
    assert all(each["Description"] for each in found)
