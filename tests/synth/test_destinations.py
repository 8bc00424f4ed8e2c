"""Every kind of Firehose destination: what it is deployed as, and what is watched of it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.synth.destinations import FROM_RAW, JDBC_URL, PROCESSED, STREAMS
from tests.synth.rules import findings, lint
from tests.synth.synthesized import Pipeline

HOURS = "!{timestamp:yyyy/MM/dd/HH}/"
ERRORS = "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
KINDS = {
    "S3": "ExtendedS3DestinationConfiguration",
    "Parquet": "ExtendedS3DestinationConfiguration",
    "SearchDomain": "AmazonopensearchserviceDestinationConfiguration",
    "SearchCollection": "AmazonOpenSearchServerlessDestinationConfiguration",
    "Redshift": "RedshiftDestinationConfiguration",
    "Iceberg": "IcebergDestinationConfiguration",
    "HttpEndpoint": "HttpEndpointDestinationConfiguration",
    "Splunk": "SplunkDestinationConfiguration",
}
#: Folder below which each keeps what could not be delivered, in the quarantine; the others have a bucket of their own for it.
QUARANTINED = {
    "SearchDomain": "search-domain",
    "SearchCollection": "search-collection",
    "Iceberg": "iceberg",
    "HttpEndpoint": "http-endpoint",
    "Splunk": "splunk",
}


def stream(deployed: Pipeline, construct_id: str) -> dict[str, Any]:
    return deployed.one("AWS::KinesisFirehose::DeliveryStream", f"weir-test-{STREAMS[construct_id]}")


def target(deployed: Pipeline, construct_id: str) -> dict[str, Any]:
    """The configuration of a stream's destination."""
    configured: dict[str, Any] = stream(deployed, construct_id)[KINDS[construct_id]]
    return configured


def role(deployed: Pipeline, construct_id: str) -> str:
    return deployed.arn("AWS::IAM::Role", f"{construct_id}/Access/Role")


def bucket(deployed: Pipeline, name: str) -> str:
    return deployed.arn("AWS::S3::Bucket", f"{name}/Bucket")


