"""What the notebooks answer, run by Flink over events in files: a table has the columns of the one in Glue.

They are here because Flink is at hand here. It is newer than Studio's 1.15: a function that came later is not noticed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyflink.table import EnvironmentSettings, TableEnvironment

from flink.notebook import Notebook, notebooks
from flink.tables import stream_columns
from gateway_tests.records import Event, event, time

BOOKS = notebooks()
STREAMS = ("events", "metrics", "findings")
#: Glue's simple types, and Flink's.
_TYPES = {"string": "STRING", "bigint": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
_WORD = re.compile(r"[a-z_0-9]+|[<>:,]")
_SETTING = re.compile(r"SET '([^']+)' = '([^']+)'")

Row = dict[str, Any]
#: The rows the n-th query of a notebook ends with, from 1, over events by stream.
Ask = Callable[..., list[Row]]


def flink_type(glue: str) -> str:
    """`ROW<`id` STRING>` of `struct<id:string>`."""
    return _type(iter(_WORD.findall(glue)))[0]


def _type(words: Iterator[str]) -> tuple[str, str]:
    """A type, and what follows it."""
    kind = next(words)
    if kind in _TYPES:
        return _TYPES[kind], next(words, "")
    assert next(words) == "<"
    if kind == "array":
        inner, _ = _type(words)
        return f"ARRAY<{inner}>", next(words, "")
    assert kind == "struct"
    fields, follows = [], ","
    while follows == ",":
        name, _ = next(words), next(words)
        inner, follows = _type(words)
        fields.append(f"`{name}` {inner}")
    return f"ROW<{', '.join(fields)}>", next(words, "")


def statements(notebook: Notebook) -> list[str]:
    """As Zeppelin takes them apart."""
    sql = ";".join(paragraph.text for paragraph in notebook.paragraphs if paragraph.interpreter == "flink.ssql")
    return [statement.strip() for statement in sql.split(";") if statement.strip()]


def environment(directory: Path, **streams: list[Event]) -> TableEnvironment:
    """One in which the streams are tables."""
    made = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    made.get_config().set("parallelism.default", "1")
    for stream in STREAMS:
        (directory / stream).mkdir()
        lines = (json.dumps(record) for record in streams.get(stream, []))
        (directory / stream / "events.json").write_text("".join(f"{line}\n" for line in lines))
        columns = ", ".join(f"`{column}` {flink_type(kind)}" for column, kind in stream_columns(stream).items())
        made.execute_sql(
            f"CREATE TABLE `{stream}` ({columns}, proctime AS PROCTIME()) WITH "
            f"('connector' = 'filesystem', 'path' = '{directory / stream}', 'format' = 'json')"
        )
    return made


def prepared(made: TableEnvironment, notebook: Notebook) -> list[str]:
    """The notebook's queries, once its other statements have run."""
    queries = []
    for statement in statements(notebook):
        if statement.startswith(("SELECT", "WITH")):
            queries.append(statement)
        elif setting := _SETTING.fullmatch(statement):
            made.get_config().set(*setting.groups())
        else:
            made.execute_sql(statement)
    return queries


@pytest.fixture
def ask(java: Any, tmp_path: Path) -> Ask:
    def over(name: str, number: int, **streams: list[Event]) -> list[Row]:
        made = environment(tmp_path, **streams)
        result = made.execute_sql(prepared(made, BOOKS[name])[number - 1])._j_table_result
        names = list(result.getResolvedSchema().getColumnNames())
        rows: list[Row] = []
        changes = result.collect()
        while changes.hasNext():
            change = changes.next()
            row = {column: _value(change.getField(column)) for column in names}
            if change.getKind().shortString() in ("+I", "+U"):
                rows.append(row)
            else:
                rows.remove(row)
        return rows

    return over


def _value(value: Any) -> Any:
    """A time as text."""
    return value if value is None or isinstance(value, (bool, float, int, str)) else str(value)


def test_all_columns_of_the_tables_are_read_as_flink_has_them() -> None:
    assert flink_type("struct<a:array<string>,b:struct<lat:double,n:bigint>,c:boolean>") == (
        "ROW<`a` ARRAY<STRING>, `b` ROW<`lat` DOUBLE, `n` BIGINT>, `c` BOOLEAN>"
    )


@pytest.mark.parametrize(("name", "count"), [("brute-force", 5), ("latency-by-release", 4), ("machine-health", 5)])
def test_every_query_of_a_notebook_can_be_planned(java: Any, tmp_path: Path, name: str, count: int) -> None:
    made = environment(tmp_path)
    queries = prepared(made, BOOKS[name])
    assert len(queries) == count
    for query in queries:
        assert "TableSourceScan" in made.explain_sql(query), query


def test_notebooks_make_their_time_alike() -> None:
    """They share a session, in which the table has one name."""
    assert len({tuple(statements(book)[:3]) for book in BOOKS.values()}) == 1


def log_in(number: int, seconds: float, outcome: str, **changes: Any) -> Event:
    fields = {"user": {"name": "root"}, "source": {"ip": "198.51.100.7"}, **changes}
    made = event(f"l{number:03}", seconds, "linux.auth", "ssh_login", **fields)
    made["event"] |= {"outcome": outcome, "category": ["authentication"]}
    return made


