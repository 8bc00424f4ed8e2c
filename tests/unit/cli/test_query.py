"""`weir query`: where its query comes from, how results are written, and what it says when it cannot."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from cli.__main__ import main
from cli.commands import query
from cli.commands.query import Format, printable, size, typed, unique, write_csv, write_json, write_table
from cli.output import Exit
from lake.named_queries import NamedQuery, NoDescription
from lake.query import Column, Execution, Lake, QueryFailed, Results

EXECUTION = Execution(id="q", state="SUCCEEDED", reason="", has_header=True, bytes_scanned=12, seconds=0.5)
KEPT = {"errors": NamedQuery("errors", "5xx by [service].", "-- 5xx by [service].\nSELECT 5")}


class FakeLake:
    """Answers every query alike, or refuses it."""

    workgroup = "weir-dev"

    def __init__(self, refused: str = "") -> None:
        self.asked: list[str] = []
        self.stopped: list[str] = []
        self.interrupted = False
        self._refused = refused

    def start(self, sql: str) -> str:
        if self._refused:
            raise QueryFailed(self._refused)
        self.asked.append(sql)
        return "q"

    def wait(self, query_id: str) -> Execution:
        if self.interrupted:
            raise KeyboardInterrupt
        return EXECUTION

    def stop(self, query_id: str) -> None:
        self.stopped.append(query_id)

    def results(self, execution: Execution) -> Results:
        return results([["a", None], ['b "c"', "2"]])


def results(rows: list[list[str | None]], *columns: tuple[str, str]) -> Results:
    return Results(tuple(Column(*column) for column in columns or (("day", "varchar"), ("_col1", "bigint"))), iter(rows))


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> FakeLake:
    fake = FakeLake()
    monkeypatch.setattr(Lake, "on_aws", lambda environment: fake)
    monkeypatch.setattr(query, "named_queries", lambda: KEPT)
    return fake


def weir(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["weir", "query", *arguments])
    try:
        return int(main())
    except SystemExit as ended:  # typer's way out
        return int(ended.code or 0)


def test_the_query_is_the_argument(lake: FakeLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert weir("SELECT 1", "-e", "dev", "--format", "csv", monkeypatch=monkeypatch) == Exit.OK
    assert lake.asked == ["SELECT 1"]
    written = capsys.readouterr()
    assert written.out == 'day,_col1\na,\n"b ""c""",2\n'
    assert written.err == "query q in workgroup weir-dev\n2 rows, 12 bytes scanned, 0.5 s, query q\n"


