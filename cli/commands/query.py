"""`weir query`: ask the lake by Athena."""

from __future__ import annotations

import csv
import enum
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.commands.redrive import Environment
from cli.output import CommandError, Exit, err, out, print_json, progress
from lake.named_queries import QUERIES, NamedQuery, NoDescription, named_queries
from lake.query import Column, Execution, Lake, QueryFailed, Results
from localrun.state import running_state


class Format(enum.StrEnum):
    table = "table"
    json = "json"
    csv = "csv"


#: Of Athena's types those whose text is a JSON value.
JSON_TYPES = ("boolean", "tinyint", "smallint", "integer", "bigint", "float", "double", "decimal")


#: Of a table that is read by no person, in characters.
WIDEST = 1_000_000


def query(
    sql: Annotated[
        str | None,
        typer.Argument(help="A query in Athena's SQL, or with --named the name of one in lake/queries.", show_default=False),
    ] = None,
    environment: Environment = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A file with the query; - for standard input.", allow_dash=True)
    ] = None,
    named: Annotated[bool, typer.Option("--named", help="Run the named query of this name; without a name, list them.")] = False,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write the results.")] = Format.table,
) -> None:
    """Ask the lake in SQL, by Athena in the deployed workgroup. Prints what the query scanned, which is what AWS bills."""
    if named and sql is None and file is None:
        list_named(format_)
        return
    text = the_query(sql, file, named)
    lake = Lake.on_aws(environment) if environment else Lake.running(running_state())
    try:
        execution = run(lake, text)
        results = lake.results(execution)
        rows = WRITERS[format_](results, execution)
    except QueryFailed as error:
        raise CommandError(str(error), Exit.FAILED) from error
    counted = f"{rows:,} row{'' if rows == 1 else 's'}"
    err.print(f"{counted}, {size(execution.bytes_scanned)} scanned, {execution.seconds:.1f} s, query {execution.id}")


def the_query(sql: str | None, file: Path | None, named: bool) -> str:
    """Of the one place it is given in."""
    if file is not None and sql is None and not named:
        return read(file)
    if sql is None or file is not None:
        raise CommandError("give one query: as an argument, by --file F.sql, or by --named NAME", Exit.USAGE)
    if not named:
        return sql
    queries = read_named()
    if sql not in queries:
        raise CommandError(f"no named query is called {sql}; there are {', '.join(queries) or 'none'}", Exit.USAGE)
    return queries[sql].sql


def read_named() -> dict[str, NamedQuery]:
    try:
        return named_queries()
    except NoDescription as error:
        raise CommandError(str(error), Exit.USAGE) from error


def read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CommandError(f"{file}: cannot be read ({reason})", Exit.USAGE) from error


def run(lake: Lake, text: str) -> Execution:
    """Until it has ended; interrupted, it is stopped, for it goes on scanning otherwise."""
    query_id = lake.start(text)
    try:
        with progress() as report:
            report(f"query {query_id} in workgroup {lake.workgroup}")
            return lake.wait(query_id)
    except KeyboardInterrupt:
        lake.stop(query_id)
        raise CommandError(f"query {query_id} stopped", Exit.INTERRUPTED) from None


def list_named(format_: Format) -> None:
    queries = read_named()
    if format_ is Format.json:
        print_json([{"name": found.name, "description": found.description} for found in queries.values()])
        return
    if not queries:
        out.print(f"no queries in {QUERIES}", markup=False, highlight=False)
    table = Table("name", "answers")
    for found in queries.values():
        table.add_row(Text(found.name), Text(found.description))
    out.print(table)


def write_table(results: Results, _: Execution) -> int:
    """On a terminal it is as wide as that; elsewhere every row is one line."""
    table = Table()
    for column in results.columns:
        table.add_column(Text(printable(column.name)), overflow="fold")
    for row in results.rows:
        table.add_row(*(Text("null", style="dim") if value is None else Text(printable(value)) for value in row))
    console = out if out.is_terminal else Console(width=out.measure(table, options=out.options.update(max_width=WIDEST)).maximum)
    console.print(table)
    return table.row_count


def write_csv(results: Results, _: Execution) -> int:
    """Null as nothing."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in results.columns])
    count = 0
    for row in results.rows:
        writer.writerow(row)
        count += 1
    return count


def write_json(results: Results, execution: Execution) -> int:
    names = unique([column.name for column in results.columns])
    rows = [
        {name: typed(column, value) for name, column, value in zip(names, results.columns, row, strict=True)}
        for row in results.rows
    ]
    print_json(
        {
            "query": execution.id,
            "bytes_scanned": execution.bytes_scanned,
            "seconds": execution.seconds,
            "columns": [{"name": name, "type": column.type} for name, column in zip(names, results.columns, strict=True)],
            "rows": rows,
        }
    )
    return len(rows)


WRITERS: dict[Format, Callable[[Results, Execution], int]] = {
    Format.table: write_table,
    Format.csv: write_csv,
    Format.json: write_json,
}


def unique(names: Sequence[str]) -> list[str]:
    """SQL may call two columns alike, an object may not: the second of `day` is `day_2`."""
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def typed(column: Column, value: str | None) -> Any:
    """What JSON has too is that; anything else, like what is nested, stays Athena's text, and so do NaN and Infinity."""
    if value is None or column.type not in JSON_TYPES:
        return value
    try:
        return json.loads(value, parse_constant=str)
    except ValueError:
        return value


def printable(text: str) -> str:
    """A log may hold what a terminal takes for a command: it is shown as an escape."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def size(count: int) -> str:
    """In decimal units, as the workgroup's limit is."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"
