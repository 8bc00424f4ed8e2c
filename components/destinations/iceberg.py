"""Records to Apache Iceberg tables of the Glue catalog."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from components.bucket import DataBucket
from components.destinations.buffering import S3, Buffer, check_buffer, check_retry
from components.destinations.destination import Backup, DeliveryMetrics, Destination, Wiring, buffering_hints
from components.destinations.glue_table import table_arns
from components.destinations.prefix import check_folder
from components.destinations.processing import Processor, check_queries, metadata_extraction
from components.destinations.rules import API, GUIDE, Rules

_L1 = firehose.CfnDeliveryStream
_PAGE = f"{API}/API_IcebergDestinationConfiguration.html"
_ROUTING_PAGE = f"{GUIDE}/apache-iceberg-format-input-record-different.html"


@dataclass(frozen=True, kw_only=True)
class IcebergTable:
    """A table of Iceberg's format version 2, in merge-on-read mode. Firehose updates and deletes by its ``unique_keys``, where
    the routing or the processor says so, and only inserts without."""

    table: glue.CfnTable
    unique_keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IcebergRouting:
    """JQ expressions that say, of a record, which table it belongs to and what is to be done there (Firehose developer guide,
    "Route incoming records to different Iceberg tables"). ``operation`` gives insert, update or delete."""

    database: str
    table: str
    operation: str = '"insert"'

    @property
    def queries(self) -> dict[str, str]:
        return {
            "destinationDatabaseName": self.database,
            "destinationTableName": self.table,
            "operation": self.operation,
        }


@dataclass(frozen=True, kw_only=True)
class IcebergDestination(Destination):
    """Each record, one line of JSON with the columns' names as keys, becomes a row.

    The files of the ``tables`` lie in ``warehouse`` below ``folder``, where the role may read, write and delete. Records for
    more than one table are told apart by ``routing``, or by a processor that answers with `otfMetadata`. ``append_only``
    streams scale by themselves, and neither update nor delete. What no table takes goes to the ``backup``.
    """

    tables: tuple[IcebergTable, ...]
    warehouse: DataBucket
    folder: str
    backup: Backup
    routing: IcebergRouting | None = None
    append_only: bool = False
    retry_seconds: int = 300
    buffer: Buffer = field(default_factory=Buffer)

    @property
    def noun(self) -> str:
        return "Iceberg"

    @property
    def metrics(self) -> DeliveryMetrics:
        # Its Success counts commits and is no share of anything (developer guide, "Monitor metrics" of Iceberg tables).
        return DeliveryMetrics(
            freshness="DeliveryToIceberg.DataFreshness",
            success=None,
            failures={"DeliveryToIceberg.FailedRowCount": "Rows no table took: look into the backup bucket."},
        )

    def check(self, rules: Rules, processor: Processor | None) -> None:
        rules.require(bool(self.tables), "tables", "there is no table to deliver to; name one", _PAGE)
        rules.require(
            len(self.tables) == 1 or self.routing is not None or processor is not None,
            "routing",
            "nothing says which of the tables a record belongs to; give JQ expressions, or a processor that says so",
            _ROUTING_PAGE,
        )
        rules.require(
            not (self.append_only and any(table.unique_keys for table in self.tables)),
            "append_only",
            "a stream that only appends has no use for unique keys; take out one of the two",
            _PAGE,
        )
        if self.routing:
            check_queries(rules, self.routing.queries, field="routing")
        rules.require(
            not self.backup.all_records,
            "backup.all_records",
            "Iceberg tables have a backup of failed records only; leave it out",
            _PAGE,
        )
        check_folder(rules, self.folder)
        check_buffer(rules, self.buffer, S3)
        check_retry(rules, self.retry_seconds, f"{API}/API_RetryOptions.html")
        self.backup.check(rules)

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        processing = wiring.processing(*([metadata_extraction(self.routing.queries)] if self.routing else []))
        self.backup.bucket.grant_deliver(wiring.role, prefixes=[self.backup.folder])
        self.warehouse.grant_tables(wiring.role, folder=self.folder)
        stack = Stack.of(wiring.scope)
        self._grant_catalog(wiring.role, stack)
        configuration = _L1.IcebergDestinationConfigurationProperty(
            catalog_configuration=_L1.CatalogConfigurationProperty(
                catalog_arn=stack.format_arn(service="glue", resource="catalog")
            ),
            destination_table_configuration_list=[
                _L1.DestinationTableConfigurationProperty(
                    destination_database_name=each.table.database_name,
                    destination_table_name=each.table.ref,
                    unique_keys=list(each.unique_keys) or None,
                )
                for each in self.tables
            ],
            append_only=self.append_only,
            role_arn=wiring.role.role_arn,
            buffering_hints=buffering_hints(self.buffer),
            retry_options=_L1.RetryOptionsProperty(duration_in_seconds=self.retry_seconds),
            processing_configuration=processing,
            cloud_watch_logging_options=wiring.logging("Iceberg"),
            s3_backup_mode="FailedDataOnly",
            s3_configuration=wiring.backup(self.backup),
        )
        stream = wiring.of_template()
        stream.iceberg_destination_configuration = configuration
        # Firehose looks the tables up when the stream is made.
        stream.node.add_dependency(*(each.table for each in self.tables))
        return stream

    def _grant_catalog(self, role: iam.Role, stack: Stack) -> None:
        """Firehose developer guide, "Grant Firehose access to an Apache Iceberg Tables destination"."""
        arns = dict.fromkeys(arn for each in self.tables for arn in table_arns(stack, each.table))
        role.add_to_policy(
            iam.PolicyStatement(actions=["glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"], resources=list(arns))
        )
