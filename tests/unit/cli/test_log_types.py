"""`weir log-types`: what is recognised, and the files written from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from common.logtypes import TYPES
from search import log_types_page, templates
from search.json_schema import schema_of


def test_every_type_is_listed_with_its_dataset() -> None:
    answer = CliRunner().invoke(app, ["log-types"], env={"COLUMNS": "200"})
    assert answer.exit_code == 0, answer.output
    listed = [line.split()[:2] for line in answer.output.splitlines()[1:] if line.strip()]
    assert listed == [[found.name, found.dataset] for found in TYPES.values()]


def test_the_schema_of_a_types_events_is_printed() -> None:
    answer = CliRunner().invoke(app, ["log-types", "--schema", "waf"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == schema_of(TYPES["waf"])


def test_a_type_there_is_none_of_is_refused_with_those_there_are() -> None:
    answer = CliRunner().invoke(app, ["log-types", "--schema", "wafs"], env={"COLUMNS": "2000"})
    assert answer.exit_code == 2
    assert "'wafs' is no log type: use one of access_analyzer, alb, " in answer.stderr


def test_the_files_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(templates, "FOLDER", tmp_path)
    monkeypatch.setattr(log_types_page, "PAGE", tmp_path / "log-types.md")
    answer = CliRunner().invoke(app, ["log-types", "--write"])
    assert answer.exit_code == 0, answer.output
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written.pop("log-types.md") == log_types_page.text()
    assert written == templates.texts()