def processors(configured: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Processors of a destination, in their order: type → parameters."""
    processing = configured["ProcessingConfiguration"]
    assert processing["Enabled"] is True
    return {
        each["Type"]: {one["ParameterName"]: one["ParameterValue"] for one in each["Parameters"]}
        for each in processing["Processors"]
    }


def logged(deployed: Pipeline, construct_id: str, part: dict[str, Any]) -> str:
    """The path of the log stream a part of the delivery writes its errors to, in the stream's own group."""
    options = part["CloudWatchLoggingOptions"]
    assert options["Enabled"] is True
    groups = {each.ref: each.path for each in deployed.all("AWS::Logs::LogGroup")}
    assert groups[options["LogGroupName"]] == f"{construct_id}/Access/Logs"
    return {each.ref: each.path for each in deployed.all("AWS::Logs::LogStream")}[cast(str, options["LogStreamName"])]


# What every destination has


def test_the_rule_packs_find_nothing_open(deployed: Pipeline) -> None:
    assert findings(deployed.directory) == {}


def test_cfn_lint_finds_nothing(deployed: Pipeline) -> None:
    (template,) = deployed.directory.glob("assembly-*/*destinations*.template.json")
    assert lint([template]) == []


@pytest.mark.parametrize("construct_id", STREAMS)
def test_a_stream_has_one_source_and_is_encrypted_where_records_wait(deployed: Pipeline, construct_id: str) -> None:
    properties = stream(deployed, construct_id)
    if construct_id in FROM_RAW:
        assert properties["DeliveryStreamType"] == "KinesisStreamAsSource"
        assert properties["KinesisStreamSourceConfiguration"] == {
            "KinesisStreamARN": deployed.arn("AWS::Kinesis::Stream", "weir-prod-raw"),
            "RoleARN": role(deployed, construct_id),
        }
        assert "DeliveryStreamEncryptionConfigurationInput" not in properties
    else:
        assert properties["DeliveryStreamType"] == "DirectPut"
        assert properties["DeliveryStreamEncryptionConfigurationInput"] == {
            "KeyType": "CUSTOMER_MANAGED_CMK",
            "KeyARN": deployed.key(),
        }
        assert "KinesisStreamSourceConfiguration" not in properties


def test_a_role_says_where_its_stream_comes_from_and_goes_to(deployed: Pipeline) -> None:
    described = {
        name: deployed.one("AWS::IAM::Role", f"{name}/Access/Role")["Description"].removeprefix(f"weir-test-{STREAMS[name]}: ")
        for name in STREAMS
    }
    assert described == {
        "S3": "from weir-prod-raw to S3",
        "Parquet": "from weir-prod-raw to S3",
        "SearchDomain": "direct put to the search domain",
        "SearchCollection": "direct put to the search collection",
        "Redshift": "from weir-prod-raw to Redshift",
        "Iceberg": "direct put to Iceberg",
        "HttpEndpoint": "direct put to the HTTP endpoint example",
        "Splunk": "from weir-prod-raw to Splunk",
    }


@pytest.mark.parametrize("construct_id", PROCESSED)
def test_records_pass_the_function_a_mebibyte_at_a_time(deployed: Pipeline, construct_id: str) -> None:
    assert processors(target(deployed, construct_id))["Lambda"] == {
        "LambdaArn": deployed.arn("AWS::Lambda::Function", "weir-test-transform"),
        "RoleArn": role(deployed, construct_id),
        "BufferIntervalInSeconds": "60",
        "BufferSizeInMBs": "1",
        "NumberOfRetries": "3",
    }


@pytest.mark.parametrize("construct_id", ["Parquet", "SearchCollection", "Splunk"])
def test_without_a_processor_records_go_as_they_are(deployed: Pipeline, construct_id: str) -> None:
    assert "ProcessingConfiguration" not in target(deployed, construct_id)


@pytest.mark.parametrize(("construct_id", "folder"), QUARANTINED.items())
def test_what_is_not_taken_goes_to_the_quarantine(deployed: Pipeline, construct_id: str, folder: str) -> None:
    kept = dict(target(deployed, construct_id)["S3Configuration"])
    where = logged(deployed, construct_id, kept)
    assert where in (f"{construct_id}/BackupErrors", f"{construct_id}/Access/Logs/S3Backup")
    del kept["CloudWatchLoggingOptions"]
    assert kept == {
        "BucketARN": bucket(deployed, "Quarantine"),
        "RoleARN": role(deployed, construct_id),
        "Prefix": f"{folder}/{HOURS}",
        "ErrorOutputPrefix": f"{folder}/{ERRORS}",
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 5},
        "CompressionFormat": "GZIP",
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": deployed.key()}},
    }


@pytest.mark.parametrize(
    ("construct_id", "place"),
    [
        ("S3", "S3/Access/Logs/S3Destination"),
        ("Parquet", "Parquet/Access/Logs/S3Destination"),
        ("SearchDomain", "SearchDomain/SearchErrors"),
        ("SearchCollection", "SearchCollection/SearchErrors"),
        ("Redshift", "Redshift/RedshiftErrors"),
        ("Iceberg", "Iceberg/IcebergErrors"),
        ("HttpEndpoint", "HttpEndpoint/Access/Logs/HttpDestination"),
        ("Splunk", "Splunk/SplunkErrors"),
    ],
)
def test_a_delivery_says_what_went_wrong(deployed: Pipeline, construct_id: str, place: str) -> None:
    assert logged(deployed, construct_id, target(deployed, construct_id)) == place


# Each destination


def only(configured: dict[str, Any], *left_out: str) -> dict[str, Any]:
    """A configuration without what is tested for all destinations at once."""
    common = ("RoleARN", "CloudWatchLoggingOptions", "ProcessingConfiguration", *left_out)
    return {name: value for name, value in configured.items() if name not in common}