def test_or_a_files_content(lake: FakeLake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "some.sql"
    file.write_text("SELECT 2")
    assert weir("--file", str(file), "-e", "dev", monkeypatch=monkeypatch) == Exit.OK
    assert lake.asked == ["SELECT 2"]


def test_or_standard_input(lake: FakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 3"))
    assert weir("--file", "-", "-e", "dev", monkeypatch=monkeypatch) == Exit.OK
    assert lake.asked == ["SELECT 3"]


def test_or_a_named_query(lake: FakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weir("--named", "errors", "-e", "dev", monkeypatch=monkeypatch) == Exit.OK
    assert lake.asked == [KEPT["errors"].sql]


def test_named_queries_are_listed_without_a_name(
    lake: FakeLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert weir("--named", monkeypatch=monkeypatch) == Exit.OK
    assert "│ errors │ 5xx by [service]. │" in capsys.readouterr().out
    assert weir("--named", "--format", "json", monkeypatch=monkeypatch) == Exit.OK
    assert json.loads(capsys.readouterr().out) == [{"name": "errors", "description": "5xx by [service]."}]
    assert lake.asked == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "error: give one query: as an argument, by --file F.sql, or by --named NAME\n"),
        (("SELECT 1", "--file", "x.sql"), "error: give one query: as an argument, by --file F.sql, or by --named NAME\n"),
        (("--named", "--file", "x.sql"), "error: give one query: as an argument, by --file F.sql, or by --named NAME\n"),
        (("--file", "/no/such.sql"), "error: /no/such.sql: cannot be read (No such file or directory)\n"),
        (("--named", "nope"), "error: no named query is called nope; there are errors\n"),
    ],
)
def test_anything_but_one_query_is_refused(
    lake: FakeLake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert weir(*arguments, "-e", "dev", monkeypatch=monkeypatch) == Exit.USAGE
    assert capsys.readouterr() == ("", message)
    assert lake.asked == []


def test_a_named_query_that_cannot_be_read_is_named(
    lake: FakeLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreadable() -> dict[str, NamedQuery]:
        raise NoDescription("some.sql: its first line must be a comment")

    monkeypatch.setattr(query, "named_queries", unreadable)
    assert weir("--named", monkeypatch=monkeypatch) == Exit.USAGE
    assert capsys.readouterr().err == "error: some.sql: its first line must be a comment\n"


def test_a_failed_query_ends_with_athenas_reason(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fake = FakeLake("line 1:8: mismatched [input]")
    monkeypatch.setattr(Lake, "on_aws", lambda environment: fake)
    assert weir("SELECT FROM", "-e", "dev", monkeypatch=monkeypatch) == Exit.FAILED
    assert capsys.readouterr() == ("", "error: line 1:8: mismatched [input]\n")


def test_an_interrupted_query_is_stopped(
    lake: FakeLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake.interrupted = True
    assert weir("SELECT 1", "-e", "dev", monkeypatch=monkeypatch) == Exit.INTERRUPTED
    assert lake.stopped == ["q"]
    assert capsys.readouterr().err.endswith("error: query q stopped\n")


def test_without_a_pipeline_the_command_that_starts_one_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))
    assert weir("SELECT 1", monkeypatch=monkeypatch) == Exit.MACHINE
    assert capsys.readouterr().err == "error: no pipeline is running here; start one with ./weir up\n"


def test_a_long_row_stays_one_line_where_programs_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_table(results([["x" * 300, None]]), EXECUTION) == 1
    assert f"│ {'x' * 300} │ null  │\n" in capsys.readouterr().out


def test_what_a_log_says_is_no_command_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    write_table(results([["[red]\x1b]0;x\x07\n", "1"]]), EXECUTION)
    assert r"│ [red]\x1b]0;x\x07\n │ 1     │" in capsys.readouterr().out
    assert printable("Grüße, 世界") == "Grüße, 世界"


def test_json_has_the_columns_the_rows_and_what_was_scanned(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_json(results([["a", None], ["b", "2"]]), EXECUTION) == 2
    assert json.loads(capsys.readouterr().out) == {
        "query": "q",
        "bytes_scanned": 12,
        "seconds": 0.5,
        "columns": [{"name": "day", "type": "varchar"}, {"name": "_col1", "type": "bigint"}],
        "rows": [{"day": "a", "_col1": None}, {"day": "b", "_col1": 2}],
    }


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("double", "1.5E10", 1.5e10),
        ("double", "NaN", "NaN"),
        ("boolean", "true", True),
        ("decimal", "1.5", 1.5),
        ("varchar", "1", "1"),
        ("row", "{a=1}", "{a=1}"),
        ("bigint", None, None),
    ],
)
def test_a_value_has_its_type_in_json(kind: str, text: str | None, value: object) -> None:
    found = typed(Column("x", kind), text)
    assert (found, type(found)) == (value, type(value))


def test_columns_of_one_name_are_told_apart_in_json() -> None:
    assert unique(["day", "n", "day", "day"]) == ["day", "n", "day_2", "day_3"]


def test_no_rows_are_still_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_csv(results([]), EXECUTION) == 0
    assert capsys.readouterr().out == "day,_col1\n"


@pytest.mark.parametrize(("count", "text"), [(999, "999 bytes"), (1_500, "1.5 kB"), (10_485_760, "10.5 MB"), (2e9, "2.0 GB")])
def test_sizes_are_decimal_as_the_workgroups_limit(count: int, text: str) -> None:
    assert size(count) == text


def test_every_format_has_a_writer() -> None:
    assert query.WRITERS.keys() == set(Format)
