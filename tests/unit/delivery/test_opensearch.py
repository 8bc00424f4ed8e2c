"""Index names, bulk bodies, and what an answer means."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localrun.delivery.opensearch import BULK_BYTES, Document, Refusal, Rotation, bulks, index_name, one_line, refusals


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("rotation", "name"),
    [
        ("NoRotation", "myindex"),
        ("OneHour", "myindex-2016-02-25-13"),
        ("OneDay", "myindex-2016-02-25"),
        ("OneMonth", "myindex-2016-02"),
    ],
)
def test_rotation_has_the_documented_names(rotation: Rotation, name: str) -> None:
    assert index_name("myindex", rotation, ms("2016-02-25T13:00:00")) == name


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2020-08-13", "myindex-2020-w33"),  # the page's example of a name
        ("2022-01-01", "myindex-2022-w01"),  # a Saturday: the first week of its year
        ("2022-01-02", "myindex-2022-w02"),  # a Sunday begins a week
        ("2021-12-26", "myindex-2022-w01"),  # its week has the first Saturday of 2022
        ("2021-12-25", "myindex-2021-w52"),
    ],
)
def test_weeks_begin_on_sunday_and_the_first_has_the_first_saturday(day: str, name: str) -> None:
    assert index_name("myindex", "OneWeek", ms(f"{day}T12:00:00")) == name


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'{"a":1}', b'{"a":1}'),
        (b'{"a":1}\n', b'{"a":1}'),
        (b'{\n  "a": [1,\r\n 2]\n}', b'{"a":[1,2]}'),
        (b'{"a":1}\n{"b":2}', None),
        (b"not\njson", None),
        (b" \n", None),
    ],
)
def test_a_record_becomes_one_line_or_none(data: bytes, line: bytes | None) -> None:
    assert one_line(data) == line


@given(st.lists(st.integers(1, 2_000_000), max_size=12))
def test_bulk_requests_are_bounded_and_hold_every_document_once(sizes: list[int]) -> None:
    documents = [Document(str(at), "logs", b"x" * size, 0) for at, size in enumerate(sizes)]
    seen: list[str | None] = []
    for batch, body in bulks(documents):
        seen += [document.id for document in batch]
        assert len(body) < BULK_BYTES + 2_000_100
        assert body.count(b"\n") == 2 * len(batch)
    assert seen == [document.id for document in documents]


def test_a_document_without_id_leaves_it_to_opensearch() -> None:
    [(_, body)] = bulks([Document(None, "logs", b"{}", 0)])
    assert json.loads(body.splitlines()[0]) == {"index": {"_index": "logs"}}


DOCUMENTS = [Document("1", "logs", b"{}", 0), Document("2", "logs", b"{}", 0)]


def test_only_the_documents_that_failed_are_refused() -> None:
    items = [{"index": {"status": 201}}, {"index": {"status": 400, "error": {"type": "mapper", "reason": "no"}}}]
    answer = json.dumps({"errors": True, "items": items}).encode()
    assert refusals(200, answer, DOCUMENTS) == [(DOCUMENTS[1], Refusal(400, "mapper: no"))]


def test_a_refused_request_refuses_all_its_documents() -> None:
    assert refusals(429, b"busy", DOCUMENTS) == [(document, Refusal(429, "busy")) for document in DOCUMENTS]


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]", b'{"errors": true, "items": [{"index": {"status": 201}}]}'])
def test_an_answer_nobody_understands_is_a_temporary_refusal(answer: bytes) -> None:
    found = refusals(200, answer, DOCUMENTS)
    assert [document for document, _ in found] == DOCUMENTS
    assert all(refusal.temporary for _, refusal in found)


@pytest.mark.parametrize(("code", "temporary"), [(429, True), (500, True), (503, True), (400, False), (403, False), (404, False)])
def test_what_is_tried_again(code: int, temporary: bool) -> None:
    assert Refusal(code, "").temporary is temporary
