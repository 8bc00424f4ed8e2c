"""The embedded Athena: tables as they are deployed, over Parquet files in the emulator's S3, and `weir query` over it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from localrun import embedded_aws
from localrun.aws import ACCOUNT, REGION, role_session, session
from localrun.paths import PROJECT, PYTHON_PATH, make_directory, run_dir
from localrun.processes import ProcessGroups, free_ports
from localrun.state import Endpoints, State, only_pipeline, write_state
from localrun.tools import Tools

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
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = self.session.client("athena").get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return Execution(
                    query_id,
                    found["Status"]["State"],
                    found["Status"].get("StateChangeReason", ""),
                    found["Statistics"]["DataScannedInBytes"],
                    dict(found),
                )
            time.sleep(0.02)
        raise AssertionError(f"query {query_id} does not end")

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


@pytest.fixture(scope="module")
def athena() -> Iterator[Athena]:
    with ProcessGroups() as groups:
        directory = make_directory(run_dir() / "test-athena")
        python = embedded_aws.prepare(Tools(groups, directory, print))
        (port,) = free_ports(1)
        emulator = embedded_aws.Emulator(python, port, directory / "emulator", "http://127.0.0.1:9")
        embedded_aws.start(emulator, groups, directory / "emulator.log")
        found = Athena(emulator.endpoint, session(emulator.endpoint))
        deploy(found)
        yield found


def deploy(athena: Athena) -> None:
    s3, cloudformation = athena.session.client("s3"), athena.session.client("cloudformation")
    for bucket in ("weir-local-lake", "weir-local-results"):
        s3.create_bucket(Bucket=bucket)
    for (dataset, day), count in OBJECTS.items():
        body = parquet([event(dataset, day, at) for at in range(count)])
        s3.put_object(Bucket="weir-local-lake", Key=f"events/dataset={dataset}/day={day}/part.parquet", Body=body)
    # Athena leaves out what is hidden, and what is not under the table's folders.
    s3.put_object(Bucket="weir-local-lake", Key=f"events/dataset=aws.alb/day={TODAY}/_temporary", Body=b"no Parquet")
    s3.put_object(Bucket="weir-local-lake", Key="events-errors/2026/line", Body=b"no Parquet")
    cloudformation.create_stack(StackName="lake", TemplateBody=json.dumps({"Resources": TEMPLATE}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="lake", WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def test_a_query_sees_the_projected_partitions_and_no_other(athena: Athena) -> None:
    found = athena.rows("SELECT dataset, day, count(*) FROM events GROUP BY 1, 2 ORDER BY 1, 2")
    assert found == [["aws.alb", "2026-11-02", "2"], ["aws.alb", TODAY, "3"], ["aws.vpcflow", TODAY, "4"]]


def test_a_table_of_one_type_reads_its_own_folder_with_its_own_columns(athena: Athena) -> None:
    found = athena.rows("SELECT * FROM aws_alb WHERE day = '2026-11-02' ORDER BY source.port LIMIT 1")
    assert found == [["{id=aws.alb-2026-11-02-0}", "{ip=10.0.0.0, port=1000, address=null}", "2026-11-02"]]


def test_nested_columns_are_read_field_by_field(athena: Athena) -> None:
    sql = """
        SELECT source.ip, sum(source.port), element_at(resources, 1).arn, resources, added, cardinality(event.category)
        FROM events WHERE dataset = 'aws.alb' AND day = '2026-11-02' AND source.port < 1002
        GROUP BY 1, 3, 4, 5, 6 ORDER BY 1
    """
    assert athena.rows(sql) == [
        ["10.0.0.0", "1000", None, None, None, "2"],
        ["10.0.0.1", "1001", "arn:a", "[{arn=arn:a, type=null}]", None, "2"],
    ]


def test_a_list_is_unnested(athena: Athena) -> None:
    sql = "SELECT category, count(DISTINCT event.id) FROM events CROSS JOIN UNNEST(event.category) AS t(category) GROUP BY 1"
    assert sorted(athena.rows(sql)) == [["network", "9"], ["web", "9"]]


#: What a query says, and what Athena's engine makes of it.
TRINO = {
    "7 / 2": "3",
    "7.0 / 2": "3.5",
    "1e10": "1.0E10",
    "cast(3 AS double) / 2": "1.5",
    "date_trunc('hour', from_iso8601_timestamp(timestamp))": "2026-11-02 10:00:00.000 UTC",
    "regexp_like(message, 'line')": "true",
    "regexp_extract(message, 'aws[.](\\w+)', 1)": "alb",
    "split_part(dataset, '.', 2)": "alb",
    'json_extract_scalar(\'{"a": {"b": "c"}}\', \'$.a.b\')': "c",
    "TIMESTAMP '2026-11-25 01:02:03.4'": "2026-11-25 01:02:03.400",
    "cast(DATE '2026-11-25' - INTERVAL '7' DAY AS varchar)": "2026-11-18",
    "cast(date_add('day', -1, date_add('month', 1, DATE '2026-11-25')) AS varchar)": "2026-12-24",
    "cast(date_trunc('month', DATE '2026-11-25') AS varchar)": "2026-11-01",
    "date_format(DATE '2026-11-25', '%Y-%m-%d')": "2026-11-25",
    "date_diff('hour', TIMESTAMP '2026-11-25 10:59:00', TIMESTAMP '2026-11-25 11:01:00')": "0",
    "date_diff('day', DATE '2026-11-24', DATE '2026-11-26')": "2",
    "TIMESTAMP '2026-11-25 00:00:00' - INTERVAL '1' HOUR": "2026-11-24 23:00:00.000",
    "element_at(event.category, 2)": "network",
    "array_join(event.category, '+')": "web+network",
    "contains(event.category, 'web')": "true",
    "if(source.user IS NULL, 'none', source.user)": "none",
    "try_cast('x' AS bigint)": None,
}


def test_what_a_query_says_means_what_it_means_on_athena(athena: Athena) -> None:
    sql = f"SELECT {', '.join(TRINO)} FROM events WHERE event.id = 'aws.alb-2026-11-02-1'"  # noqa: S608 - all of it is above
    (found,) = athena.rows(sql)
    assert dict(zip(TRINO, found, strict=True)) == TRINO


def test_rows_are_aggregated_as_on_athena(athena: Athena) -> None:
    sql = """
        SELECT approx_distinct(source.ip), count_if(source.port > 1000), max_by(event.id, source.port), sum(source.port),
               avg(source.port), approx_percentile(source.port, 0.5), array_agg(DISTINCT dataset)
        FROM events WHERE day = '2026-11-02'
    """
    assert athena.rows(sql) == [["2", "1", "aws.alb-2026-11-02-1", "2001", "1000.5", "1000", "[aws.alb]"]]


def test_the_first_row_names_the_columns_and_metadata_their_types(athena: Athena) -> None:
    execution = athena.run("SELECT count(*), day, source, event.category, max(source.port) AS port FROM events GROUP BY 2, 3, 4")
    results = athena.session.client("athena").get_query_results(QueryExecutionId=execution.id, MaxResults=1)["ResultSet"]
    assert [value["VarCharValue"] for value in results["Rows"][0]["Data"]] == ["_col0", "day", "source", "category", "port"]
    columns = results["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("_col0", "bigint"), ("day", "varchar"), ("source", "row"), ("category", "array"), ("port", "bigint"),
    ]  # fmt: skip


def test_a_table_without_objects_is_empty_and_has_its_columns(athena: Athena) -> None:
    assert athena.rows("SELECT count(*), max(source.port) FROM empty WHERE day >= '2026-11-01'") == [["0", None]]


def test_a_day_in_the_condition_prunes_what_is_scanned(athena: Athena) -> None:
    everything = athena.run("SELECT max(message) FROM events")
    one_day = athena.run("SELECT max(message) FROM events WHERE day = '2026-11-02'")
    count = athena.run("SELECT count(*) FROM events")
    one = column_bytes(athena, "aws.alb", "2026-11-02")
    three = one + column_bytes(athena, "aws.alb", TODAY) + column_bytes(athena, "aws.vpcflow", TODAY)
    assert one <= one_day.scanned <= one + A_PAGES_HEAD
    assert three <= everything.scanned <= three + 3 * A_PAGES_HEAD
    assert count.scanned == 0


def column_bytes(athena: Athena, dataset: str, day: str) -> int:
    """Of the column `message` of an object."""
    key = f"events/dataset={dataset}/day={day}/part.parquet"
    body = athena.session.client("s3").get_object(Bucket="weir-local-lake", Key=key)["Body"].read()
    group = pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0)
    columns = [group.column(at) for at in range(group.num_columns)]
    return sum(column.total_compressed_size for column in columns if column.path_in_schema == "message")


def test_a_query_over_the_limit_of_bytes_is_cancelled_with_athenas_reason(athena: Athena) -> None:
    over = athena.run("SELECT max(event.id), max(message), max(source.ip), max(timestamp) FROM events", "weir-narrow")
    assert (over.state, over.reason, over.scanned) == ("CANCELLED", "Bytes scanned limit was exceeded", 30_000)
    within = athena.run("SELECT max(event.id) FROM events WHERE day = '2026-11-02'", "weir-narrow")
    assert (within.state, 0 < within.scanned < 30_000) == ("SUCCEEDED", True)


def test_results_go_where_the_workgroup_says_encrypted(athena: Athena) -> None:
    query_id = athena.start(
        "SELECT message, resources FROM events WHERE event.id = 'aws.alb-2026-11-02-0'",
        ResultConfiguration={"OutputLocation": "s3://weir-local-lake/elsewhere/"},
    )
    execution = athena.wait(query_id)
    place = f"s3://weir-local-results/queries/{query_id}.csv"
    assert execution.found["ResultConfiguration"] == {
        "OutputLocation": place,
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }
    result = athena.session.client("s3").get_object(Bucket="weir-local-results", Key=f"queries/{query_id}.csv")
    assert result["ServerSideEncryption"] == "AES256"
    assert result["Body"].read().decode() == '"message","resources"\n"aws.alb, ""line"" 0 ' + "x" * 2_000 + '",\n'


def test_results_come_in_pages_the_header_being_the_first_row(athena: Athena) -> None:
    execution = athena.run("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n")
    client = athena.session.client("athena")
    first = client.get_query_results(QueryExecutionId=execution.id)
    second = client.get_query_results(QueryExecutionId=execution.id, NextToken=first["NextToken"])
    third = client.get_query_results(QueryExecutionId=execution.id, NextToken=second["NextToken"])
    values = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in (first, second, third)]
    assert [len(page) for page in values] == [1_000, 1_000, 501]
    assert values[0] + values[1] + values[2] == ["n", *map(str, range(1, 2_501))]
    assert "NextToken" not in third


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1\nFROM nope", "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.weir_local.nope' does not exist"),
        ("SELECT 1 FROM other.nope", "SCHEMA_NOT_FOUND: line 1:15: Schema 'other' does not exist"),
        ("SELECT nope FROM aws_alb", "COLUMN_NOT_FOUND: Column 'nope' cannot be resolved"),
        ("SELECT nope(day) FROM aws_alb", "GENERIC_USER_ERROR: Catalog Error: Scalar Function with name nope does not exist!"),
        ("SELECT * FROM injected", "HIVE_INVALID_METADATA: table weir_local.injected: projection.day.type injected"),
    ],
)
def test_a_wrong_query_fails_with_its_reason(athena: Athena, sql: str, reason: str) -> None:
    execution = athena.run(sql)
    assert execution.state == "FAILED"
    assert execution.reason.startswith(reason)
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        athena.session.client("athena").get_query_results(QueryExecutionId=execution.id)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT FROM WHERE", "line 1:"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("DROP TABLE events", "Queries of this type are not run locally"),
        ("SELECT * FROM read_csv('/etc/passwd')", "line 1:.*Table function .* not registered"),
        ("SELECT '" + "x" * 262_144 + "'", "longer than 262144 bytes"),
    ],
)
def test_what_is_no_query_is_refused_at_once(athena: Athena, sql: str, reason: str) -> None:
    with pytest.raises(ClientError, match=reason) as refused:
        athena.start(sql)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_workgroup_that_is_not_there_is_refused(athena: Athena) -> None:
    with pytest.raises(ClientError, match="WorkGroup nope is not found"):
        athena.start("SELECT 1", "nope")


def test_a_stopped_query_ends_soon_and_stays_cancelled(athena: Athena) -> None:
    query_id = athena.start("SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x), UNNEST(sequence(1, 10000000)) AS b(y)")
    client = athena.session.client("athena")
    client.stop_query_execution(QueryExecutionId=query_id)
    execution = athena.wait(query_id)
    assert (execution.state, execution.reason) == ("CANCELLED", "Query cancelled by user")
    assert athena.rows("SELECT 1") == [["1"]]
    assert athena.wait(query_id).state == "CANCELLED"


GRANTS: dict[str, tuple[list[str], list[str]]] = {
    "athena": (
        ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"],
        [f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/weir-local"],
    ),
    "glue": (
        ["glue:GetDatabase", "glue:GetTable"],
        [
            f"arn:aws:glue:{REGION}:{ACCOUNT}:{part}"
            for part in ("catalog", "database/weir_local", "table/weir_local/aws_alb", "table/weir_local/events")
        ],
    ),
    "list": (["s3:ListBucket"], ["arn:aws:s3:::weir-local-lake"]),
    "read": (["s3:GetObject"], ["arn:aws:s3:::weir-local-lake/events/dataset=aws.alb/*"]),
    "results": (["s3:PutObject", "s3:GetObject"], ["arn:aws:s3:::weir-local-results/queries/*"]),
}


def role(athena: Athena, without: str = "") -> Athena:
    """With every grant a query of the table aws_alb needs, but one."""
    name = f"reader-without-{without or 'nothing'}"
    iam = athena.session.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for grant, (actions, resources) in GRANTS.items()
        if grant != without
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="query", PolicyDocument=document)
    return athena._replace(session=role_session(athena.endpoint, f"arn:aws:iam::{ACCOUNT}:role/{name}", "test"))


def test_a_role_with_every_grant_may_query_what_it_may_read(athena: Athena) -> None:
    reader = role(athena)
    assert reader.rows("SELECT count(*) FROM aws_alb") == [["5"]]
    # The union table's other folders are not read when the condition leaves them out, and so need no grant.
    assert reader.rows("SELECT count(*) FROM events WHERE dataset = 'aws.alb'") == [["5"]]
    beyond = reader.run("SELECT count(*) FROM events")
    assert beyond.state == "FAILED"
    location = f"s3://weir-local-lake/events/dataset=aws.vpcflow/day={TODAY}/part.parquet"
    assert beyond.reason == f"PERMISSION_DENIED: Access denied when reading from location: {location}"


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        ("glue", "PERMISSION_DENIED: Insufficient permissions to execute the query: glue:GetDatabase on "),
        ("list", "PERMISSION_DENIED: Access denied when listing location: s3://weir-local-lake/events/dataset=aws.alb/day="),
        ("read", "PERMISSION_DENIED: Access denied when reading from location: s3://weir-local-lake/events/dataset=aws.alb/day="),
        ("results", "Access denied when writing output to url: s3://weir-local-results/queries/"),
    ],
)
def test_a_query_fails_without_one_of_the_callers_grants(athena: Athena, without: str, reason: str) -> None:
    execution = role(athena, without).run("SELECT count(*) FROM aws_alb")
    assert execution.state == "FAILED"
    assert execution.reason.startswith(reason)


def test_a_role_may_use_only_its_workgroup(athena: Athena) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: athena:StartQueryExecution"):
        role(athena, "athena").start("SELECT 1")


def test_a_deployed_named_query_is_there(athena: Athena) -> None:
    client = athena.session.client("athena")
    (query_id,) = client.list_named_queries(WorkGroup="weir-local")["NamedQueryIds"]
    found = client.get_named_query(NamedQueryId=query_id)["NamedQuery"]
    assert (found["Name"], found["Database"], found["QueryString"]) == ("one", "weir_local", "SELECT 1")


@pytest.fixture
def weir(athena: Athena, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`weir query` with these arguments, where a pipeline with this Athena runs."""
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path / "cache"))
    state = State(
        pid=os.getpid(),
        environment="local",
        endpoints=Endpoints(aws=athena.endpoint, opensearch="http://127.0.0.1:9", console="http://127.0.0.1:9"),
        outputs={},
        engines=(),
        absent=(),
    )

    # A shell starts what it runs in the background with interrupts ignored, and so is what that starts; a handled one is not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with only_pipeline(), contextlib.ExitStack() as started:

        def start(*arguments: str) -> subprocess.Popen[str]:
            command = (sys.executable, "-m", "cli", "query", *arguments)
            environment = os.environ | {"PYTHONPATH": PYTHON_PATH}
            process = started.enter_context(
                subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            started.callback(process.kill)
            return process

        write_state(state)
        yield start
    signal.signal(signal.SIGINT, before)


Weir = Callable[..., "subprocess.Popen[str]"]
BY_DAY = "SELECT dataset, day, count(*) AS events FROM events GROUP BY 1, 2 ORDER BY 1, 2"


def test_the_command_writes_a_table_and_what_was_scanned(weir: Weir) -> None:
    process = weir("SELECT day, max(message) = 'x' AS is_x, NULL AS nothing FROM events WHERE day = '2026-11-02' GROUP BY day")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    rows = [[cell.strip() for cell in line.strip("┃│").split("│" if "│" in line else "┃")] for line in out.splitlines()]
    assert [row for row in rows if len(row) == 3] == [["day", "is_x", "nothing"], ["2026-11-02", "false", "null"]]
    assert re.search(r"^1 row, 12\.\d kB scanned, \d\.\d s, query [0-9a-f-]{36}$", err, re.MULTILINE)


def test_the_command_writes_csv_for_programs(weir: Weir) -> None:
    out, _ = weir(BY_DAY, "--format", "csv").communicate(timeout=20)
    assert out == f"dataset,day,events\naws.alb,2026-11-02,2\naws.alb,{TODAY},3\naws.vpcflow,{TODAY},4\n"


def test_the_command_writes_json_with_the_types_json_has(weir: Weir, tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text(
        "-- all\nSELECT 1.5e0 AS x, 1 AS x, true AS b, source, resources FROM aws_alb, (SELECT NULL AS resources) LIMIT 1"
    )
    out, _ = weir("--file", str(file), "--format", "json").communicate(timeout=20)
    found = json.loads(out)
    assert found["rows"] == [{"x": 1.5, "x_2": 1, "b": True, "source": found["rows"][0]["source"], "resources": None}]
    assert found["rows"][0]["source"].startswith("{ip=10.0.0.")
    assert [column["type"] for column in found["columns"]][:4] == ["double", "integer", "boolean", "row"]
    assert found["bytes_scanned"] > 0


def test_an_unknown_table_tells_which_there_are(weir: Weir) -> None:
    process = weir("SELECT 1 FROM alb")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert err.endswith(
        "error: TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.weir_local.alb' does not exist; "
        "the tables of weir_local are aws_alb, empty, events, injected\n"
    )


def test_an_interrupted_command_stops_its_query(athena: Athena, weir: Weir) -> None:
    process = weir("SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x), UNNEST(sequence(1, 10000000)) AS b(y)")
    assert process.stderr is not None
    line = process.stderr.readline()
    query_id = re.fullmatch(r"query (\S+) in workgroup weir-local\n", line)
    assert query_id, line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.endswith(f"error: query {query_id[1]} stopped\n")
    assert athena.wait(query_id[1]).state == "CANCELLED"
