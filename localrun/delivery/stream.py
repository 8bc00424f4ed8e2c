"""One deployed delivery stream."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from localrun.delivery.compression import COMPRESSIONS, Compression
from localrun.delivery.conversion import FormatConversion
from localrun.delivery.deaggregation import Deaggregation
from localrun.delivery.opensearch import Rotation
from localrun.delivery.partition_keys import BadQuery, query
from localrun.delivery.prefix import (
    FROM_LAMBDA,
    FROM_QUERY,
    PROCESSING_FAILED,
    BadPrefix,
    data_prefix,
    error_prefix,
    partition_keys,
)
from localrun.delivery.unsupported import Unsupported

MIB = 2**20


@dataclass(frozen=True, slots=True)
class KinesisSource:
    stream_arn: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class Buffering:
    """Whichever comes first."""

    size: int
    """Bytes."""
    seconds: float


@dataclass(frozen=True, slots=True)
class S3Configuration:
    """Where objects go and what they are called."""

    bucket: str
    role_arn: str
    prefix: str
    error_prefix: str | None
    compression: Compression
    file_extension: str
    """Of delivered data."""
    time_zone: str

    @property
    def error_extension(self) -> str:
        """Of the error output, which is compressed as data is, and never converted."""
        return self.compression.extension


@dataclass(frozen=True, slots=True)
class LambdaProcessor:
    """A function records pass on their way (API reference, ProcessorParameter)."""

    function_arn: str
    role_arn: str | None
    """Role that invokes it, where it is not the destination's."""
    buffering: Buffering
    retries: int


@dataclass(frozen=True, slots=True)
class OpenSearchConfiguration:
    """How documents are indexed."""

    index: str
    rotation: Rotation
    document_ids: bool
    """Firehose makes an id (FIREHOSE_DEFAULT); otherwise OpenSearch does (NO_DOCUMENT_ID)."""
    retry_seconds: float
    backup_all: bool


@dataclass(frozen=True, slots=True)
class Partitioning:
    """Records are delivered apart by the partition keys in the prefix (API reference, DynamicPartitioningConfiguration)."""

    query: str | None
    """jq program that takes keys from a record; None if only the function gives some."""


@dataclass(frozen=True, slots=True)
class Backup:
    """Where the records as they were sent are kept too (API reference, S3BackupMode)."""

    s3: S3Configuration
    buffering: Buffering


@dataclass(frozen=True, slots=True)
class Processing:
    """What records go through."""

    processor: LambdaProcessor | None = None
    delimiter: bytes = b""
    query: str | None = None
    deaggregation: Deaggregation | None = None
    decompression: bool = False
    messages_only: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryStream:
    """What a delivery stream says. `s3` is the destination, or the backup of `opensearch`."""

    name: str
    arn: str
    version: int
    role_arn: str
    """Role of the destination: it also invokes the processor."""
    source: KinesisSource | None
    """None for a stream records are put on directly."""
    buffering: Buffering
    processor: LambdaProcessor | None
    delimiter: bytes
    s3: S3Configuration
    opensearch: OpenSearchConfiguration | None
    conversion: FormatConversion | None
    deaggregation: Deaggregation | None
    partitioning: Partitioning | None
    backup: Backup | None
    decompression: bool
    """Records are gzip, of CloudWatch Logs."""
    messages_only: bool
    """Of those only the messages are delivered."""

    @classmethod
    def from_deployed(cls, deployed: Mapping[str, Any]) -> DeliveryStream:
        """Of one item of the emulator's /_weir/deliveries. Raises Unsupported."""
        name, kind, config = deployed["Name"], deployed["DestinationType"], deployed["Destination"]
        if deployed["Type"] not in ("DirectPut", "KinesisStreamAsSource"):
            raise _unsupported(name, f"source {deployed['Type']}", "DirectPut or KinesisStreamAsSource")
        source = deployed["Source"] if deployed["Type"] == "KinesisStreamAsSource" else None
        if kind in ("ExtendedS3", "S3"):
            s3, opensearch = config, None
        elif kind == "AmazonOpenSearch":
            s3, opensearch = config["S3Configuration"], _opensearch(config)
        else:
            raise _unsupported(name, f"destination {kind}", "S3 or OpenSearch")
        processing = _processing(name, config.get("ProcessingConfiguration") or {})
        partitioning = _partitioning(name, config, processing)
        conversion = _conversion(name, config, deployed["Arn"])
        return cls(
            name=name,
            arn=deployed["Arn"],
            version=int(deployed.get("Version", 1)),
            role_arn=config["RoleARN"],
            source=KinesisSource(source["KinesisStreamARN"], source["RoleARN"]) if source else None,
            buffering=_buffering(config.get("BufferingHints") or {}, 128 if conversion else 5),
            processor=processing.processor,
            delimiter=processing.delimiter,
            s3=_s3(name, s3, ".parquet" if conversion else "", partitioning),
            opensearch=opensearch,
            conversion=conversion,
            deaggregation=processing.deaggregation,
            partitioning=partitioning,
            backup=_backup(name, config),
            decompression=processing.decompression,
            messages_only=processing.messages_only,
        )


