"""What a deployed delivery stream says, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from localrun.delivery.compression import COMPRESSIONS
from localrun.delivery.stream import (
    Buffering,
    DeliveryStream,
    KinesisSource,
    LambdaProcessor,
    OpenSearchConfiguration,
    S3Configuration,
)
from localrun.delivery.unsupported import Unsupported
from tests.unit.delivery.fakes import (
    DELIMITER,
    FUNCTION_ARN,
    OPENSEARCH,
    ROLE_ARN,
    S3,
    deployed,
    lambda_processor,
    processor,
    to_opensearch,
    to_s3,
)
from tests.unit.event_sources.fakes import STREAM_ARN

MIB = 2**20


def test_an_s3_delivery_of_a_stream_is_read_whole() -> None:
    processor = lambda_processor(BufferSizeInMBs="0.5", BufferIntervalInSeconds="2", NumberOfRetries="1", RoleArn="invoker")
    found = to_s3(processor, DELIMITER, source=True, ErrorOutputPrefix="bad/", CustomTimeZone="Asia/Tokyo")
    assert found == DeliveryStream(
        name="weir-local-archive",
        arn="arn:aws:firehose:us-east-1:000000000000:deliverystream/weir-local-archive",
        version=1,
        role_arn=ROLE_ARN,
        source=KinesisSource(STREAM_ARN, ROLE_ARN),
        buffering=Buffering(MIB, 60),
        processor=LambdaProcessor(FUNCTION_ARN, "invoker", Buffering(MIB // 2, 2), 1),
        delimiter=b"\n",
        s3=S3Configuration(
            "archive", ROLE_ARN, "raw/", "bad/", COMPRESSIONS["GZIP"], file_extension=".gz", time_zone="Asia/Tokyo"
        ),
        opensearch=None,
        conversion=None,
        deaggregation=None,
        partitioning=None,
        backup=None,
        decompression=False,
        messages_only=False,
    )


def test_an_opensearch_delivery_is_read_whole() -> None:
    found = to_opensearch(IndexRotationPeriod="OneHour", S3BackupMode="AllDocuments")
    assert found.opensearch == OpenSearchConfiguration("logs-direct-put", "OneHour", True, 10, True)
    assert found.s3.prefix == "direct-put/"
    assert found.buffering == Buffering(MIB, 60)


def test_what_is_left_out_has_firehoses_default() -> None:
    bare = {"RoleARN": ROLE_ARN, "IndexName": "logs", "S3Configuration": {"BucketARN": "arn:aws:s3:::b", "RoleARN": ROLE_ARN}}
    found = DeliveryStream.from_deployed(deployed("AmazonOpenSearch", bare, lambda_processor()))
    assert found.opensearch == OpenSearchConfiguration("logs", "OneDay", True, 300, False)
    assert found.buffering == Buffering(5 * MIB, 300)
    assert found.processor == LambdaProcessor(FUNCTION_ARN, None, Buffering(MIB, 60), 3)
    assert found.s3 == S3Configuration("b", ROLE_ARN, "", None, COMPRESSIONS["UNCOMPRESSED"], file_extension="", time_zone="UTC")


def test_a_processor_that_is_switched_off_does_nothing() -> None:
    off = {"ProcessingConfiguration": {"Enabled": False, "Processors": [lambda_processor()]}}
    assert DeliveryStream.from_deployed(deployed("ExtendedS3", S3 | off)).processor is None


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (deployed("Redshift", S3), "destination Redshift is not run locally; use S3 or OpenSearch"),
        (deployed("ExtendedS3", S3) | {"Type": "MSKAsSource"}, "source MSKAsSource is not run locally"),
        (deployed("ExtendedS3", S3 | {"S3BackupMode": "Enabled"}), "S3BackupMode Enabled needs S3BackupConfiguration"),
        (deployed("ExtendedS3", S3 | {"CompressionFormat": "ZSTD"}), "there is no compression ZSTD; use UNCOMPRESSED, GZIP, ZIP"),
        (deployed("ExtendedS3", S3, {"Type": "Encryption"}), "processor Encryption is not run locally"),
        (deployed("ExtendedS3", S3, processor("CloudWatchLogProcessing", DataMessageExtraction="true")), "needs a Decompression"),
        (deployed("ExtendedS3", S3, processor("Decompression", CompressionFormat="ZIP")), "Decompression has no format ZIP"),
        (deployed("HttpEndpoint", S3), "destination HttpEndpoint is not run locally; use S3 or OpenSearch"),
        (deployed("Splunk", S3), "destination Splunk is not run locally; use S3 or OpenSearch"),
        (deployed("Iceberg", S3), "destination Iceberg is not run locally; use S3 or OpenSearch"),
        (deployed("Snowflake", S3), "destination Snowflake is not run locally; use S3 or OpenSearch"),
        (deployed("ExtendedS3", S3, lambda_processor(), lambda_processor()), "a second Lambda processor"),
        (deployed("ExtendedS3", S3 | {"Prefix": "!{nothing:here}"}), "has no meaning in the prefix"),
        (deployed("ExtendedS3", S3 | {"CustomTimeZone": "Moon/Base"}), "Moon/Base"),
        (deployed("AmazonOpenSearch", OPENSEARCH, {"Type": "MetadataExtraction"}), "needs JsonParsingEngine JQ-1.6"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_stream_and_the_reason(found: dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported) as refused:
        DeliveryStream.from_deployed(found)
    assert words in str(refused.value)
    assert "delivery stream weir-local-archive" in str(refused.value)
