"""The index is asked for events by signed requests, and says what is missing where it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import boto3
import pytest

from cli.commands.redrive import answering
from common.search import client_of
from recovery import came_back
from recovery.came_back import Index, NotAsked
from tests.unit.functions.fakes import Answer, Request, Server

IAM = {"Message": "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: es:ESHttpPost"}
ROLES = {"error": {"type": "security_exception", "reason": "no permissions for [indices:data/read/search]"}, "status": 403}
SESSION = boto3.Session(aws_access_key_id="AKID", aws_secret_access_key="secret", region_name="eu-central-1")  # none


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"PATIENCE_SECONDS": 1.5, "STILL_SECONDS": 0.3, "LOOK_SECONDS": 0.01}.items():
        monkeypatch.setattr(came_back, name, seconds)


@contextmanager
def domain(answer: Callable[[Request], Answer]) -> Iterator[tuple[Index, Server]]:
    with Server(answer) as server, closing(Index(client_of(server.url, "eu-central-1", SESSION))) as index:
        yield index, server


def hits(*ids: str) -> Any:
    return {"hits": {"hits": [{"_source": {"event": {"id": id_}}} for id_ in ids]}}


def test_events_are_asked_for_by_their_ids_a_page_at_a_time_and_signed() -> None:
    ids = [f"e{number}" for number in range(came_back.PAGE + 1)]
    with domain(lambda request: (200, hits(*request.json()["query"]["terms"]["event.id"][:2]))) as (index, server):
        assert index.found(ids) == {"e0", "e1", "e1000"}
    first, second = server.requests
    assert first.path == "/logs-*/_search?filter_path=hits.hits._source"
    assert first.json() == {"query": {"terms": {"event.id": ids[:-1]}}, "size": 10_000, "_source": ["event.id"]}
    assert second.json()["query"]["terms"]["event.id"] == ["e1000"]
    assert "Credential=AKID/" in first.headers["authorization"]
    assert "/eu-central-1/es/aws4_request" in first.headers["authorization"]


def test_an_index_without_documents_has_none_of_them() -> None:
    with domain(lambda request: (200, {})) as (index, _):
        assert index.found(["a"]) == set()
        index.check()


def test_waiting_ends_when_all_are_there_or_no_more_come() -> None:
    reports: list[str] = []
    answers = [hits(), hits("a"), hits("b"), hits()]
    with domain(lambda request: (200, answers.pop(0) if answers else hits())) as (index, _):
        assert index.wait({"a", "b"}, reports.append) == 2
        assert reports == ["1 of 2 events are back", "2 of 2 events are back"]
        assert index.wait({"c"}, reports.append) == 0


def test_a_domain_that_is_busy_is_asked_again() -> None:
    answers: list[Answer] = [(503, {"error": "no shard"}), (429, {"error": "busy"}), (200, hits("a"))]
    with domain(lambda request: answers.pop(0)) as (index, _):
        assert index.found(["a"]) == {"a"}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            403,
            IAM,
            r"ESHttpPost; your credentials need a policy that allows es:ESHttpPost on <ARN of the domain>/logs-\*/_search",
        ),
        (403, ROLES, r"map the IAM role of your credentials to an OpenSearch role that may read logs-\*"),
        (400, {"error": "no"}, "400: no; the domain does not take the search itself"),
        (503, {"error": "no"}, "503: no; the domain is down, or no network path leads from here to it"),
    ],
)
def test_a_refusal_names_what_is_missing(status: int, body: Any, words: str) -> None:
    with domain(lambda request: (status, body)) as (index, _), pytest.raises(NotAsked, match=words):
        index.check()


def test_a_domain_in_a_vpc_that_is_not_reached_names_the_path() -> None:
    with (
        closing(Index(client_of("https://vpc-weir-dev-x.invalid", "eu-central-1", SESSION))) as index,
        pytest.raises(NotAsked, match="the domain answers in its VPC only: run this where a VPN or a host of the VPC leads to"),
    ):
        index.check()


def test_a_redrive_goes_on_without_the_index_and_says_how_to_count(capsys: pytest.CaptureFixture[str]) -> None:
    with domain(lambda request: (403, IAM)) as (index, _):
        assert answering(index, "dev") is None
    said = " ".join(capsys.readouterr().err.split())
    assert "What comes back is not counted: POST /logs-*/_search: 403: User: arn:aws:iam::123456789012:user/ann" in said
    assert "the sum of the metric Indexed that weir-dev-route writes (namespace Weir, service route)" in said
    with domain(lambda request: (200, {})) as (index, _):
        assert answering(index, "dev") is index
