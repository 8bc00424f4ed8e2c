"""A row of the table says what a document of any log type says."""

from __future__ import annotations

from typing import Any

import pytest

from localrun.console.events import CHARACTERS, newest, read_newest
from localrun.latency import UnusableAnswer


def row(document: dict[str, Any]) -> dict[str, str]:
    (found,) = read_newest({"hits": {"hits": [{"_source": document}]}})
    return found


def test_an_application_log() -> None:
    assert row(
        {
            "@timestamp": "2026-01-02T03:04:05.678Z",
            "event": {"dataset": "app", "outcome": "failure"},
            "service": {"name": "checkout"},
            "source": {"ip": "203.0.113.9"},
            "user": {"name": "alice", "id": "7"},
            "message": "payment refused",
        }
    ) == {
        "time": "2026-01-02T03:04:05.678Z",
        "dataset": "app",
        "service": "checkout",
        "source": "203.0.113.9",
        "user": "alice",
        "outcome": "failure",
        "message": "payment refused",
    }


def test_where_nobody_wrote_a_message_it_is_what_happened() -> None:
    response = row(
        {"http": {"request": {"method": "GET"}, "response": {"status_code": 502}}, "url": {"path": "/a", "domain": "b.c"}}
    )
    assert (response["service"], response["message"]) == ("b.c", "GET /a 502")
    flow = row({"event": {"action": "reject"}, "network": {"transport": "tcp"}, "destination": {"ip": "10.0.0.1", "port": 22}})
    assert flow["message"] == "reject tcp 10.0.0.1 22"


def test_what_a_document_lacks_is_empty() -> None:
    assert set(row({"event": "not an object"}).values()) == {""}


def test_long_text_is_cut() -> None:
    assert row({"message": "x" * 10_000})["message"] == "x" * CHARACTERS


def test_the_newest_are_the_last_to_arrive() -> None:
    search = newest()
    assert search.indices == "logs-*,-logs-weir.metric-*"
    assert search.body["sort"] == [{"event.ingested": {"order": "desc", "unmapped_type": "date"}}]
    assert {"@timestamp", "source.ip", "message", "url.path"} < set(search.body["_source"])


def test_an_answer_of_some_shards_is_refused() -> None:
    with pytest.raises(UnusableAnswer, match="not all shards"):
        read_newest({"_shards": {"failed": 2}})