def test_s3_objects_are_partitioned_by_what_a_record_says(deployed: Pipeline) -> None:
    configured = target(deployed, "S3")
    assert only(configured) == {
        "BucketARN": bucket(deployed, "Archive"),
        "Prefix": (
            "by-tenant/tenant=!{partitionKeyFromQuery:tenant}/type=!{partitionKeyFromLambda:dataset}/!{timestamp:yyyy-MM-dd}/"
        ),
        "ErrorOutputPrefix": f"by-tenant-failed/{ERRORS}",
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 64},
        "CompressionFormat": "ZIP",
        "DynamicPartitioningConfiguration": {"Enabled": True, "RetryOptions": {"DurationInSeconds": 300}},
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": deployed.key()}},
    }
    found = processors(configured)
    assert list(found) == ["Lambda", "MetadataExtraction", "AppendDelimiterToRecord"]
    assert found["MetadataExtraction"] == {"MetadataExtractionQuery": '{"tenant":.tenant}', "JsonParsingEngine": "JQ-1.6"}


def test_parquet_has_the_columns_of_its_table(deployed: Pipeline) -> None:
    (table,) = [each for each in deployed.all("AWS::Glue::Table") if each.path == "Events"]
    (database,) = deployed.all("AWS::Glue::Database")
    assert only(target(deployed, "Parquet")) == {
        "BucketARN": bucket(deployed, "Archive"),
        "Prefix": "lake/day=!{timestamp:yyyy-MM-dd}/",
        "ErrorOutputPrefix": f"lake-failed/{ERRORS}",
        "BufferingHints": {"IntervalInSeconds": 300, "SizeInMBs": 128},
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": deployed.key()}},
        "DataFormatConversionConfiguration": {
            "Enabled": True,
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {"CaseInsensitive": True}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
            "SchemaConfiguration": {
                "CatalogId": "111122223333",
                "DatabaseName": database.ref,
                "TableName": table.ref,
                "Region": "us-east-1",
                "RoleARN": role(deployed, "Parquet"),
                "VersionId": "LATEST",
            },
        },
    }


def caller(deployed: Pipeline, construct_id: str) -> dict[str, Any]:
    """How Firehose joins the network: the private subnets, with a security group of its own."""
    groups = {each.path: f"{each.name}.GroupId" for each in deployed.all("AWS::EC2::SecurityGroup")}
    return {
        "RoleARN": role(deployed, construct_id),
        "SecurityGroupIds": [groups[f"{construct_id}/Caller"]],
        "SubnetIds": [each.ref for each in deployed.all("AWS::EC2::Subnet")],
    }


