"""The lake's tables in the Glue catalog: one of all events, and one a log type with its own columns.

Partitions are projected: Athena computes them from the table's properties, so no crawler runs, nothing is repaired, and a new day
is there at once (Athena user guide, "Use partition projection with Amazon Athena").
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from components.bucket import DataBucket
from lake.columns import all_columns, columns_of, datasets
from lake.names import EVENTS, table_name

#: Where the objects of all tables lie in the bucket, each under its type and its day.
FOLDER = "events"
DATASET, DAY = "dataset", "day"

_HIVE = "org.apache.hadoop.hive.ql.io.parquet"


class LakeTables(Construct):
    """Exposes `events`, the table of all columns, which Firehose converts by."""

    def __init__(self, scope: Construct, construct_id: str, *, database: str, bucket: DataBucket, first_day: str) -> None:
        """`database` is the physical name; `first_day` (yyyy-MM-dd) is the first that is looked for."""
        super().__init__(scope, construct_id)
        self._database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_name=database,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name=database, description="Weir's lake: events of every type"),
        )
        self._name = database
        self._days = {
            f"projection.{DAY}.type": "date",
            f"projection.{DAY}.format": "yyyy-MM-dd",
            f"projection.{DAY}.range": f"{first_day},NOW",
        }
        root = f"s3://{bucket.name}/{FOLDER}/"
        types = datasets()
        self.events = self._table(
            EVENTS,
            "Events of every type.",
            columns=all_columns(),
            location=root,
            partitions={DATASET: {f"projection.{DATASET}.type": "enum", f"projection.{DATASET}.values": ",".join(types)}},
        )
        for dataset in types:
            self._table(
                table_name(dataset),
                f"Events of {dataset}.",
                columns=columns_of(dataset),
                location=f"{root}{DATASET}={dataset}/",
                partitions={},
            )

    def _table(
        self,
        name: str,
        description: str,
        *,
        columns: Mapping[str, str],
        location: str,
        partitions: Mapping[str, Mapping[str, str]],
    ) -> glue.CfnTable:
        """`partitions` are the keys before the day, each with its projection."""
        keys = [*partitions, DAY]
        projection = {key: value for of_one in (*partitions.values(), self._days) for key, value in of_one.items()}
        table = glue.CfnTable(
            self,
            "".join(word.title() for word in name.split("_")),
            catalog_id=Stack.of(self).account,
            database_name=self._name,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                description=description,
                table_type="EXTERNAL_TABLE",
                parameters={
                    "EXTERNAL": "TRUE",
                    "classification": "parquet",
                    "projection.enabled": "true",
                    **projection,
                    "storage.location.template": location + "".join(f"{key}=${{{key}}}/" for key in keys),
                },
                partition_keys=[glue.CfnTable.ColumnProperty(name=key, type="string") for key in keys],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[glue.CfnTable.ColumnProperty(name=column, type=kind) for column, kind in columns.items()],
                    location=location,
                    input_format=f"{_HIVE}.MapredParquetInputFormat",
                    output_format=f"{_HIVE}.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{_HIVE}.serde.ParquetHiveSerDe", parameters={"serialization.format": "1"}
                    ),
                ),
            ),
        )
        table.add_resource_dependency(self._database)
        return table
