"""What the destinations that write objects to S3 have in common: keys, buffers, and partitions by what a record says.

The construct library's S3 destination reaches all of it; its own grants are left out, because they would let Firehose read
and delete what it has delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import Duration, Size
from aws_cdk import aws_kinesisfirehose as firehose

from components.bucket import DataBucket
from components.destinations.buffering import DYNAMIC_PARTITIONS, Buffer, BufferLimits, check_buffer, check_retry
from components.destinations.destination import DeliveryMetrics, Destination, Wiring
from components.destinations.prefix import BY_HOUR, FUNCTION, QUERY, check_folder, check_prefix, error_prefix, partition_keys
from components.destinations.processing import Processor, check_queries
from components.destinations.rules import API, GUIDE, Rules

_KEYS_PAGE = f"{GUIDE}/dynamic-partitioning-s3bucketprefix.html"


@dataclass(frozen=True, kw_only=True)
class DynamicPartitions:
    """Objects by keys found in each record, at most 500 of them at a time (Firehose developer guide, "Dynamic partitioning").

    ``queries`` are JQ 1.6 expressions by key, for records that are JSON; ``from_function`` names the keys the processor
    gives. Firehose can be told so only when the stream is made: turning it on later replaces the stream.
    """

    queries: Mapping[str, str] = field(default_factory=dict)
    from_function: tuple[str, ...] = ()
    retry_seconds: int = 300
    """How long Firehose tries again to write to a partition, its default."""

    def check(self, rules: Rules, keys: str, processor: Processor | None) -> None:
        """Raises DestinationError unless the keys given and the keys used are the same."""
        check_queries(rules, self.queries, field="partitions.queries")
        check_retry(rules, self.retry_seconds, f"{API}/API_RetryOptions.html")
        rules.require(
            not self.from_function or processor is not None,
            "partitions.from_function",
            "there is no processor to give these keys; name one, or take the keys by queries",
            f"{GUIDE}/dynamic-partitioning-partitioning-keys.html",
        )
        queried, given = partition_keys(keys, QUERY), partition_keys(keys, FUNCTION)
        rules.require(
            bool(queried | given),
            "keys",
            f"{keys!r} has no partition key; write `!{{{QUERY}:key}}` or `!{{{FUNCTION}:key}}`",
            _KEYS_PAGE,
        )
        _same_keys(rules, QUERY, queried, set(self.queries), "partitions.queries")
        _same_keys(rules, FUNCTION, given, set(self.from_function), "partitions.from_function")


def _same_keys(rules: Rules, namespace: str, used: set[str], given: set[str], field_name: str) -> None:
    unknown, unused = sorted(used - given), sorted(given - used)
    rules.require(
        not unknown,
        "keys",
        f"nothing gives {', '.join(f'`!{{{namespace}:{key}}}`' for key in unknown)}; add to {field_name} or take out",
        _KEYS_PAGE,
    )
    rules.require(
        not unused,
        field_name,
        f"the keys do not use {', '.join(unused)}; use all that is given, or take it out",
        _KEYS_PAGE,
    )


@dataclass(frozen=True, kw_only=True)
class ObjectDestination(Destination):
    """Objects go to ``<folder>/<keys>…``, what could not be processed or converted to ``<folder>-failed/<error type>/…``:
    Firehose has one bucket for both. The hours are of arrival, UTC."""

    bucket: DataBucket
    folder: str
    keys: str = BY_HOUR
    """What follows the folder, with Firehose's expressions. By the hour of arrival unless something else is said."""
    partitions: DynamicPartitions | None = None
    buffer: Buffer = field(default_factory=Buffer)
    """How long and how much is gathered for one object."""

    @property
    def noun(self) -> str:
        return "S3"

    @property
    def metrics(self) -> DeliveryMetrics:
        exceeded = {"PartitionCountExceeded": "More partitions at a time than allowed: records went to the failed prefix."}
        return DeliveryMetrics(
            freshness="DeliveryToS3.DataFreshness",
            success="DeliveryToS3.Success",
            failures=exceeded if self.partitions else {},
        )

    @property
    def prefix(self) -> str:
        return f"{self.folder}/{self.keys}"

    def check_objects(self, rules: Rules, processor: Processor | None, limits: BufferLimits) -> None:
        """Raises DestinationError for keys, buffers and partitions that do not go together."""
        check_folder(rules, self.folder)
        check_prefix(rules, self.prefix, field="keys")
        check_buffer(rules, self.buffer, limits)
        if self.partitions:
            self.partitions.check(rules, self.keys, processor)
            check_buffer(rules, self.buffer, DYNAMIC_PARTITIONS)
            return
        rules.require(
            not (partition_keys(self.keys, QUERY) | partition_keys(self.keys, FUNCTION)),
            "keys",
            f"{self.keys!r} has partition keys, but the records are not partitioned; set partitions",
            _KEYS_PAGE,
        )

    def write_objects(
        self,
        wiring: Wiring,
        *,
        compression: firehose.Compression | None,
        conversion: firehose.DataFormatConversionProps | None,
        newline: bool,
    ) -> firehose.CfnDeliveryStream:
        """Declares the stream; lets its role add objects below the two folders, and call the processor."""
        self.bucket.grant_deliver(wiring.role, prefixes=[self.folder, f"{self.folder}-failed"])
        if wiring.processor:
            wiring.access.grant_processor(wiring.processor.function)
        return wiring.of_library(
            firehose.S3Bucket(
                self.bucket.bucket,
                role=wiring.role.without_policy_updates(),
                buffering_interval=Duration.seconds(self.buffer.seconds),
                buffering_size=Size.mebibytes(self.buffer.mib),
                compression=compression,
                data_format_conversion=conversion,
                dynamic_partitioning=self._partitioning(),
                encryption_key=wiring.at_rest.key,
                data_output_prefix=self.prefix,
                error_output_prefix=error_prefix(f"{self.folder}-failed"),
                processors=self._processors(wiring.processor, newline) or None,
                logging_config=firehose.EnableLogging(wiring.access.log_group),
            )
        )

    def _partitioning(self) -> firehose.DynamicPartitioningProps | None:
        if self.partitions is None:
            return None
        return firehose.DynamicPartitioningProps(enabled=True, retry_duration=Duration.seconds(self.partitions.retry_seconds))

    def _processors(self, processor: Processor | None, newline: bool) -> list[firehose.IDataProcessor]:
        processors: list[firehose.IDataProcessor] = [processor.of_library()] if processor else []
        if self.partitions and self.partitions.queries:
            processors.append(firehose.MetadataExtractionProcessor.jq16(dict(self.partitions.queries)))
        if newline:
            processors.append(firehose.AppendDelimiterToRecordProcessor())
        return processors
