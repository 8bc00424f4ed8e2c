"""The logs of databases, messaging and access: what no sample shows."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.kinds import INSTANT
from common.logtype import JsonObject, Malformed
from common.logtypes import mysql_error_json
from common.logtypes.samples import samples_of
from common.model import Event
from common.written_dates import from_day_first
from tests.unit.logtypes.every_type import alone
from tests.unit.logtypes.quick import STAMP


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("23 Nov 2026 08:00:01.994 UTC", "2026-11-23T08:00:01.994Z"),
        ("Mon, 23 Nov 2026 08:00:01:123", "2026-11-23T08:00:01.123Z"),
        ("3 Jan 2026 08:00:01", "2026-01-03T08:00:01.000Z"),
        ("31 Feb 2026 08:00:01", None),
        ("23 Nov 2026 25:00:01", None),
        ("23 November 2026 08:00:01", None),
    ],
)
def test_a_date_with_the_name_of_the_month(text: str, moment: str | None) -> None:
    assert from_day_first(text) == moment


@pytest.mark.parametrize(
    ("zone", "moment"),
    [("UTC", "08:00:00"), ("CET", "07:00:00"), ("EDT", "12:00:00"), ("+05:30", "02:30:00"), ("-03", "11:00:00")],
)
def test_a_postgresql_time_in_another_zone(zone: str, moment: str) -> None:
    found = alone(f"2026-11-23 08:00:00 {zone} [1] LOG:  checkpoint starting: time".encode())
    assert isinstance(found, Event)
    assert orjson.loads(found.body)["@timestamp"] == f"2026-11-23T{moment}.000Z"


def test_a_log4j_line_of_another_program_is_not_kafkas() -> None:
    line = "[2026-11-23 08:00:00,123] INFO started in 4 s (com.example.Main)"
    assert "msk_broker" not in str(alone(line.encode()))


def test_a_windows_event_of_another_computer_is_not_a_file_systems() -> None:
    event = samples_of("fsx_audit")[0].record.replace("amznfsx", "ec2amaz-")
    assert "aws.fsx" not in str(alone(event.encode()))


TIME = "2026-11-23T08:00:01.109022Z"
ABOUT_CLIENTS = [
    "Access denied for user 'shop'@'203.0.113.10' (using password: YES)",
    "Aborted connection 45 to db: 'unconnected' user: 'shop' host: 'app-1.example.com' (x).",
    "Aborted connection for another reason",
]


def mysql_entry(**fields: Any) -> dict[str, Any]:
    return {"prio": 3, "err_code": 10926, "msg": "m", "time": TIME, "err_symbol": "ER_X", "label": "Note", **fields}


def edited(text: str) -> st.SearchStrategy[str]:
    """`text` with another character at one place."""
    characters = st.sampled_from("0129- :.,TZz+\u0663") | st.characters()
    return st.builds(lambda at, new: text[:at] + new + text[at + 1 :], st.integers(0, len(text)), characters)


@given(edited(TIME) | edited(TIME[:24] + "Z") | st.none() | st.integers())
def test_a_mysql_time_is_read_as_any_other(time: object) -> None:
    assert mysql_error_json._time(time) == INSTANT.read(time)


TEXTS = st.sampled_from(["", "x", "203.0.113.10", "Note", "ERROR", TIME, *ABOUT_CLIENTS])
VALUES = st.none() | st.booleans() | st.integers(-1, 4) | TEXTS | st.just({"a": 1})
FIELDS = ("prio", "err_code", "msg", "time", "ts", "buffered", "label", "user", "host", "thread", "query_id")


def made(entry: JsonObject) -> JsonObject | str:
    """The event, or what is wrong."""
    try:
        return mysql_error_json.parse(entry, STAMP)
    except Malformed as refused:
        return str(refused)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_mysql_entries_are_read_as_their_table_says(fields: dict[str, Any]) -> None:
    entry = {"err_symbol": "ER_X", **fields}
    with patch.object(mysql_error_json.TABLE, "event", mysql_error_json.TABLE.by_rules):
        expected = made(entry)
    for _ in range(10):  # code is made for a shape that comes again
        assert made(entry) == expected


@pytest.mark.parametrize("name", ["time", "buffered", "ts"])
def test_a_mysql_time_that_is_none_is_refused_by_its_name(name: str) -> None:
    entry = mysql_entry(**{"time": None, name: "soon"})
    assert made(entry) == f"{name}: 'soon' is no point in time"


def test_of_a_mysql_entry_with_nothing_else_no_empty_object_stays() -> None:
    assert "other" not in mysql_error_json.parse(mysql_entry(time=None, ts=1795420801109), STAMP)["mysql"]


def test_whom_a_mysql_message_is_about_goes_before_whose_thread_wrote_it() -> None:
    entry = mysql_entry(msg=ABOUT_CLIENTS[0], user="unauthenticated user", host="app-1.example.com")
    event = mysql_error_json.parse(entry, STAMP)
    assert (event["user"], event["source"]) == ({"name": "shop"}, {"ip": "203.0.113.10"})
    assert event["mysql"]["other"] == {"user": "unauthenticated user", "host": "app-1.example.com"}


def test_a_mysql_client_is_told_once() -> None:
    event = mysql_error_json.parse(mysql_entry(msg=ABOUT_CLIENTS[0], user="shop", host="203.0.113.10"), STAMP)
    assert (event["user"], event["source"]) == ({"name": "shop"}, {"ip": "203.0.113.10"})
    assert event["mysql"] == {"symbol": "ER_X"}


@pytest.mark.parametrize(
    ("fields", "level", "rest"),
    [
        ({"label": "Note"}, "note", None),
        ({"label": None}, "note", None),
        ({"label": "Error"}, "error", 3),
        ({"label": None, "prio": 9}, None, 9),
    ],
)
def test_a_mysql_priority_is_kept_where_it_is_not_the_level(fields: dict[str, Any], level: str | None, rest: int | None) -> None:
    event = mysql_error_json.parse(mysql_entry(**fields), STAMP)
    assert event.get("log", {}).get("level") == level
    assert event["mysql"].get("other", {}).get("prio") == rest


@pytest.mark.parametrize(
    ("fields", "time", "rest"),
    [
        ({"ts": 1795420801109}, "2026-11-23T08:00:01.109Z", {"ts": 1795420801109}),
        ({"time": None, "ts": 1795420801109}, "2026-11-23T08:00:01.109Z", None),
        ({"time": "", "ts": 1795420801109, "buffered": 1795420799109022}, "2026-11-23T07:59:59.109Z", {"ts": 1795420801109}),
        ({"time": None}, STAMP.time, None),
    ],
)
def test_which_time_of_a_mysql_entry_counts(fields: dict[str, Any], time: str, rest: dict[str, Any] | None) -> None:
    event = mysql_error_json.parse(mysql_entry(**fields), STAMP)
    assert event["@timestamp"] == time
    assert event["mysql"].get("other") == rest
