"""A query as a caller wrote it, in Trino's SQL, and as DuckDB runs it.

Source: Athena user guide, "SQL reference for Athena" (engine version 3 is Trino's SQL) and "StartQueryExecution" of the API
reference, whose length of QueryString is the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlglot import exp, parse
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.scope import traverse_scope

MAX_BYTES = 262_144
CATALOG = "awsdatacatalog"
#: What a column is called until its place, by which Athena names it, is known: a name no column of a table can have.
UNNAMED = "?column?"


class MalformedQuery(ValueError):
    """The statement is refused before it is a query execution."""


class TableName(NamedTuple):
    """As Glue has it, in lower case."""

    database: str
    table: str


@dataclass(frozen=True, slots=True)
class Statement:
    tables: dict[TableName, str]
    """The tables it reads, each with where it first stands, e.g. `line 1:15`."""
    sql: str
    """For DuckDB: a table is `"database"."table"`."""


def parse_statement(text: str, database: str) -> Statement:
    """`database` is that of tables without one. Raises MalformedQuery."""
    if len(text.encode()) > MAX_BYTES:
        raise MalformedQuery(f"the query is longer than {MAX_BYTES} bytes")
    try:
        statements = [found for found in parse(text, read="athena") if found is not None]
    except SqlglotError as error:
        raise MalformedQuery(_words(error)) from error
    if len(statements) != 1:
        raise MalformedQuery(f"Only one sql statement is allowed. Got: {text}")
    (tree,) = statements
    if not isinstance(tree, exp.Query):
        raise MalformedQuery(f"Queries of this type are not run locally: {tree.sql(dialect='athena')[:80]}")
    tables: dict[TableName, str] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                place = _place(source, text)
                tables.setdefault(_name(source, place, database), place)
    _mark_unnamed(tree)
    _mean_the_same(tree)
    return Statement(tables, tree.sql(dialect="duckdb"))


def _words(error: SqlglotError) -> str:
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"line {first['line']}:{first['col']}: {first['description']}"
    return str(error).splitlines()[0]


def _name(source: exp.Table, place: str, database: str) -> TableName:
    """Also writes the name into the tree as DuckDB finds it."""
    if not isinstance(source.this, exp.Identifier):
        raise MalformedQuery(f"{place}: Table function {source.this.sql(dialect='athena')} not registered")
    if source.catalog and source.catalog.lower() != CATALOG:
        raise MalformedQuery(f"{place}: Catalog '{source.catalog}' not found")
    name = TableName((source.db or database).lower(), source.name.lower())
    if not source.alias:
        source.set("alias", exp.TableAlias(this=exp.to_identifier(source.name, quoted=True)))
    source.set("catalog", None)
    source.set("db", exp.to_identifier(name.database, quoted=True))
    source.set("this", exp.to_identifier(name.table, quoted=True))
    return name


def _place(source: exp.Table, text: str) -> str:
    start = min((found.meta["start"] for found in source.find_all(exp.Identifier) if "start" in found.meta), default=0)
    before = text[:start]
    return f"line {before.count(chr(10)) + 1}:{start - before.rfind(chr(10))}"


def _mark_unnamed(tree: exp.Query) -> None:
    for projection in tree.selects:
        if not isinstance(projection, exp.Alias | exp.Column | exp.Dot | exp.Star):
            projection.replace(exp.alias_(projection.copy(), UNNAMED, quoted=True))


def _mean_the_same(tree: exp.Query) -> None:
    """What the translation leaves to mean something else in DuckDB: there a date and an interval are a timestamp, and `date_diff`
    counts the hours that begin between two times, not those that pass."""
    # Types are found in a copy: the translation would cast by them where it need not.
    typed = annotate_types(tree.copy(), dialect="athena")
    kinds = (exp.Add, exp.Sub, exp.DateAdd, exp.DateTrunc, exp.DateDiff)
    for node, found in list(zip(tree.find_all(*kinds), typed.find_all(*kinds), strict=True)):
        if isinstance(node, exp.DateDiff):
            unit = exp.Literal.string(node.text("unit").lower())
            node.replace(exp.Anonymous(this="DATE_SUB", expressions=[unit, node.expression, node.this]))
        elif found.is_type("date") and not (isinstance(node, exp.Binary) and not isinstance(node.expression, exp.Interval)):
            node.replace(exp.cast(node.copy(), "date"))
