"""Queries by Athena in the deployed workgroup, on this machine as on AWS.

Source: Athena API reference, StartQueryExecution, GetQueryExecution, GetQueryResults, StopQueryExecution.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from config.loader import load_environment
from lake.names import database_name, workgroup_name
from localrun.aws import session
from localrun.errors import LocalRunError
from localrun.state import State

#: A small query ends within the first looks; Athena limits how often GetQueryExecution may be called in an account.
FIRST_POLL_SECONDS, MOST_POLL_SECONDS = 0.05, 2.0
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
#: What Athena's reason has when a table is not there.
NO_TABLE = "TABLE_NOT_FOUND"

Row = list[str | None]


class QueryFailed(Exception):
    """Athena did not answer the query. The text is its reason."""


class Execution(NamedTuple):
    """How a query ended."""

    id: str
    state: str
    """SUCCEEDED, FAILED or CANCELLED."""
    reason: str
    """Why it did not succeed."""
    has_header: bool
    """The first row of its results is the names of the columns."""
    bytes_scanned: int
    seconds: float


class Column(NamedTuple):
    name: str
    type: str
    """Athena's, e.g. `bigint`, `varchar`, `row`."""


class Results(NamedTuple):
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    """Values as Athena writes them, None for null; a page is fetched when it is reached."""


@dataclass(frozen=True, slots=True)
class Lake:
    """The queries of one deployed environment."""

    athena: Any
    glue: Any
    """boto3's clients."""
    database: str
    workgroup: str

    @classmethod
    def running(cls, state: State) -> Self:
        """That of the pipeline on this machine."""
        return cls._of(session(state.endpoints.aws), state.environment)

    @classmethod
    def on_aws(cls, environment: str) -> Self:
        """That in the account and region that the user's credentials are for. Raises ConfigError for an unknown environment."""
        load_environment(environment)
        with _told():
            return cls._of(boto3.Session(), environment)

    @classmethod
    def _of(cls, aws: boto3.Session, environment: str) -> Self:
        return cls(aws.client("athena"), aws.client("glue"), database_name(environment), workgroup_name(environment))

    def start(self, sql: str) -> str:
        """The id of the execution. Raises QueryFailed for what is no query."""
        with _told():
            try:
                started = self.athena.start_query_execution(
                    QueryString=sql,
                    WorkGroup=self.workgroup,
                    QueryExecutionContext={"Catalog": "AwsDataCatalog", "Database": self.database},
                )
            except self.athena.exceptions.InvalidRequestException as error:
                words = error.response["Error"]["Message"]
                if "WorkGroup" in words:
                    raise LocalRunError(f"{words.rstrip('.')} ({self.workgroup}); {NOT_DEPLOYED}") from error
                raise QueryFailed(words) from error
        query_id: str = started["QueryExecutionId"]
        return query_id

    def wait(self, query_id: str, sleep: Callable[[float], None] = time.sleep) -> Execution:
        """Until it has ended, however it did."""
        pause = FIRST_POLL_SECONDS
        while True:
            with _told():
                found = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            status, statistics = found["Status"], found.get("Statistics") or {}
            if status["State"] in ENDED:
                return Execution(
                    id=query_id,
                    state=status["State"],
                    reason=status.get("StateChangeReason", ""),
                    has_header=found.get("StatementType") == "DML",
                    bytes_scanned=statistics.get("DataScannedInBytes", 0),
                    seconds=statistics.get("TotalExecutionTimeInMillis", 0) / 1_000,
                )
            sleep(pause)
            pause = min(2 * pause, MOST_POLL_SECONDS)

    def stop(self, query_id: str) -> None:
        with _told():
            self.athena.stop_query_execution(QueryExecutionId=query_id)

    def results(self, execution: Execution) -> Results:
        """Raises QueryFailed if it did not succeed."""
        if execution.state != "SUCCEEDED":
            raise QueryFailed(self._explained(execution))
        pages = self._pages(execution.id)
        first = next(pages)
        columns = tuple(Column(found["Name"], found["Type"]) for found in first["ResultSetMetadata"]["ColumnInfo"])
        return Results(columns, _rows(first, pages, skip=execution.has_header))

    def tables(self) -> list[str]:
        """Names of the database's tables, sorted."""
        with _told():
            pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
            return sorted(table["Name"] for page in pages for table in page["TableList"])

    def _pages(self, query_id: str) -> Iterator[Any]:
        with _told():
            for page in self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
                yield page["ResultSet"]

    def _explained(self, execution: Execution) -> str:
        reason = execution.reason or f"the query is {execution.state}, and Athena gives no reason"
        if NO_TABLE not in reason:
            return reason
        return f"{reason}; the tables of {self.database} are {', '.join(self.tables()) or 'none'}"


NOT_DEPLOYED = "is the environment deployed, with its lake, in the account and region of your credentials?"


@contextmanager
def _told() -> Iterator[None]:
    """What AWS, or the way to it, refuses is a LocalRunError in its own words."""
    try:
        yield
    except ClientError as error:
        raise LocalRunError(f"{error.response['Error']['Message']}; {NOT_DEPLOYED}") from error
    except BotoCoreError as error:
        raise LocalRunError(str(error)) from error


def _rows(first: Any, more: Iterator[Any], skip: bool) -> Iterator[Row]:
    page = first
    start = 1 if skip else 0
    while page is not None:
        for row in page["Rows"][start:]:
            yield [value.get("VarCharValue") for value in row["Data"]]
        page, start = next(more, None), 0
