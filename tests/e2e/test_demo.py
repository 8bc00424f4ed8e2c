"""`weir demo` on the running pipeline: every event accounted for, in a report a program can read."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.__main__ import app
from localrun.state import State
from tests.e2e.index import wait_for


def test_every_event_is_accounted_for(pipeline: State, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    result = CliRunner().invoke(app, ["demo", "--seconds", "6", "--rate", "300", "--burst", "2", "--json", str(file)])
    assert result.exit_code == 0, result.output
    report = json.loads(file.read_text())
    # 300 a second for six seconds, and as much again for the five of the burst; one in a hundred is malformed.
    assert report["sent"] == 3_300
    assert (report["indexed"], report["errors"]) == (3_267, 33)
    assert (report["malformed"], report["malformed_kept"]) == (33, 33)
    assert (report["lost"], report["duplicated"]) == (0, 0)
    assert report["archived"] == report["records"] > 3_000
    assert 0 < report["burst_latency_seconds"]["p50"] <= report["burst_latency_seconds"]["p99"]


def test_the_console_counts_and_shows_what_was_sent(pipeline: State, tmp_path: Path) -> None:
    line = '{"level":"error","message":"seen on the console","service":"shop","user":"ada"}'
    file = tmp_path / "one.log"
    file.write_text(line)
    before = wait_for(lambda: status(pipeline), lambda seen: seen["tiles"]["records_in"]["total"] is not None)
    result = CliRunner().invoke(app, ["send", str(file), "--tenant", "console"])
    assert result.exit_code == 0, result.output
    wait_for(
        lambda: [event["message"] for event in status(pipeline)["events"]], lambda messages: "seen on the console" in messages
    )
    after = wait_for(
        lambda: status(pipeline)["tiles"],
        # More than one where the console had not yet counted what was sent before.
        lambda tiles: tiles["records_in"]["total"] > before["tiles"]["records_in"]["total"],
    )
    assert after["documents"]["total"] > 0
    assert status(pipeline)["problems"] == []
    panels = get(pipeline, "/api/panels")
    assert panels["problem"] is None
    assert [panel["problem"] for panel in panels["panels"]] == [None] * len(panels["panels"])


def status(pipeline: State) -> dict[str, Any]:
    return get(pipeline, "/api/status")


def get(pipeline: State, path: str) -> dict[str, Any]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(pipeline.endpoints.console + path, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