class TestBruteForce:
    #: Twelve in two minutes, and what is none: a failure of another kind.
    TRIES = (
        *(log_in(number, 10 * number, "failure") for number in range(12)),
        event("x", 30, "aws.cloudtrail", "GetObject", source={"ip": "198.51.100.7"}),
    )

    def test_addresses_that_try_are_told_in_every_window_that_holds_ten(self, ask: Ask) -> None:
        others = [log_in(20 + number, number, "failure", source={"ip": "203.0.113.1"}) for number in range(9)]
        rows = ask("brute-force", 2, events=[*self.TRIES, *others])
        assert [(row["window_end"], row["address"], row["failures"], row["accounts"]) for row in rows] == [
            (f"2026-03-01T10:0{minute}", "198.51.100.7", 12, 1) for minute in (2, 3, 4, 5)
        ]

    def test_those_that_got_in_had_ten_failures_before(self, ask: Ask) -> None:
        early = log_in(40, 45, "success", user={"target": {"name": "ada"}, "name": "root"})
        late = log_in(41, 115, "success", user={"target": {"name": "ada"}, "name": "root"})
        (row,) = ask("brute-force", 4, events=[*self.TRIES, early, late])
        assert (row["happened"], row["account"], row["failures"]) == ("2026-03-01T10:01:55", "ada", 12)

    def test_a_clock_that_is_ahead_counts_for_when_the_event_arrived(self, ask: Ask) -> None:
        ahead = log_in(50, 86_400, "failure")
        ahead["event"]["ingested"] = time(61)
        rows = ask("brute-force", 1, events=[log_in(1, 1, "failure"), ahead, log_in(2, 62, "success")])
        assert [(row["window_start"], row["failures"], row["successes"]) for row in rows] == [
            ("2026-03-01T10:00", 1, 0),
            ("2026-03-01T10:01", 1, 1),
        ]


class TestLatencyByRelease:
    @staticmethod
    def requests(release: str, milliseconds: list[float | None], *, failed: int = 0) -> list[Event]:
        found = []
        for number, duration in enumerate(milliseconds):
            made = event(f"{release}{number}", number % 60, "app", "request", service={"name": "cart", "version": release})
            made["http"] = {"response": {"status_code": 503 if number < failed else 200}}
            if duration is not None:
                made["event"]["duration"] = round(duration * 1_000_000)
            found.append(made)
        return found

    def test_a_release_is_told_by_the_minute(self, ask: Ask) -> None:
        (row,) = ask("latency-by-release", 1, events=self.requests("1.4.0", [50, 150, 400, 1_400, None], failed=1))
        assert row == {
            "window_start": "2026-03-01T10:00",
            "tenant": "shop",
            "service_name": "cart",
            "release_name": "1.4.0",
            "requests": 5,
            "mean_ms": 500.0,
            "slowest_ms": 1_400.0,
            "above_100_ms": 0.75,
            "above_300_ms": 0.5,
            "above_1_s": 0.25,
            "error_rate": 0.2,
        }

    def test_two_releases_of_a_service_are_compared_in_the_same_window(self, ask: Ask) -> None:
        events = [*self.requests("1.4.0", [100] * 50), *self.requests("1.5.0", [250] * 50, failed=5)]
        (row,) = ask("latency-by-release", 2, events=[*events, *self.requests("1.3.9", [100] * 49)])
        assert (row["one_release"], row["other_release"]) == ("1.4.0", "1.5.0")
        assert (row["one_mean_ms"], row["other_mean_ms"]) == (100.0, 250.0)
        assert (row["times_as_slow"], row["more_errors"]) == (2.5, 0.1)


class TestMachineHealth:
    @staticmethod
    def reading(number: int, vibration: float, state: str = "running") -> Event:
        measured = {"vibration_mm_s": vibration, "state": state, "line": "hall-2"}
        return event(f"m{number:03}", 10 * number, "machine.measurement", "measured", device={"id": "m-3"}, machine=measured)

    def test_a_reading_far_from_the_last_hour_is_shown(self, ask: Ask) -> None:
        events = [self.reading(number, 2.0 + 0.1 * (number % 2)) for number in range(40)]
        (row,) = ask("machine-health", 2, events=[*events, self.reading(40, 9.0)])
        assert (row["happened"], row["machine_id"], row["vibration"]) == ("2026-03-01T10:06:40", "m-3", 9.0)
        assert row["usual"] == pytest.approx((20 * 2.0 + 20 * 2.1 + 9.0) / 41)
        assert row["deviations"] == pytest.approx(6.32, abs=0.01)

    def test_a_change_of_state_is_shown_once(self, ask: Ask) -> None:
        states = ("running", "running", "failed", "failed", "running")
        rows = ask("machine-health", 3, events=[self.reading(number, 2.0, state) for number, state in enumerate(states)])
        assert [(row["happened"], row["state_before"], row["state"]) for row in rows] == [
            ("2026-03-01T10:00:20", "running", "failed"),
            ("2026-03-01T10:00:40", "failed", "running"),
        ]