def test_a_domain_gets_documents_in_its_vpc(deployed: Pipeline) -> None:
    assert only(target(deployed, "SearchDomain"), "S3Configuration") == {
        "DomainARN": deployed.arn("AWS::OpenSearchService::Domain", "weir-test"),
        "IndexName": "logs-test",
        "IndexRotationPeriod": "OneHour",
        "DocumentIdOptions": {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"},
        "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 100},
        "RetryOptions": {"DurationInSeconds": 600},
        "S3BackupMode": "FailedDocumentsOnly",
        "VpcConfiguration": caller(deployed, "SearchDomain"),
    }


def test_a_collection_gets_documents_through_its_endpoint(deployed: Pipeline) -> None:
    assert only(target(deployed, "SearchCollection"), "S3Configuration") == {
        "CollectionEndpoint": "weir-test.CollectionEndpoint",
        "IndexName": "logs-test",
        "BufferingHints": {"IntervalInSeconds": 300, "SizeInMBs": 5},
        "RetryOptions": {"DurationInSeconds": 300},
        "S3BackupMode": "AllDocuments",
        "VpcConfiguration": caller(deployed, "SearchCollection"),
    }
    groups = {each.path: f"{each.name}.GroupId" for each in deployed.all("AWS::EC2::SecurityGroup")}
    rules = [deployed.assembly.properties(each) for each in deployed.all("AWS::EC2::SecurityGroupIngress")]
    (into,) = [rule for rule in rules if rule["GroupId"] == groups["CollectionEndpoint"]]
    assert (into["SourceSecurityGroupId"], into["FromPort"], into["ToPort"]) == (groups["SearchCollection/Caller"], 443, 443)


def test_a_collection_is_open_to_the_role_and_for_one_index(deployed: Pipeline) -> None:
    policy = deployed.one("AWS::OpenSearchServerless::AccessPolicy")
    assert policy["Type"] == "data"
    assert 3 <= len(policy["Name"]) <= 32
    assert policy["Policy"] == (
        '[{"Rules":[{"ResourceType":"index","Resource":["index/weir-test/logs-test"],'
        '"Permission":["aoss:CreateIndex","aoss:UpdateIndex","aoss:WriteDocument"]}],'
        f'"Principal":["{role(deployed, "SearchCollection")}"]}}]'
    )


def test_redshift_copies_what_lies_in_the_stage(deployed: Pipeline) -> None:
    configured = target(deployed, "Redshift")
    assert only(configured, "S3Configuration", "S3BackupConfiguration") == {
        "ClusterJDBCURL": JDBC_URL,
        "CopyCommand": {
            "DataTableName": "logs.events",
            "DataTableColumns": "tenant,message",
            "CopyOptions": "JSON 'auto' GZIP",
        },
        "RetryOptions": {"DurationInSeconds": 3600},
        "S3BackupMode": "Enabled",
        "SecretsManagerConfiguration": credentials(deployed, "Redshift"),
    }
    assert only(configured["S3Configuration"]) == {
        "BucketARN": bucket(deployed, "Stage"),
        "Prefix": "events/",
        "BufferingHints": {"IntervalInSeconds": 300, "SizeInMBs": 5},
        "CompressionFormat": "GZIP",
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": deployed.key()}},
    }
    assert logged(deployed, "Redshift", configured["S3Configuration"]) == "Redshift/StageErrors"
    assert configured["S3BackupConfiguration"]["BucketARN"] == bucket(deployed, "Quarantine")
    assert configured["S3BackupConfiguration"]["Prefix"] == f"redshift/{HOURS}"


def credentials(deployed: Pipeline, construct_id: str) -> dict[str, Any]:
    (secret,) = deployed.all("AWS::SecretsManager::Secret")
    return {"Enabled": True, "SecretARN": secret.arn, "RoleARN": role(deployed, construct_id)}


def test_iceberg_rows_are_routed_to_their_tables(deployed: Pipeline) -> None:
    configured = target(deployed, "Iceberg")
    (database,) = deployed.all("AWS::Glue::Database")
    tables = {each.path: each.ref for each in deployed.all("AWS::Glue::Table")}
    assert only(configured, "S3Configuration") == {
        "CatalogConfiguration": {"CatalogArn": "arn:aws:glue:us-east-1:111122223333:catalog"},
        "DestinationTableConfigurationList": [
            {"DestinationDatabaseName": database.ref, "DestinationTableName": tables["Users"], "UniqueKeys": ["id"]},
            {"DestinationDatabaseName": database.ref, "DestinationTableName": tables["Logins"]},
        ],
        "AppendOnly": False,
        "BufferingHints": {"IntervalInSeconds": 300, "SizeInMBs": 5},
        "RetryOptions": {"DurationInSeconds": 300},
        # The property is written so in CloudFormation's own schema.
        "s3BackupMode": "FailedDataOnly",
    }
    assert processors(configured) == {
        "MetadataExtraction": {
            "MetadataExtractionQuery": (
                '{"destinationDatabaseName":"weir_test","destinationTableName":.kind,"operation":"insert"}'
            ),
            "JsonParsingEngine": "JQ-1.6",
        }
    }


def test_an_http_endpoint_gets_compressed_requests_with_its_key(deployed: Pipeline) -> None:
    assert only(target(deployed, "HttpEndpoint"), "S3Configuration") == {
        "EndpointConfiguration": {"Name": "example", "Url": "https://logs.example.com/firehose"},
        "RequestConfiguration": {
            "ContentEncoding": "GZIP",
            "CommonAttributes": [{"AttributeName": "environment", "AttributeValue": "test"}],
        },
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 4},
        "RetryOptions": {"DurationInSeconds": 300},
        "S3BackupMode": "FailedDataOnly",
        "SecretsManagerConfiguration": credentials(deployed, "HttpEndpoint"),
    }


