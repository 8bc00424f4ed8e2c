"""The embedded Athena: tables as they are deployed, over Parquet files in the emulator's S3."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from localrun.aws import ACCOUNT, REGION, role_session
from tests.e2e.athena import A_PAGES_HEAD, TODAY, Athena


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
