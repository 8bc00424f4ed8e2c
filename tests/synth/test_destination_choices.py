"""Each option of a destination that has a default, with another value: what it comes to in the template."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, cast

import pytest
from aws_cdk import aws_kms as kms

from components.destinations.delivery_stream import DeliveryStream
from components.destinations.destination import Destination
from components.destinations.iceberg import IcebergDestination
from components.destinations.processing import Processor
from tests.synth.destinations import DestinationsStage, changed, changed_backup

#: Of the CloudFormation resource: the property that holds the destination's configuration.
PROPERTIES = {
    "S3": "extended_s3_destination_configuration",
    "Parquet": "extended_s3_destination_configuration",
    "SearchDomain": "amazonopensearchservice_destination_configuration",
    "SearchCollection": "amazon_open_search_serverless_destination_configuration",
    "Redshift": "redshift_destination_configuration",
    "Iceberg": "iceberg_destination_configuration",
    "HttpEndpoint": "http_endpoint_destination_configuration",
    "Splunk": "splunk_destination_configuration",
}

_NUMBERS = count()


@pytest.fixture
def configured(stage: DestinationsStage) -> Callable[[str, Destination], dict[str, Any]]:
    """Deploys a destination of the kind with that id, without a processor, and answers with its configuration."""

    def answer(construct_id: str, destination: Destination) -> dict[str, Any]:
        stream = DeliveryStream(
            stage.stack,
            f"Other{next(_NUMBERS)}",
            name="weir-test-other",
            destination=destination,
            source=None,
            processor=None,
            at_rest=stage.at_rest,
        )
        configuration: dict[str, Any] = stage.stack.resolve(getattr(stream.delivery, PROPERTIES[construct_id]))
        return configuration

    return answer


def looked_up(configuration: dict[str, Any], path: str) -> Any:
    """What stands at a path such as `copyCommand.copyOptions`; None when nothing does."""
    value: Any = configuration
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


PLAIN = {"partitions": None, "keys": "!{timestamp:yyyy}/!{firehose:random-string}/"}


@pytest.mark.parametrize(
    ("construct_id", "changes", "path", "expected"),
    [
        ("S3", {**PLAIN}, "prefix", "by-tenant/!{timestamp:yyyy}/!{firehose:random-string}/"),
        ("S3", {**PLAIN}, "dynamicPartitioningConfiguration", None),
        ("S3", {**PLAIN, "newline": False}, "processingConfiguration", None),
        ("S3", {**PLAIN, "compression": "UNCOMPRESSED"}, "compressionFormat", "UNCOMPRESSED"),
        ("S3", {**PLAIN, "compression": "HADOOP_SNAPPY"}, "compressionFormat", "HADOOP_SNAPPY"),
        (
            "Parquet",
            {"compression": "GZIP"},
            "dataFormatConversionConfiguration.outputFormatConfiguration.serializer.parquetSerDe.compression",
            "GZIP",
        ),
        ("SearchDomain", {"rotation": "NoRotation"}, "indexRotationPeriod", "NoRotation"),
        ("SearchDomain", {"document_ids": "NO_DOCUMENT_ID"}, "documentIdOptions.defaultDocumentIdFormat", "NO_DOCUMENT_ID"),
        ("SearchCollection", {"network": None, "endpoint_group": None}, "vpcConfiguration", None),
        ("SearchCollection", {"retry_seconds": 0}, "retryOptions.durationInSeconds", 0),
        ("Redshift", {"compression": "UNCOMPRESSED"}, "copyCommand.copyOptions", "JSON 'auto'"),
        ("Redshift", {"copy_options": "CSV"}, "copyCommand.copyOptions", "CSV GZIP"),
        ("Redshift", {"columns": ()}, "copyCommand.dataTableColumns", None),
        ("Redshift", {"backup": None}, "s3BackupMode", "Disabled"),
        ("Redshift", {"backup": None}, "s3BackupConfiguration", None),
        ("HttpEndpoint", {"content_encoding": "NONE"}, "requestConfiguration.contentEncoding", "NONE"),
        ("HttpEndpoint", {"attributes": {}}, "requestConfiguration.commonAttributes", None),
        ("Splunk", {"hec_type": "Event"}, "hecEndpointType", "Event"),
        ("Splunk", {"acknowledgement_seconds": 600}, "hecAcknowledgmentTimeoutInSeconds", 600),
    ],
)
def test_an_option_is_deployed(
    stage: DestinationsStage,
    configured: Callable[[str, Destination], dict[str, Any]],
    construct_id: str,
    changes: dict[str, Any],
    path: str,
    expected: Any,
) -> None:
    assert looked_up(configured(construct_id, changed(stage, construct_id, **changes)), path) == expected


@pytest.mark.parametrize(
    ("construct_id", "all_records", "mode"),
    [
        ("SearchDomain", True, "AllDocuments"),
        ("SearchCollection", False, "FailedDocumentsOnly"),
        ("HttpEndpoint", True, "AllData"),
        ("Splunk", True, "AllEvents"),
    ],
)
def test_a_backup_keeps_all_records_or_those_that_failed(
    stage: DestinationsStage,
    configured: Callable[[str, Destination], dict[str, Any]],
    construct_id: str,
    all_records: bool,
    mode: str,
) -> None:
    destination = changed_backup(stage, construct_id, all_records=all_records)
    assert configured(construct_id, destination)["s3BackupMode"] == mode


def test_one_table_needs_no_routing(stage: DestinationsStage, configured: Callable[[str, Destination], dict[str, Any]]) -> None:
    logins = cast(IcebergDestination, stage.destinations["Iceberg"]).tables[1]
    found = configured("Iceberg", changed(stage, "Iceberg", tables=(logins,), routing=None, append_only=True))
    assert found["appendOnly"] is True
    assert "processingConfiguration" not in found
    (table,) = found["destinationTableConfigurationList"]
    assert table["destinationTableName"] == {"Ref": "Logins"}


def test_what_waits_inside_firehose_may_have_a_key_of_its_own(stage: DestinationsStage) -> None:
    key = kms.Key(stage.stack, "OwnKey", enable_key_rotation=True)
    stream = DeliveryStream(
        stage.stack,
        "OwnlyEncrypted",
        name="weir-test-own-key",
        destination=stage.destinations["Splunk"],
        source=None,
        processor=Processor(function=stage.processor, buffer_seconds=0, buffer_mib=0.25),
        at_rest=stage.at_rest,
        encryption_key=key,
    )
    encryption = stage.stack.resolve(stream.delivery.delivery_stream_encryption_configuration_input)
    assert encryption == {"keyType": "CUSTOMER_MANAGED_CMK", "keyArn": stage.stack.resolve(key.key_arn)}
    assert buffers(stage.stack.resolve(stream.delivery.splunk_destination_configuration)) == ("0", "0.25")


def test_the_library_is_told_a_processor_s_buffers_too(stage: DestinationsStage) -> None:
    stream = DeliveryStream(
        stage.stack,
        "ShortlyBuffered",
        name="weir-test-short",
        destination=stage.destinations["HttpEndpoint"],
        source=stage.ingestion.raw,
        processor=Processor(function=stage.processor, buffer_seconds=0, buffer_mib=0.25),
        at_rest=stage.at_rest,
    )
    resolved = stage.stack.resolve(stream.delivery.http_endpoint_destination_configuration)
    assert buffers(resolved) == ("0", "0.25")


def buffers(configuration: dict[str, Any]) -> tuple[str, str]:
    """Seconds and MiB a processor gathers."""
    (processor,) = configuration["processingConfiguration"]["processors"]
    given = {each["parameterName"]: each["parameterValue"] for each in processor["parameters"]}
    return given["BufferIntervalInSeconds"], given["BufferSizeInMBs"]
