"""A query is started in its workgroup, waited for, read page by page, and what is refused is told in Athena's words."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.stub import Stubber

from config.loader import ConfigError
from lake.query import Column, Execution, Lake, QueryFailed
from localrun.errors import LocalRunError

SUCCEEDED = Execution(id="q", state="SUCCEEDED", reason="", has_header=True, bytes_scanned=12, seconds=0.5)
START = {
    "QueryString": "SELECT 1",
    "WorkGroup": "weir-dev",
    "QueryExecutionContext": {"Catalog": "AwsDataCatalog", "Database": "weir_dev"},
}


class Aws:
    """Clients that answer what they are told to, in this order."""

    def __init__(self) -> None:
        session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="eu-central-1")
        athena, glue = session.client("athena"), session.client("glue")
        self.athena, self.glue = Stubber(athena), Stubber(glue)
        self.lake = Lake(athena, glue, "weir_dev", "weir-dev")
        self.athena.activate()
        self.glue.activate()

    def ends(self, *states: str, **more: Any) -> None:
        for state in states:
            found = {"QueryExecutionId": "q", "Status": {"State": state}, **more}
            self.athena.add_response("get_query_execution", {"QueryExecution": found}, {"QueryExecutionId": "q"})


@pytest.fixture
def aws() -> Aws:
    return Aws()


def page(rows: list[list[str | None]], **more: str) -> dict[str, Any]:
    columns = [{"Name": "day", "Type": "varchar"}, {"Name": "_col1", "Type": "bigint"}]
    data = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows]
    return {"ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": columns}}, **more}


def test_a_query_starts_in_the_environments_workgroup_and_database(aws: Aws) -> None:
    aws.athena.add_response("start_query_execution", {"QueryExecutionId": "q"}, START)
    assert aws.lake.start("SELECT 1") == "q"


def test_it_is_looked_at_less_and_less_often_until_it_ends(aws: Aws) -> None:
    aws.ends("QUEUED", *["RUNNING"] * 7)
    statistics = {"DataScannedInBytes": 12, "TotalExecutionTimeInMillis": 500}
    aws.ends("SUCCEEDED", StatementType="DML", Statistics=statistics)
    pauses: list[float] = []
    assert aws.lake.wait("q", pauses.append) == SUCCEEDED
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_results_are_read_to_the_last_page_without_the_header(aws: Aws) -> None:
    aws.athena.add_response("get_query_results", page([["day", "_col1"], ["a", "1"]], NextToken="t"), {"QueryExecutionId": "q"})
    aws.athena.add_response("get_query_results", page([["b", None]]), {"QueryExecutionId": "q", "NextToken": "t"})
    found = aws.lake.results(SUCCEEDED)
    assert found.columns == (Column("day", "varchar"), Column("_col1", "bigint"))
    assert list(found.rows) == [["a", "1"], ["b", None]]


def test_a_statement_that_is_no_query_has_no_header(aws: Aws) -> None:
    aws.athena.add_response("get_query_results", page([["events", "1"]]), {"QueryExecutionId": "q"})
    assert list(aws.lake.results(SUCCEEDED._replace(has_header=False)).rows) == [["events", "1"]]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_query_that_did_not_succeed_has_athenas_reason(aws: Aws, state: str) -> None:
    aws.ends(state, Status={"State": state, "StateChangeReason": "Bytes scanned limit was exceeded"})
    with pytest.raises(QueryFailed, match=r"^Bytes scanned limit was exceeded$"):
        aws.lake.results(aws.lake.wait("q"))


def test_one_that_has_no_reason_says_so(aws: Aws) -> None:
    with pytest.raises(QueryFailed, match="the query is CANCELLED, and Athena gives no reason"):
        aws.lake.results(SUCCEEDED._replace(state="CANCELLED"))


@pytest.mark.parametrize(
    ("tables", "named"), [(["events", "aws_alb"], "the tables of weir_dev are aws_alb, events"), ([], "are none")]
)
def test_an_unknown_table_tells_which_there_are(aws: Aws, tables: list[str], named: str) -> None:
    aws.glue.add_response("get_tables", {"TableList": [{"Name": name} for name in tables]}, {"DatabaseName": "weir_dev"})
    reason = "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.weir_dev.alb' does not exist"
    with pytest.raises(QueryFailed, match=f"^{reason}; .*{named}$"):
        aws.lake.results(SUCCEEDED._replace(state="FAILED", reason=reason))


def test_what_is_no_query_has_failed(aws: Aws) -> None:
    aws.athena.add_client_error("start_query_execution", "InvalidRequestException", "line 1:8: mismatched input")
    with pytest.raises(QueryFailed, match=r"^line 1:8: mismatched input$"):
        aws.lake.start("SELECT FROM")


@pytest.mark.parametrize(
    ("code", "words"),
    [("InvalidRequestException", "WorkGroup is not found."), ("ExpiredTokenException", "The security token is expired")],
)
def test_a_workgroup_that_cannot_be_used_is_no_fault_of_the_query(aws: Aws, code: str, words: str) -> None:
    aws.athena.add_client_error("start_query_execution", code, words)
    with pytest.raises(
        LocalRunError, match=f"^{words.rstrip('.')}.*; is the environment deployed, with its lake, in the account"
    ):
        aws.lake.start("SELECT 1")


def test_a_query_is_stopped_by_its_id(aws: Aws) -> None:
    aws.athena.add_response("stop_query_execution", {}, {"QueryExecutionId": "q"})
    aws.lake.stop("q")
    aws.athena.assert_no_pending_responses()


class TestOnAws:
    @pytest.fixture(autouse=True)
    def clients(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
        made: dict[str, object] = {}

        class Session:
            def client(self, name: str) -> object:
                made[name] = object()
                return made[name]

        monkeypatch.setattr(boto3, "Session", Session)
        return made

    def test_names_are_those_of_the_environment(self, clients: dict[str, object]) -> None:
        found = Lake.on_aws("dev")
        assert (found.database, found.workgroup) == ("weir_dev", "weir-dev")
        assert clients == {"athena": found.athena, "glue": found.glue}

    def test_an_environment_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="no environment is called nope"):
            Lake.on_aws("nope")


def test_without_credentials_the_sdks_words_are_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(aws.lake.athena, "stop_query_execution", refused)
    with pytest.raises(LocalRunError, match="Unable to locate credentials"):
        aws.lake.stop("q")


def test_the_client_error_stays_the_cause(aws: Aws) -> None:
    aws.athena.add_client_error("stop_query_execution", "AccessDeniedException", "no")
    with pytest.raises(LocalRunError) as raised:
        aws.lake.stop("q")
    assert isinstance(raised.value.__cause__, ClientError)
