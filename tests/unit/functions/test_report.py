"""What the report function promises: each error record is a document once, and none is written to `errors` again."""

from __future__ import annotations

import orjson
import pytest

from common.model import Coordinates, Rejected
from common.search import SearchClient
from common.source import BatchResponse
from report.handler import Reporting
from tests.unit.functions.fakes import Clock, FakeIndex, FakeKinesis, batch, sequence

NONE_FAILED: BatchResponse = {"batchItemFailures": []}
AT = Coordinates("weir-test-raw", "shardId-000000000001", "12", 1_722_375_081_123, "0", "key")
INDEX = "weir-errors-2024.07.30"


def error(number: int) -> bytes:
    return Rejected(AT.within(number), "malformed", "srcport: no", "vpc_flow", "acme", b"\xff raw").body("normalise")


def document_id(number: int) -> tuple[str, str]:
    return INDEX, f"normalise:{AT.within(number).id()}"


def test_an_error_record_is_one_document_of_the_day_it_arrived_however_often_it_comes(
    clock: Clock, client: SearchClient, index: FakeIndex
) -> None:
    assert Reporting(client).process(batch(error(1), error(1), error(2)), clock.deadline(60)) == NONE_FAILED
    assert index.documents.keys() == {document_id(1), document_id(2)}
    found = orjson.loads(index.documents[document_id(1)])
    assert found.pop("@timestamp") == "2024-07-30T21:31:21.123Z"
    assert found == orjson.loads(error(1))


def test_what_the_domain_has_no_room_for_is_sent_again_from_there(clock: Clock, client: SearchClient, index: FakeIndex) -> None:
    index.results = {document_id(1)[1]: [(429, {"type": "rejected_execution_exception", "reason": "busy"})] * 1_000}
    response = Reporting(client).process(batch(error(0), error(1), error(2)), clock.deadline(20))
    assert response == {"batchItemFailures": [{"itemIdentifier": sequence(1)}]}
    assert index.documents.keys() == {document_id(0), document_id(2)}


def test_what_the_domain_refuses_is_said_and_not_sent_round_again(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis, caplog: pytest.LogCaptureFixture
) -> None:
    index.results = {document_id(1)[1]: [(400, {"type": "mapper_parsing_exception", "reason": "no"})]}
    assert Reporting(client).process(batch(error(1)), clock.deadline(60)) == NONE_FAILED
    assert kinesis.calls == []
    (said,) = [record.__dict__ for record in caplog.records if "refuses" in record.getMessage()]
    assert (said["id"], said["reason"]) == (document_id(1)[1], "mapper_parsing_exception: no")


@pytest.mark.parametrize("data", [b"no JSON", b"[1]", b"{}", b'{"ingested": 7, "step": "s", "id": "i"}', b"null"])
def test_what_is_no_error_record_is_said_and_holds_up_nothing(
    data: bytes, clock: Clock, client: SearchClient, index: FakeIndex, caplog: pytest.LogCaptureFixture
) -> None:
    assert Reporting(client).process(batch(error(1), data, error(2)), clock.deadline(60)) == NONE_FAILED
    assert index.documents.keys() == {document_id(1), document_id(2)}
    (said,) = [record.__dict__ for record in caplog.records if record.getMessage() == "no error record"]
    assert said["at"]["sequence"] == sequence(1)
