"""`weir query` over the embedded Athena, as a user runs it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localrun.paths import PROJECT, PYTHON_PATH
from localrun.state import Endpoints, State, only_pipeline, write_state
from tests.e2e.athena import TODAY, Athena


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
