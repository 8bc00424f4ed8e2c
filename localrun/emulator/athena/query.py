"""One query in a DuckDB of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb
from ministack.services import glue, s3
from sqlglot import exp

from localrun.emulator.athena.objects import Objects, Refused
from localrun.emulator.athena.permissions import Caller
from localrun.emulator.athena.projection import BadTable, layout
from localrun.emulator.athena.statement import UNNAMED, Statement, TableName
from localrun.emulator.athena.values import column_info, text

#: Memory of a query. Beyond it the query fails, as it does on Athena when resources are exhausted.
MEMORY = "1GB"

SETTINGS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    # This machine's own files are none of a query's business.
    "SET disabled_filesystems = 'LocalFileSystem'",
    # It would read, and so count, what lies between two columns and behind them.
    "SET disable_parquet_prefetching = true",
    # As Trino: integers divide to integers, and Athena's zone is UTC.
    "SET integer_division = true",
    "SET TimeZone = 'UTC'",
    "SET lock_configuration = true",
)


class Result(NamedTuple):
    columns: list[dict[str, Any]]
    """A ColumnInfo each."""
    rows: list[list[str | None]]


class Query:
    """Made on the emulator's own thread, where its stores are; run on any."""

    def __init__(self, statement: Statement, caller: Caller, limit: int | None) -> None:
        """`limit` is that of bytes scanned. Raises Refused."""
        self._statement = statement
        self._objects = Objects(caller.read_object, limit)
        self._views = [self._view(name, place, caller) for name, place in statement.tables.items()]
        # One thread: the other core is the pipeline's.
        self._connection = duckdb.connect(config={"threads": 1, "memory_limit": MEMORY})
        self._stopped = False

    @property
    def scanned(self) -> int:
        """Bytes."""
        return self._objects.scanned

    def stop(self) -> None:
        """From another thread: `run` ends soon."""
        self._stopped = True
        self._connection.interrupt()

    def run(self) -> Result:
        """Raises Refused."""
        connection = self._connection
        try:
            connection.register_filesystem(self._objects)
            for step in (*SETTINGS, *self._views, self._statement.sql):
                if self._stopped:  # an interruption between two steps is none
                    raise Refused("stopped")
                connection.execute(step)
            described = connection.description
            names = [f"_col{at}" if name == UNNAMED else name for at, (name, *_) in enumerate(described)]
            columns = [column_info(name, str(kind)) for name, (_, kind, *_) in zip(names, described, strict=True)]
            return Result(columns, [[text(value) for value in row] for row in connection.fetchall()])
        except duckdb.Error as error:
            raise self._objects.refusal or Refused(_reason(error)) from error
        finally:
            connection.close()

    def _view(self, name: TableName, place: str, caller: Caller) -> str:
        """The statements that make the table known to DuckDB, with its objects as they are now."""
        caller.read_table(name)
        if name.database not in glue._databases:
            raise Refused(f"SCHEMA_NOT_FOUND: {place}: Schema '{name.database}' does not exist")
        table = glue._tables.get(f"{name.database}/{name.table}")
        if table is None:
            raise Refused(f"TABLE_NOT_FOUND: {place}: Table 'awsdatacatalog.{name.database}.{name.table}' does not exist")
        try:
            paths = self._paths(table, caller)
            relation = _relation(table, paths)
        except BadTable as error:
            raise Refused(f"HIVE_INVALID_METADATA: {error}") from error
        schema = _identifier(name.database)
        return f"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE VIEW {schema}.{_identifier(name.table)} AS {relation}"

    def _paths(self, table: Mapping[str, Any], caller: Caller) -> list[str]:
        where = layout(table, datetime.now(UTC))
        caller.list_objects(where.bucket, where.prefix)
        bucket = s3._buckets.get(where.bucket)
        if bucket is None:
            raise Refused(f"HIVE_CANNOT_OPEN_SPLIT: The specified bucket does not exist: {where.bucket}")
        paths = []
        for key in sorted(bucket["objects"]):
            partition = where.partition(key) if key.startswith(where.prefix) else None
            body = s3._get_object_data(where.bucket, key) if partition is not None else None
            if partition is not None and body:
                paths.append(self._objects.add(where.bucket, key, body, partition))
        return paths


def _relation(table: Mapping[str, Any], paths: Sequence[str]) -> str:
    """The table's columns, then its partition keys, whatever columns and fields the files have: Athena reads Parquet by name, and
    what a file lacks is null (Athena user guide, "Handle schema updates"). Raises BadTable."""
    storage = table.get("StorageDescriptor") or {}
    if "parquet" not in str((storage.get("SerdeInfo") or {}).get("SerializationLibrary", "")).lower():
        raise BadTable(f"table {table['DatabaseName']}.{table['Name']}: run locally are tables of Parquet files")
    columns = {column["Name"]: _duckdb_type(table, column) for column in storage.get("Columns") or ()}
    keys = {key["Name"]: _duckdb_type(table, key) for key in table.get("PartitionKeys") or ()}
    if not paths:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {_identifier(name)}" for name, kind in (columns | keys).items())
        return f"SELECT {nothing} WHERE false"
    schema = ", ".join(
        f"{_literal(name)}: {{name: {_literal(name)}, type: {_literal(kind)}, default_value: NULL}}"
        for name, kind in columns.items()
    )
    types = ", ".join(f"{_identifier(name)}: {kind}" for name, kind in keys.items())
    hive = f"hive_partitioning = true, hive_types = {{{types}}}" if keys else "hive_partitioning = false"
    files = ", ".join(map(_literal, paths))
    names = ", ".join(map(_identifier, columns | keys))
    return f"SELECT {names} FROM read_parquet([{files}], schema = MAP {{{schema}}}, {hive})"  # noqa: S608 - all of it is quoted


def _duckdb_type(table: Mapping[str, Any], column: Mapping[str, str]) -> str:
    try:
        return str(exp.DataType.build(column.get("Type", "string"), dialect="hive").sql(dialect="duckdb", identify=True))
    except ValueError as error:
        raise BadTable(f"table {table['Name']}: column {column['Name']} has type {column.get('Type')}: {error}") from error


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _reason(error: duckdb.Error) -> str:
    """In Athena's words where it is what users meet; otherwise DuckDB's."""
    said = str(error)
    if column := re.search(r'Referenced (?:column|table) "([^"]+)" not found|does not have a column named "([^"]+)"', said):
        return f"COLUMN_NOT_FOUND: Column '{column[1] or column[2]}' cannot be resolved. {_first_lines(said)}"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "EXCEEDED_LOCAL_MEMORY_LIMIT: Query exhausted resources at this scale factor"
    return f"GENERIC_USER_ERROR: {_first_lines(said)}"


def _first_lines(said: str) -> str:
    """Without the place in the translated statement."""
    return " ".join(said.split("\n\nLINE ", 1)[0].split())