def _unsupported(name: str, what: str, instead: str) -> Unsupported:
    return Unsupported(f"delivery stream {name}: {what} is not run locally; use {instead} in this environment")


def _buffering(hints: Mapping[str, Any], default_mib: int = 5) -> Buffering:
    """Defaults: 5 MiB, 300 s (API reference, BufferingHints and AmazonopensearchserviceBufferingHints).

    With format conversion 128 MiB; Firehose then refuses less than 64 when the stream is made, here what is deployed counts
    (Firehose developer guide, "Enable record format conversion").
    """
    return Buffering(int(hints.get("SizeInMBs", default_mib)) * MIB, float(hints.get("IntervalInSeconds", 300)))


def _conversion(name: str, config: Mapping[str, Any], arn: str) -> FormatConversion | None:
    """On unless switched off (API reference, DataFormatConversionConfiguration)."""
    found = config.get("DataFormatConversionConfiguration")
    if not found or not found.get("Enabled", True):
        return None
    if (config.get("CompressionFormat") or "UNCOMPRESSED") != "UNCOMPRESSED":
        raise Unsupported(f"delivery stream {name}: with format conversion CompressionFormat must be UNCOMPRESSED, for the "
                          "serializer compresses; leave it out")  # fmt: skip
    try:
        return FormatConversion.from_config(found, arn)
    except Unsupported as error:
        raise Unsupported(f"delivery stream {name}: {error}") from error


def _partitioning(name: str, config: Mapping[str, Any], processing: Processing) -> Partitioning | None:
    """What Firehose asks of a stream with dynamic partitioning (Firehose developer guide, "Enable dynamic partitioning"), but
    for the least buffer of 64 MiB: here what is deployed counts."""
    where = f"delivery stream {name}"
    if not (config.get("DynamicPartitioningConfiguration") or {}).get("Enabled"):
        if processing.query is not None:
            raise _unsupported(name, "processor MetadataExtraction without dynamic partitioning", "both")
        return None
    namespaces = {namespace for namespace, _ in partition_keys(config.get("Prefix") or "")}
    if not namespaces:
        raise Unsupported(f"{where}: with dynamic partitioning Prefix must have a !{{{FROM_QUERY}:…}} or !{{{FROM_LAMBDA}:…}}")
    if not config.get("ErrorOutputPrefix"):
        raise Unsupported(f"{where}: with dynamic partitioning ErrorOutputPrefix must be given")
    if FROM_QUERY in namespaces and processing.query is None:
        raise Unsupported(f"{where}: Prefix has !{{{FROM_QUERY}:…}}, which needs a MetadataExtraction processor")
    if FROM_LAMBDA in namespaces and processing.processor is None:
        raise Unsupported(f"{where}: Prefix has !{{{FROM_LAMBDA}:…}}, which needs a Lambda processor")
    return Partitioning(processing.query)


def _backup(name: str, config: Mapping[str, Any]) -> Backup | None:
    """Its ErrorOutputPrefix is ignored (Firehose developer guide, "Understand custom prefixes for Amazon S3 objects")."""
    if config.get("S3BackupMode") != "Enabled":
        return None
    found = config.get("S3BackupConfiguration")
    if not found:
        raise Unsupported(f"delivery stream {name}: S3BackupMode Enabled needs S3BackupConfiguration")
    return Backup(_s3(name, {**found, "ErrorOutputPrefix": None}), _buffering(found.get("BufferingHints") or {}))


def _s3(name: str, config: Mapping[str, Any], extension: str = "", partitioning: Partitioning | None = None) -> S3Configuration:
    prefix, error_output = config.get("Prefix") or "", config.get("ErrorOutputPrefix") or None
    time_zone = config.get("CustomTimeZone") or "UTC"
    try:
        now = datetime.now(ZoneInfo(time_zone))
        data_prefix(prefix, now, ["key"] * len(partition_keys(prefix)) if partitioning else ())
        error_prefix(prefix, error_output, PROCESSING_FAILED, now)
    except (BadPrefix, ZoneInfoNotFoundError) as error:
        raise Unsupported(f"delivery stream {name}: {error}") from error
    form = config.get("CompressionFormat") or "UNCOMPRESSED"
    if form not in COMPRESSIONS:
        raise Unsupported(f"delivery stream {name}: there is no compression {form}; use {', '.join(COMPRESSIONS)}")
    compression = COMPRESSIONS[form]
    return S3Configuration(
        bucket=config["BucketARN"].split(":::", 1)[1],
        role_arn=config["RoleARN"],
        prefix=prefix,
        error_prefix=error_output,
        compression=compression,
        file_extension=config.get("FileExtension") or (extension or compression.extension),
        time_zone=time_zone,
    )


