"""The application `business`: the SQL files of this package over the streams of its property groups, run as one job.

The tables are Java's, out of the jar beside this package: its streams, its errors and its master data are those of `aggregates`.
Nothing of Python runs once the job does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from py4j.protocol import Py4JJavaError
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import StatementSet, StreamTableEnvironment
from pyflink.util.exceptions import JavaException
from pyflink.util.java_utils import to_jarray

from business.script import PLACE, ConfigurationError, Statement, files, read

NAME = "business"

#: The beginning of a stack trace, and of each of its causes: a class, and what it says.
_CAUSE = re.compile(r"^(?!\s)(?:Caused by: )?(.+)$", re.MULTILINE)


def main(arguments: Sequence[str]) -> None:
    """Run it; `arguments` are none, or `--properties FILE`. Raises ConfigurationError, naming group and key, or file and line."""
    java = get_gateway().jvm
    try:
        groups = java.weir.flink.streams.PropertyGroups.load(to_jarray(java.String, list(arguments)))
        connector = java.weir.flink.streams.StreamConnector.installed()
    except Py4JJavaError as error:
        raise ConfigurationError(_told(error)) from error
    job = StreamExecutionEnvironment.get_execution_environment()
    define(job, groups, connector)
    job.execute(NAME)


def define(job: StreamExecutionEnvironment, groups: Any, connector: Any) -> None:
    """Add the statements to `job`. `groups` are Java's PropertyGroups, `connector` is its StreamConnector."""
    inserts = statements(job, groups, connector)
    try:
        inserts.attach_as_datastream()
    except (JavaException, Py4JJavaError) as error:
        raise ConfigurationError(f"flink/python cannot be planned: {_told(error)}") from error


def statements(
    job: StreamExecutionEnvironment, groups: Any, connector: Any, scripts: Iterable[Statement] | None = None
) -> StatementSet:
    """All that is inserted, without `scripts` by the files of this package."""
    # Managed Flink takes this, and the options of tables below, from code, and refuses those of the cluster (AWS, "Programmatic
    # Flink configuration properties").
    job.get_config().enable_object_reuse()
    tables = StreamTableEnvironment.create(job)
    try:
        settings = groups.group("application")
        _configure(tables, settings)
        get_gateway().jvm.weir.flink.sql.WeirTables.register(
            job._j_stream_execution_environment, tables._j_tenv, NAME, groups, connector
        )
        if scripts is None:
            scripts = [statement for file in files() for statement in read(file, lambda key: int(settings.number(key, 0)))]
    except Py4JJavaError as error:
        raise ConfigurationError(_told(error)) from error
    inserts = tables.create_statement_set()
    for statement in scripts:
        try:
            if statement.inserts:
                inserts.add_insert_sql(statement.text)
            else:
                tables.execute_sql(statement.text)
        except (JavaException, Py4JJavaError) as error:
            raise statement.wrong(_told(error)) from error
    return inserts


def _configure(tables: StreamTableEnvironment, settings: Any) -> None:
    options = tables.get_config()
    options.set("table.local-time-zone", "UTC")
    options.set("table.exec.source.idle-timeout", f"{settings.number('idle.seconds', 1)} s")
    # How long it is remembered whether a stock was low, and an account busy, when last seen. What spans a time has its own end.
    options.set("table.exec.state.ttl", "1 d")
    # What several statements read is read, parsed and deduplicated once.
    options.set("table.optimizer.reuse-optimize-block-with-digest-enabled", "true")


def _told(error: JavaException | Py4JJavaError) -> str:
    """What Java says of a place in a statement, or what it all began with."""
    if isinstance(error, Py4JJavaError):
        causes, cause = [], error.java_exception
        while cause is not None:
            causes.append(str(cause.getMessage()))
            cause = cause.getCause()
    else:
        causes = [line.partition(": ")[2] for line in _CAUSE.findall(error.stack_trace)]
    return next((cause for cause in causes if PLACE.search(cause)), causes[-1])
