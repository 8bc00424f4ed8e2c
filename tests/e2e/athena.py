"""The embedded Athena without the rest of a pipeline: a few objects, and tables over them as they are deployed."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from localrun.aws import ACCOUNT
from localrun.paths import run_dir
from localrun.processes import ProcessGroups
from tests.e2e import emulator
from tests.e2e.index import wait_for

TODAY = datetime.now(UTC).strftime("%Y-%m-%d")
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
FIRST_DAY = "2026-11-01"
#: What the delivery stream writes: the fields of every type.
FILE = pa.schema(
    [
        ("timestamp", pa.string()),
        ("event", pa.struct([("id", pa.string()), ("dataset", pa.string()), ("category", pa.list_(pa.string()))])),
        ("source", pa.struct([("ip", pa.string()), ("port", pa.int64()), ("user", pa.string())])),
        ("resources", pa.list_(pa.struct([("arn", pa.string()), ("type", pa.string())]))),
        ("message", pa.string()),
    ]
)
EVENTS = (
    ("timestamp", "string"),
    ("event", "struct<id:string,dataset:string,category:array<string>>"),
    ("source", "struct<ip:string,port:bigint,user:string>"),
    ("resources", "array<struct<arn:string,type:string>>"),
    ("message", "string"),
    ("added", "struct<later:bigint>"),
)
#: Only what the type has; `source.address` is in no file yet.
ALB = (("event", "struct<id:string>"), ("source", "struct<ip:string,port:bigint,address:string>"))
#: What DuckDB reads at once of a page whose length it does not know yet, in bytes.
A_PAGES_HEAD = 256
OBJECTS = {
    ("aws.alb", TODAY): 3,
    ("aws.alb", "2026-11-02"): 2,
    ("aws.vpcflow", TODAY): 4,
    # In no projected partition, each for one reason: a day in the future, before the first, none at all, a type no one knows.
    ("aws.alb", TOMORROW): 10,
    ("aws.alb", "2026-10-31"): 10,
    ("aws.alb", "2026-11-2"): 10,
    ("other", TODAY): 10,
}


class Execution(NamedTuple):
    id: str
    state: str
    reason: str
    scanned: int
    found: dict[str, Any]


class Athena(NamedTuple):
    endpoint: str
    session: boto3.Session

    def wait(self, query_id: str) -> Execution:
        client = self.session.client("athena")
        found = wait_for(
            lambda: client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"],
            lambda seen: seen["Status"]["State"] not in ("QUEUED", "RUNNING"),
            seconds=20,
        )
        status, scanned = found["Status"], found["Statistics"]["DataScannedInBytes"]
        return Execution(query_id, status["State"], status.get("StateChangeReason", ""), scanned, dict(found))

    def start(self, sql: str, workgroup: str = "weir-local", **more: Any) -> str:
        client = self.session.client("athena")
        context = {"Database": "weir_local"}
        return str(
            client.start_query_execution(QueryString=sql, WorkGroup=workgroup, QueryExecutionContext=context, **more)[
                "QueryExecutionId"
            ]
        )

    def run(self, sql: str, workgroup: str = "weir-local") -> Execution:
        return self.wait(self.start(sql, workgroup))

    def rows(self, sql: str) -> list[list[str | None]]:
        """Without the names of the columns."""
        execution = self.run(sql)
        assert execution.state == "SUCCEEDED", execution.reason
        pages = self.session.client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=execution.id)
        rows = [[value.get("VarCharValue") for value in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        return rows[1:]


def parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), FILE), sink, compression="none", use_dictionary=False)
    return sink.getvalue()


def event(dataset: str, day: str, at: int) -> dict[str, Any]:
    return {
        "timestamp": f"{day}T10:00:00.{at:03}Z",
        "event": {"id": f"{dataset}-{day}-{at}", "dataset": dataset, "category": ["web", "network"]},
        "source": {"ip": f"10.0.0.{at}", "port": 1_000 + at, "user": None},
        "resources": [{"arn": "arn:a", "type": None}] if at else None,
        "message": f"{dataset}, \"line\" {at} " + "x" * 2_000 * (at + 1),
    }  # fmt: skip


def glue_table(name: str, columns: Sequence[tuple[str, str]], keys: Sequence[str], template: str, **projection: str) -> Any:
    return {
        "Type": "AWS::Glue::Table",
        "DependsOn": "Database",
        "Properties": {
            "CatalogId": ACCOUNT,
            "DatabaseName": "weir_local",
            "TableInput": {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
                "Parameters": {
                    "projection.enabled": "true",
                    "projection.day.type": "date",
                    "projection.day.format": "yyyy-MM-dd",
                    "projection.day.range": f"{FIRST_DAY},NOW",
                    "storage.location.template": template,
                    **projection,
                },
                "StorageDescriptor": {
                    "Location": "s3://weir-local-lake/events/",
                    "Columns": [{"Name": column, "Type": kind} for column, kind in columns],
                    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
                },
            },
        },
    }


def workgroup(name: str, limit: int) -> Any:
    return {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": name,
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "BytesScannedCutoffPerQuery": limit,
                "ResultConfiguration": {
                    "OutputLocation": "s3://weir-local-results/queries/",
                    "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                },
            },
        },
    }


TEMPLATE = {
    "Database": {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "weir_local"}},
    },
    "Events": glue_table(
        "events",
        EVENTS,
        ("dataset", "day"),
        "s3://weir-local-lake/events/dataset=${dataset}/day=${day}/",
        **{"projection.dataset.type": "enum", "projection.dataset.values": "aws.alb,aws.vpcflow"},
    ),
    "Alb": glue_table("aws_alb", ALB, ("day",), "s3://weir-local-lake/events/dataset=aws.alb/day=${day}"),
    "Empty": glue_table("empty", ALB, ("day",), "s3://weir-local-lake/nothing/day=${day}/"),
    "Injected": glue_table(
        "injected", ALB, ("day",), "s3://weir-local-lake/nothing/${day}/", **{"projection.day.type": "injected"}
    ),
    "Workgroup": workgroup("weir-local", 10_000_000),
    "Narrow": workgroup("weir-narrow", 30_000),
    "Query": {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {"Name": "one", "Database": "weir_local", "WorkGroup": "weir-local", "QueryString": "SELECT 1"},
    },
}


@contextlib.contextmanager
def started() -> Iterator[Athena]:
    with ProcessGroups() as groups:
        aws = emulator.start(groups, run_dir() / "test-athena")
        deploy(aws)
        yield Athena(aws.endpoint, aws.session)


def deploy(aws: emulator.Emulator) -> None:
    s3 = aws.session.client("s3")
    for bucket in ("weir-local-lake", "weir-local-results"):
        s3.create_bucket(Bucket=bucket)
    for (dataset, day), count in OBJECTS.items():
        body = parquet([event(dataset, day, at) for at in range(count)])
        s3.put_object(Bucket="weir-local-lake", Key=f"events/dataset={dataset}/day={day}/part.parquet", Body=body)
    # Athena leaves out what is hidden, and what is not under the table's folders.
    s3.put_object(Bucket="weir-local-lake", Key=f"events/dataset=aws.alb/day={TODAY}/_temporary", Body=b"no Parquet")
    s3.put_object(Bucket="weir-local-lake", Key="events-errors/2026/line", Body=b"no Parquet")
    aws.deploy("lake", TEMPLATE)
