"""What does not answer is named, with since when, and logged once a change."""

from __future__ import annotations

import logging

import pytest

from localrun.console.engines import Health, Problem, Search, ask, ask_all
from localrun.delivery.http import Server, Unreachable
from localrun.latency import UnusableAnswer
from tests.unit.console.fakes import FakeIndex
from tests.unit.event_sources.fakes import START, FakeClock


def fail(health: Health, error: Exception) -> None:
    with health.watching():
        raise error


def test_a_problem_lasts_from_its_first_failure_until_something_works() -> None:
    clock = FakeClock()
    health = Health("OpenSearch", clock)
    assert health.problem is None
    fail(health, Unreachable("refused"))
    clock.time += 5
    fail(health, Unreachable("timed out"))
    assert health.problem == Problem("OpenSearch", START, "timed out")
    with health.watching():
        pass
    assert health.problem is None


def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    health = Health("OpenSearch", FakeClock())
    for text in ("refused", "refused", "refused", "timed out"):
        fail(health, Unreachable(text))
    for _ in range(2):
        health.works()
    assert caplog.messages == ["OpenSearch: refused", "OpenSearch: timed out", "OpenSearch: works again"]
    assert all(record.exc_info is None for record in caplog.records)


def test_a_mistake_of_ours_is_shown_and_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    health = Health("console", FakeClock())
    fail(health, KeyError("buckets"))
    assert health.problem is not None
    assert health.problem.text == "KeyError: 'buckets'"
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [(503, b"full", "http://127.0.0.1:9/_x answers with status 503: full"), (200, b"<html>", "/_x does not answer in JSON")],
)
def test_an_answer_that_is_none_says_where_from(status: int, body: bytes, message: str) -> None:
    class Odd(Server):
        def request(self, *_: object) -> tuple[int, bytes]:
            return status, body

    with pytest.raises(UnusableAnswer, match=message):
        ask(Odd("http://127.0.0.1:9"), "/_x?long=query")


def test_searches_are_one_call_that_keeps_every_answer_in_its_place() -> None:
    index = FakeIndex()
    index.documents = 4
    count = Search("logs-*", {"size": 0})
    answers = ask_all(index, [count, count], ("hits.total.value", "error"))
    assert answers == [{"status": 200, "hits": {"total": {"value": 4}}}] * 2
    assert index.paths == [
        "/_msearch?max_concurrent_searches=1&filter_path=error,responses.status,responses.hits.total.value,responses.error"
    ]


def test_missing_answers_are_noticed() -> None:
    class Short(Server):
        def request(self, *_: object) -> tuple[int, bytes]:
            return 200, b"{}"

    with pytest.raises(UnusableAnswer, match="1 searches were answered with 0 answers"):
        ask_all(Short("http://127.0.0.1:9"), [Search("logs-*", {})], ())
