"""The Firehose streams: where they read, what they write, how they buffer, and what they may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.synthesized import Pipeline


def delivery(pipeline: Pipeline, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = pipeline.one("AWS::KinesisFirehose::DeliveryStream", f"weir-{pipeline.environment.name}-{name}")
    return properties


def parameters(processing: dict[str, Any]) -> dict[str, str]:
    (processor,) = processing["Processors"]
    assert processing["Enabled"] is True
    assert processor["Type"] == "Lambda"
    return {each["ParameterName"]: each["ParameterValue"] for each in processor["Parameters"]}


@pytest.mark.parametrize(("name", "source"), [("archive", "raw"), ("errors-archive", "errors")])
def test_a_stream_archive_reads_its_stream_with_its_own_role(pipeline: Pipeline, name: str, source: str) -> None:
    properties = delivery(pipeline, name)
    assert properties["DeliveryStreamType"] == "KinesisStreamAsSource"
    configured = properties["KinesisStreamSourceConfiguration"]
    path = {"archive": "RawToArchive", "errors-archive": "ErrorsToArchive"}[name]
    role = pipeline.arn("AWS::IAM::Role", f"{path}/Access/Role")
    assert configured == {
        "KinesisStreamARN": pipeline.arn("AWS::Kinesis::Stream", f"weir-{pipeline.environment.name}-{source}"),
        "RoleARN": role,
    }
    assert properties["ExtendedS3DestinationConfiguration"]["RoleARN"] == role


@pytest.mark.parametrize(("name", "prefix"), [("archive", "raw"), ("errors-archive", "errors")])
def test_a_stream_archive_writes_gzip_by_hour_under_its_prefix(pipeline: Pipeline, name: str, prefix: str) -> None:
    archive = pipeline.environment.archive
    buffer = archive.delivery if name == "archive" else archive.errors_delivery
    target = delivery(pipeline, name)["ExtendedS3DestinationConfiguration"]
    assert target["BucketARN"] == pipeline.arn("AWS::S3::Bucket", "Archive/Bucket")
    assert target["CompressionFormat"] == "GZIP"
    assert target["Prefix"] == f"{prefix}/!{{timestamp:yyyy/MM/dd/HH}}/"
    assert target["ErrorOutputPrefix"] == f"{prefix}-failed/!{{firehose:error-output-type}}/!{{timestamp:yyyy/MM/dd/HH}}/"
    assert target["BufferingHints"] == {"IntervalInSeconds": buffer.buffer_seconds, "SizeInMBs": buffer.buffer_mib}
    assert target["EncryptionConfiguration"] == {"KMSEncryptionConfig": {"AWSKMSKeyARN": pipeline.key()}}
    assert target["CloudWatchLoggingOptions"]["Enabled"] is True
    assert target.get("S3BackupMode") is None


def test_archived_records_are_framed_a_mebibyte_at_a_time(pipeline: Pipeline) -> None:
    processing = delivery(pipeline, "archive")["ExtendedS3DestinationConfiguration"]["ProcessingConfiguration"]
    assert parameters(processing) == {
        "LambdaArn": pipeline.arn("AWS::Lambda::Function", f"weir-{pipeline.environment.name}-archive"),
        "RoleArn": pipeline.arn("AWS::IAM::Role", "RawToArchive/Access/Role"),
        "BufferIntervalInSeconds": str(min(pipeline.environment.archive.delivery.buffer_seconds, 60)),
        "BufferSizeInMBs": "1",
        "NumberOfRetries": "3",
    }


def test_error_records_are_written_a_line_each(pipeline: Pipeline) -> None:
    processing = delivery(pipeline, "errors-archive")["ExtendedS3DestinationConfiguration"]["ProcessingConfiguration"]
    # Without parameters the delimiter is a newline.
    assert processing == {"Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": []}]}


def test_direct_put_is_encrypted_and_indexed_by_day(pipeline: Pipeline) -> None:
    env = pipeline.environment
    properties = delivery(pipeline, "direct-put")
    assert properties["DeliveryStreamType"] == "DirectPut"
    assert properties["DeliveryStreamEncryptionConfigurationInput"] == {
        "KeyType": "CUSTOMER_MANAGED_CMK",
        "KeyARN": pipeline.key(),
    }
    target = properties["AmazonopensearchserviceDestinationConfiguration"]
    assert target["DomainARN"] == pipeline.arn("AWS::OpenSearchService::Domain", f"weir-{env.name}")
    assert target["IndexName"] == "logs-direct-put"
    assert target["IndexRotationPeriod"] == "OneDay"
    assert target["DocumentIdOptions"] == {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"}
    assert target["BufferingHints"] == {
        "IntervalInSeconds": env.direct_put.delivery.buffer_seconds,
        "SizeInMBs": env.direct_put.delivery.buffer_mib,
    }
    assert target["RetryOptions"] == {"DurationInSeconds": 300}
    assert parameters(target["ProcessingConfiguration"]) == {
        "LambdaArn": pipeline.arn("AWS::Lambda::Function", f"weir-{env.name}-transform"),
        "RoleArn": pipeline.arn("AWS::IAM::Role", "DirectPut/Access/Role"),
        "BufferIntervalInSeconds": str(min(env.direct_put.delivery.buffer_seconds, 60)),
        "BufferSizeInMBs": "1",
        "NumberOfRetries": "3",
    }


def test_documents_direct_put_cannot_index_go_to_the_quarantine(pipeline: Pipeline) -> None:
    target = delivery(pipeline, "direct-put")["AmazonopensearchserviceDestinationConfiguration"]
    backup = target["S3Configuration"]
    assert target["S3BackupMode"] == "FailedDocumentsOnly"
    assert backup["BucketARN"] == pipeline.arn("AWS::S3::Bucket", "Quarantine/Bucket")
    assert backup["Prefix"] == "direct-put/!{timestamp:yyyy/MM/dd/HH}/"
    assert backup["ErrorOutputPrefix"] == "direct-put/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
    assert backup["BufferingHints"] == {"IntervalInSeconds": 60, "SizeInMBs": 5}
    assert backup["CompressionFormat"] == "GZIP"
    assert backup["EncryptionConfiguration"] == {"KMSEncryptionConfig": {"AWSKMSKeyARN": pipeline.key()}}


@pytest.mark.parametrize(
    ("path", "bucket", "prefixes"),
    [
        ("RawToArchive/Access/Role", "Archive/Bucket", ["raw", "raw-failed"]),
        ("ErrorsToArchive/Access/Role", "Archive/Bucket", ["errors", "errors-failed"]),
        ("DirectPut/Access/Role", "Quarantine/Bucket", ["direct-put"]),
    ],
)
def test_a_delivery_may_add_objects_under_its_prefixes_and_nothing_else(
    pipeline: Pipeline, path: str, bucket: str, prefixes: list[str]
) -> None:
    arn = pipeline.arn("AWS::S3::Bucket", bucket)
    assert pipeline.grants(path, "s3:") == [
        (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [arn]),
        (["s3:AbortMultipartUpload", "s3:PutObject"], sorted(f"{arn}/{prefix}/*" for prefix in prefixes)),
    ]


@pytest.mark.parametrize(("path", "function"), [("RawToArchive/Access/Role", "archive"), ("DirectPut/Access/Role", "transform")])
def test_a_delivery_may_call_its_processor_and_no_other(pipeline: Pipeline, path: str, function: str) -> None:
    processor = pipeline.arn("AWS::Lambda::Function", f"weir-{pipeline.environment.name}-{function}")
    assert pipeline.grants(path, "lambda:") == [(["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"], [processor])]
