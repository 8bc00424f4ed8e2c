"""SQL files are statements, with settings in place and lines to tell of."""

from __future__ import annotations

import pytest

from business import script

SETTINGS = {"stock.minutes-left": 60, "amount.history.seconds": 694_861, "future.seconds": 2}


def split(text: str) -> list[tuple[int, str]]:
    return [(statement.line, statement.text) for statement in script.split("a.sql", text, SETTINGS.__getitem__)]


def test_a_statement_ends_with_a_semicolon_that_ends_a_line_and_begins_after_comments() -> None:
    text = "-- of what\n\nCREATE VIEW a AS -- it's one;\nSELECT ';' AS b;\n\nINSERT INTO c\nSELECT 1;\n"

    assert split(text) == [(3, "CREATE VIEW a AS -- it's one"), (4, "SELECT ';' AS b"), (6, "INSERT INTO c\nSELECT 1")]


def test_settings_take_their_places_and_seconds_those_of_intervals() -> None:
    text = "SELECT ${stock.minutes-left}, ${amount.history.interval}, ${future.interval}, '$future' FROM a;"

    assert split(text) == [
        (
            1,
            "SELECT 60, INTERVAL '8 01:01:01' DAY(3) TO SECOND, INTERVAL '0 00:00:02' DAY(3) TO SECOND, '$future' FROM a",
        )
    ]


@pytest.mark.parametrize(("text", "inserts"), [("INSERT INTO a SELECT 1;", True), ("CREATE VIEW a AS SELECT 1;", False)])
def test_what_inserts_is_known(text: str, inserts: bool) -> None:
    assert [statement.inserts for statement in script.split("a.sql", text, SETTINGS.__getitem__)] == [inserts]


def test_the_files_are_run_by_their_numbers() -> None:
    names = ["10-tables.sql", "20-events.sql", "30-stock.sql", "40-payments.sql", "50-sales.sql", "60-findings.sql"]

    assert script.files() == names
