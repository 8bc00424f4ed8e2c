"""The columns of a Glue table, read with the role the delivery stream names for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from localrun.delivery.conversion import GlueTable
from localrun.delivery.hive_types import BadType, arrow_type
from localrun.delivery.stopped import Stopped
from localrun.event_sources.batch import backoff
from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Part


class NoSchema(Exception):
    """There is none to convert with; `code` and the text are for the error output."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class GlueSchema:
    """Read anew for each object, so that a changed table is picked up (API reference, SchemaConfiguration, VersionId)."""

    def __init__(self, table: GlueTable, glue: Callable[[], Any], status: Part, clock: Clock) -> None:
        """`glue` gives a boto3 client of the role that may read the table."""
        self._table = table
        self._glue = glue
        self._status = status
        self._clock = clock

    def read(self) -> pa.Schema:
        """The columns, without the partition keys, which are in the object's name.

        Raises NoSchema if the table does not exist or has a column no file can have. Any other failure is tried again until
        it passes, and delivery pauses: the records would fit. Raises Stopped when stopped meanwhile.
        """
        where = f"reading table {self._table.database}.{self._table.table}"
        attempt = 0
        while True:
            try:
                found = self._glue().get_table(
                    CatalogId=self._table.catalog_id, DatabaseName=self._table.database, Name=self._table.table
                )
                self._status.recovered(where)
                return _schema(found["Table"])
            except (ClientError, BotoCoreError) as error:
                self._status.failed(where, error, self._clock.now())
                if isinstance(error, ClientError) and error.response["Error"]["Code"] == "EntityNotFoundException":
                    raise NoSchema("DataFormatConversion.EntityNotFound", _NOT_FOUND) from error
            except BadType as error:
                self._status.failed(where, error, self._clock.now())
                raise NoSchema("DataFormatConversion.InvalidSchema", str(error)) from error
            if self._clock.stopped:
                raise Stopped
            self._clock.wait(backoff(attempt))
            attempt += 1


#: Firehose's own words.
_NOT_FOUND = (
    "The specified table/database could not be found. Please ensure that the table/database exists and that the values provided "
    "in the schema configuration are correct, especially with regards to casing."
)


def _schema(table: dict[str, Any]) -> pa.Schema:
    columns = table.get("StorageDescriptor", {}).get("Columns") or []
    if not columns:
        raise BadType(f"table {table['Name']} has no columns")
    return pa.schema([pa.field(column["Name"], arrow_type(column.get("Type", "string"))) for column in columns])