def _opensearch(config: Mapping[str, Any]) -> OpenSearchConfiguration:
    """Defaults: daily rotation, 300 s of retries, ids by Firehose.

    Source: API reference, AmazonopensearchserviceDestinationConfiguration.
    """
    ids = (config.get("DocumentIdOptions") or {}).get("DefaultDocumentIdFormat", "FIREHOSE_DEFAULT")
    return OpenSearchConfiguration(
        index=config["IndexName"],
        rotation=config.get("IndexRotationPeriod") or "OneDay",
        document_ids=ids == "FIREHOSE_DEFAULT",
        retry_seconds=float((config.get("RetryOptions") or {}).get("DurationInSeconds", 300)),
        backup_all=config.get("S3BackupMode") == "AllDocuments",
    )


def _processing(name: str, config: Mapping[str, Any]) -> Processing:
    """Defaults of a Lambda processor: 1 MiB, 60 s, 3 retries (Firehose developer guide, "Transform source data")."""
    processor: LambdaProcessor | None = None
    delimiter = b""
    extraction: str | None = None
    deaggregation: Deaggregation | None = None
    decompression = messages_only = False
    if str(config.get("Enabled", False)).lower() != "true":
        return Processing()
    for found in config.get("Processors") or ():
        parameters = {item["ParameterName"]: item["ParameterValue"] for item in found.get("Parameters") or ()}
        if found["Type"] == "Lambda":
            if processor is not None:
                raise _unsupported(name, "a second Lambda processor", "one")
            size = float(parameters.get("BufferSizeInMBs", 1))
            seconds = float(parameters.get("BufferIntervalInSeconds", 60))
            buffering = Buffering(int(size * MIB), seconds)
            retries = int(parameters.get("NumberOfRetries", 3))
            processor = LambdaProcessor(parameters["LambdaArn"], parameters.get("RoleArn"), buffering, retries)
        elif found["Type"] == "AppendDelimiterToRecord":
            delimiter = parameters.get("Delimiter", "\\n").encode().decode("unicode_escape").encode()
        elif found["Type"] == "MetadataExtraction":
            extraction = _query(name, parameters)
        elif found["Type"] == "RecordDeAggregation":
            deaggregation = _deaggregation(name, parameters)
        elif found["Type"] == "Decompression":
            decompression = True
            if parameters.get("CompressionFormat", "GZIP") != "GZIP":
                raise Unsupported(
                    f"delivery stream {name}: Decompression has no format {parameters['CompressionFormat']}; use GZIP"
                )
        elif found["Type"] == "CloudWatchLogProcessing":
            messages_only = parameters.get("DataMessageExtraction", "false").lower() == "true"
        else:
            raise _unsupported(name, f"processor {found['Type']}", "one of the API reference, ProcessorType")
    if messages_only and not decompression:
        raise Unsupported(f"delivery stream {name}: CloudWatchLogProcessing needs a Decompression processor")
    return Processing(processor, delimiter, extraction, deaggregation, decompression, messages_only)


def _query(name: str, parameters: Mapping[str, str]) -> str:
    if parameters.get("JsonParsingEngine") != "JQ-1.6":
        raise Unsupported(f"delivery stream {name}: MetadataExtraction needs JsonParsingEngine JQ-1.6, Firehose has no other")
    try:
        query(parameters.get("MetadataExtractionQuery", ""))
    except BadQuery as error:
        raise Unsupported(f"delivery stream {name}: {error}") from error
    return parameters["MetadataExtractionQuery"]


def _deaggregation(name: str, parameters: Mapping[str, str]) -> Deaggregation:
    kind = parameters.get("SubRecordType")
    if kind == "JSON":
        return Deaggregation(None)
    try:
        delimiter = b64decode(parameters.get("Delimiter", ""), validate=True)
    except ValueError:
        delimiter = b""
    if kind != "DELIMITED" or not delimiter:
        raise Unsupported(f"delivery stream {name}: RecordDeAggregation needs SubRecordType JSON, or DELIMITED with a Delimiter "
                          "in base64")  # fmt: skip
    return Deaggregation(delimiter)