def test_splunk_is_waited_for(deployed: Pipeline) -> None:
    assert only(target(deployed, "Splunk"), "S3Configuration") == {
        "HECEndpoint": "https://splunk.example.com:8088",
        "HECEndpointType": "Raw",
        "HECAcknowledgmentTimeoutInSeconds": 180,
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 5},
        "RetryOptions": {"DurationInSeconds": 300},
        "S3BackupMode": "FailedEventsOnly",
        "SecretsManagerConfiguration": credentials(deployed, "Splunk"),
    }


# Alarms

#: Name of the stream → metrics: freshness, accepted share where there is one, and what is counted as gone wrong.
WATCHED: dict[str, tuple[str, str | None, tuple[str, ...]]] = {
    "s3": ("DeliveryToS3.DataFreshness", "DeliveryToS3.Success", ("PartitionCountExceeded",)),
    "parquet": ("DeliveryToS3.DataFreshness", "DeliveryToS3.Success", ("FailedConversion.Records",)),
    "search-domain": (
        "DeliveryToAmazonOpenSearchService.DataFreshness",
        "DeliveryToAmazonOpenSearchService.Success",
        ("ThrottledRecords",),
    ),
    "search-collection": (
        "DeliveryToAmazonOpenSearchServerless.DataFreshness",
        "DeliveryToAmazonOpenSearchServerless.Success",
        ("ThrottledRecords",),
    ),
    "redshift": ("DeliveryToS3.DataFreshness", "DeliveryToRedshift.Success", ()),
    "iceberg": ("DeliveryToIceberg.DataFreshness", None, ("DeliveryToIceberg.FailedRowCount", "ThrottledRecords")),
    "http-endpoint": ("DeliveryToHttpEndpoint.DataFreshness", "DeliveryToHttpEndpoint.Success", ("ThrottledRecords",)),
    "splunk": ("DeliveryToSplunk.DataFreshness", "DeliveryToSplunk.Success", ()),
}


@pytest.mark.parametrize("name", WATCHED)
def test_a_destination_has_the_alarms_of_its_kind(deployed: Pipeline, name: str) -> None:
    freshness, success, failures = WATCHED[name]
    expected: dict[str, tuple[str, str, str, float, str]] = {
        "Freshness-Critical": (freshness, "Maximum", "GreaterThanThreshold", 900, "notBreaching")
    }
    if success:
        expected["Success-Warning"] = (success, "Average", "LessThanThreshold", 0.99, "notBreaching")
    if name in [STREAMS[construct_id] for construct_id in FROM_RAW]:
        expected["Behind-Source-Critical"] = (
            *("KinesisMillisBehindLatest", "Maximum", "GreaterThanThreshold", 60_000, "missing"),
        )
    for metric in failures:
        expected[f"{metric.replace('.', '-')}-Warning"] = (metric, "Sum", "GreaterThanThreshold", 0, "notBreaching")
    topic = deployed.arn("AWS::SNS::Topic", "Alerts/Topic")
    found = {}
    for each in map(deployed.assembly.properties, deployed.all("AWS::CloudWatch::Alarm")):
        if each["AlarmName"].startswith(f"weir-test-{name}-delivery-"):
            (queried,) = each["Metrics"]
            stat = queried["MetricStat"]
            assert stat["Metric"]["Namespace"] == "AWS/Firehose"
            assert stat["Metric"]["Dimensions"] == [{"Name": "DeliveryStreamName", "Value": f"weir-test-{name}"}]
            assert each["AlarmActions"] == each["OKActions"] == [topic]
            found[each["AlarmName"].removeprefix(f"weir-test-{name}-delivery-")] = (
                stat["Metric"]["MetricName"],
                stat["Stat"],
                each["ComparisonOperator"],
                each["Threshold"],
                each["TreatMissingData"],
            )
    assert found == expected
