"""Records to S3 as Parquet, with the columns of a Glue table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from components.destinations.buffering import FORMAT_CONVERSION, Buffer
from components.destinations.destination import DeliveryMetrics, Wiring
from components.destinations.glue_table import table_arns
from components.destinations.objects import ObjectDestination
from components.destinations.processing import Processor
from components.destinations.rules import API, GUIDE, Rules

ParquetCompression = Literal["SNAPPY", "GZIP", "UNCOMPRESSED"]


@dataclass(frozen=True, kw_only=True)
class ParquetDestination(ObjectDestination):
    """Converts JSON records, one object each, to Parquet; a record that does not fit the table goes to the failed prefix.

    ``compression`` is that of the columns, Snappy as Firehose's default: a converted object has no compression of its own.
    Firehose reads the newest version of the ``table``, so a new column needs no new stream. The buffer is 128 MiB, Firehose's
    default for converted records, because readers like few large objects.

    A column has the value of the JSON key with its name, or of the one that ``json_keys`` gives for it. Keys are made lower case
    first, as Glue's columns are, the keys of objects that a text column holds among them: ``lower_case_keys`` off leaves them be
    (API reference, OpenXJsonSerDe).
    """

    table: glue.CfnTable
    json_keys: Mapping[str, str] = field(default_factory=dict)
    lower_case_keys: bool = True
    compression: ParquetCompression = "SNAPPY"
    buffer: Buffer = field(default_factory=lambda: Buffer(seconds=300, mib=128))

    @property
    def metrics(self) -> DeliveryMetrics:
        metrics = super().metrics
        failed = {"FailedConversion.Records": "Records did not fit the table: look below the failed prefix."}
        return replace(metrics, failures={**metrics.failures, **failed})

    def check(self, rules: Rules, processor: Processor | None) -> None:
        rules.require(
            self.compression in get_args(ParquetCompression),
            "compression",
            f"{self.compression!r} cannot be combined with format conversion; choose that of the Parquet columns: "
            f"{', '.join(get_args(ParquetCompression))}",
            f"{API}/API_ParquetSerDe.html",
        )
        rules.require(
            isinstance(self.table.table_input, glue.CfnTable.TableInputProperty)
            and self.table.table_input.storage_descriptor is not None,
            "table",
            "the table has no storage descriptor, and so no columns; give it one",
            f"{GUIDE}/record-format-conversion.html",
        )
        self.check_objects(rules, processor, FORMAT_CONVERSION)

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        self._grant_table(wiring)
        return self.write_objects(
            wiring,
            compression=None,
            conversion=firehose.DataFormatConversionProps(
                schema_configuration=firehose.SchemaConfiguration.from_cfn_table(self.table),
                input_format=firehose.OpenXJsonInputFormat(
                    column_to_json_key_mappings=dict(self.json_keys) or None, lowercase_column_names=self.lower_case_keys
                ),
                output_format=firehose.ParquetOutputFormat(compression=firehose.ParquetCompression.of(self.compression)),
            ),
            newline=False,
        )

    def _grant_table(self, wiring: Wiring) -> None:
        """Firehose developer guide, "Grant Firehose access to AWS Glue for data format conversion"."""
        wiring.role.add_to_policy(
            iam.PolicyStatement(
                actions=["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
                resources=table_arns(Stack.of(wiring.scope), self.table),
            )
        )
