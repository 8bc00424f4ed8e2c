"""The streams as tables of a Glue database, in which a Studio notebook finds them.

A table over a stream: AWS Glue developer guide, "Adding streaming tables to the Data Catalog", as the tutorial of the Managed
Service for Apache Flink developer guide has it made ("Create a Studio notebook with Kinesis Data Streams"). Its properties, which
reach Flink's connector: the same guide, "Table properties"; Apache Flink 1.15, "Amazon Kinesis Data Streams SQL Connector" and
"JSON Format".

Event time is not among them, although the guide has `managed-flink.rowtime` for it: Flink's JSON format reads a column of type
timestamp without the `Z` that every time of an event ends with. Times are text, and a query makes its own of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from components.stream import RecordStream
from flink.tables import stream_columns

#: Of a table, a column that is the time it is asked.
PROCESSING_TIME = "proctime"
_TEXT = "org.apache.hadoop"


class StudioTables(Construct):
    """A database with a table for each stream, of its name in the pipeline."""

    def __init__(
        self, scope: Construct, construct_id: str, *, database: str, streams: Mapping[str, RecordStream], position: str
    ) -> None:
        """`database` is the physical name; `position` is where a query begins that does not say."""
        super().__init__(scope, construct_id)
        self.name = database
        self._database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_name=database,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=database, description="Weir: the streams as tables, for Studio notebooks"
            ),
        )
        for name, stream in streams.items():
            self._table(name, stream, position)

    @property
    def arn(self) -> str:
        return Stack.of(self).format_arn(service="glue", resource="database", resource_name=self.name)

    def _table(self, name: str, stream: RecordStream, position: str) -> None:
        region = Aws.REGION
        table = glue.CfnTable(
            self,
            name.capitalize(),
            catalog_id=Aws.ACCOUNT_ID,
            database_name=self.name,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                description=f"What is on the stream {name}, as it comes",
                table_type="EXTERNAL_TABLE",
                parameters={
                    "classification": "json",
                    "format": "json",
                    "aws.region": region,
                    "scan.stream.initpos": position,
                    "managed-flink.proctime": PROCESSING_TIME,
                },
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[
                        glue.CfnTable.ColumnProperty(name=column, type=kind) for column, kind in stream_columns(name).items()
                    ],
                    location=stream.name,
                    parameters={
                        "typeOfData": "kinesis",
                        "streamName": stream.name,
                        "endpointUrl": f"https://kinesis.{region}.{Aws.URL_SUFFIX}",
                    },
                    input_format=f"{_TEXT}.mapred.TextInputFormat",
                    output_format=f"{_TEXT}.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library="org.openx.data.jsonserde.JsonSerDe"),
                ),
            ),
        )
        table.add_resource_dependency(self._database)
