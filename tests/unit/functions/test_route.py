"""What the route function promises: each event is in its index, on `errors`, or sent again."""

from __future__ import annotations

import base64
import socket
from typing import Any, cast

import orjson
import pytest
from mypy_boto3_kinesis import KinesisClient

from common import bulk
from common.kpl import aggregate
from common.model import Coordinates
from common.search import SearchClient, SearchError
from common.source import BatchResponse
from common.streams import StreamWriter
from route import handler as function
from route.handler import Routing
from tests.unit.functions.fakes import Clock, Context, FakeIndex, FakeKinesis, Server, batch, connected, sequence

ERRORS = "weir-test-errors"
NONE_FAILED: BatchResponse = {"batchItemFailures": []}
MAPPING = {
    "type": "mapper_parsing_exception",
    "reason": "failed to parse field [source.port] of type [long]",
    "caused_by": {"type": "illegal_argument_exception", "reason": 'For input string: "ssh"'},
}
BUSY = {"type": "rejected_execution_exception", "reason": "rejected execution of coordinating operation"}
CONFLICT = {"type": "version_conflict_engine_exception", "reason": "version conflict"}


def failed_from(number: int) -> BatchResponse:
    return {"batchItemFailures": [{"itemIdentifier": sequence(number)}]}


def event(id_: str, **fields: Any) -> bytes:
    described = {"id": id_, "dataset": "aws.vpcflow", "kind": "event", "ingested": "2024-07-30T21:31:21.123Z"}
    return orjson.dumps({"@timestamp": "2024-07-29T00:00:00.000Z", "event": described, "tenant": "acme"} | fields)


def step(client: SearchClient, kinesis: FakeKinesis) -> Routing:
    return Routing(client, StreamWriter(cast(KinesisClient, kinesis), ERRORS, record_kib=4_096))


def test_an_event_is_a_document_under_its_id_in_the_index_of_type_tenant_and_day_of_arrival(
    clock: Clock, client: SearchClient, index: FakeIndex, domain: Server, kinesis: FakeKinesis
) -> None:
    body = event("a")
    assert step(client, kinesis).process(batch(body), clock.deadline(60)) == NONE_FAILED
    assert index.documents == {("logs-aws.vpcflow-acme-2024.07.30", "a"): body}
    (request,) = domain.requests
    assert request.headers["content-encoding"] == "gzip"
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.path == "/_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.error"
    assert request.body.endswith(b"\n")
    assert kinesis.calls == []


@pytest.mark.parametrize("dataset", ["weir.metric", "weir.finding"])
def test_what_an_application_makes_again_after_a_restart_stays_one_document(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis, dataset: str
) -> None:
    described = {"id": "window-1", "dataset": dataset, "ingested": "2024-07-30T23:59:00.000Z"}
    body = event("unused", event=described)
    for _ in range(2):
        assert step(client, kinesis).process(batch(body), clock.deadline(60)) == NONE_FAILED
    assert index.documents == {(f"logs-{dataset}-acme-2024.07.30", "window-1"): body}


def test_each_item_gets_what_its_own_result_asks_for(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    index.results = {
        "conflict": [(409, CONFLICT)],
        "busy": [(429, BUSY), (429, BUSY)],
        "refused": [(400, MAPPING)],
        "down": [(503, {"type": "unavailable_shards_exception", "reason": "primary shard is not active"})],
    }
    records = batch(*(event(name) for name in ("fine", "conflict", "busy", "refused", "down")))
    assert step(client, kinesis).process(records, clock.deadline(60)) == NONE_FAILED
    assert sorted(id_ for _, id_ in index.documents) == ["busy", "conflict", "down", "fine"]
    assert index.sizes == [5, 3, 1]
    (error,) = kinesis.on(ERRORS)
    assert (error["id"], error["step"], error["reason"], error["tenant"]) == ("refused", "route", "refused", "acme")
    assert error["detail"] == (
        "logs-aws.vpcflow-acme-2024.07.30: mapper_parsing_exception: failed to parse field [source.port] of type [long]; "
        'caused by illegal_argument_exception: For input string: "ssh"'
    )
    assert base64.b64decode(error["original"]) == event("refused")
    assert (error["stream"], error["sequence"], error["position"]) == ("weir-test-raw", sequence(3), "0")


def test_events_that_lie_in_one_record_are_documents_of_their_own(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    index.results = {"c": [(400, MAPPING)]}
    together = aggregate([("k1", event("b")), ("k2", event("c")), ("k3", b"no event")])
    assert step(client, kinesis).process(batch(event("a"), together, event("d")), clock.deadline(60)) == NONE_FAILED
    assert sorted(id_ for _, id_ in index.documents) == ["a", "b", "d"]
    corrupt, refused = kinesis.on(ERRORS)
    assert (refused["id"], base64.b64decode(refused["original"])) == ("c", event("c"))
    assert (refused["sequence"], refused["position"], refused["partition_key"]) == (sequence(1), "1", "k2")
    assert base64.b64decode(corrupt["original"]) == b"no event"
    assert (corrupt["reason"], corrupt["position"], corrupt["partition_key"]) == ("corrupt", "2", "k3")
    assert corrupt["id"] == Coordinates("weir-test-raw", "shardId-000000000006", sequence(1), 1_722_375_081_123, "2").id()


def test_a_record_of_which_one_event_waits_is_sent_again(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    index.results = {"c": [(429, BUSY)] * 1_000}
    together = aggregate([("k1", event("b")), ("k2", event("c"))])
    assert step(client, kinesis).process(batch(event("a"), together, event("d")), clock.deadline(60)) == failed_from(1)
    assert sorted(id_ for _, id_ in index.documents) == ["a", "b", "d"]


def test_a_damaged_aggregate_is_kept_whole(clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis) -> None:
    damaged = aggregate([("k1", event("b"))])[:-1]
    assert step(client, kinesis).process(batch(event("a"), damaged), clock.deadline(60)) == NONE_FAILED
    assert [id_ for _, id_ in index.documents] == ["a"]
    (error,) = kinesis.on(ERRORS)
    assert (error["reason"], error["detail"]) == ("corrupt", "KPL aggregate: the MD5 does not fit the content")
    assert base64.b64decode(error["original"]) == damaged


def test_an_item_that_stays_refused_for_the_moment_is_sent_again_from_there(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    index.results = {"b": [(429, BUSY)] * 1_000, "d": [(503, BUSY)] * 1_000}
    records = batch(*(event(name) for name in "abcde"))
    assert step(client, kinesis).process(records, clock.deadline(60)) == failed_from(1)
    assert sorted(id_ for _, id_ in index.documents) == ["a", "c", "e"]
    assert 30 < sum(clock.pauses) < 53
    assert kinesis.calls == []


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_request_a_busy_domain_refuses_is_made_again(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis, status: int
) -> None:
    index.requests = [(status, {"error": BUSY, "status": status})] * 2
    assert step(client, kinesis).process(batch(event("a"), event("b")), clock.deadline(60)) == NONE_FAILED
    assert index.sizes == [2, 2, 2]
    assert len(index.documents) == 2


def test_a_domain_that_is_not_there_makes_the_whole_batch_be_sent_again(clock: Clock, kinesis: FakeKinesis) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with connected(url) as client:
        assert step(client, kinesis).process(batch(event("a"), event("b")), clock.deadline(30)) == failed_from(0)
    assert clock.pauses


def test_a_missing_permission_fails_the_invocation_with_the_services_words(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    index.requests = [(403, {"Message": "User: route is not authorized to perform: es:ESHttpPost"})]
    with pytest.raises(SearchError, match="403: User: route is not authorized to perform: es:ESHttpPost"):
        step(client, kinesis).process(batch(event("a")), clock.deadline(60))
    assert kinesis.calls == []


def test_a_document_for_which_the_domain_refuses_the_whole_request_is_singled_out(
    clock: Clock, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    def answer(request: Any) -> Any:
        if b'"_id":"poison"' in request.body:
            return 413, {"error": {"type": "content_too_long_exception", "reason": "entity content is too long"}}
        return index.answer(request)

    records = batch(*(event(name) for name in ("a", "b", "poison", "c", "d")))
    with Server(answer) as server, connected(server.url) as client:
        assert step(client, kinesis).process(records, clock.deadline(60)) == NONE_FAILED
    assert sorted(id_ for _, id_ in index.documents) == ["a", "b", "c", "d"]
    (error,) = kinesis.on(ERRORS)
    assert (error["id"], error["detail"]) == (
        "poison",
        "logs-aws.vpcflow-acme-2024.07.30: content_too_long_exception: entity content is too long",
    )


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"\xff not json", "not JSON: "),
        (event("a")[:-1] + b',"message":"\xff"}', "not JSON: "),
        (event("a")[:-1] + b',"message":"a\tb"}', "not JSON: "),
        (event("a") + b" {}", "not JSON: "),
        (b"[1]", "not a JSON object"),
        (b'{"tenant":"acme"}', "event.id is missing, or no text"),
        (event("a", event={"id": "a", "ingested": "2024-07-30T21:31:21.123Z"}), "event.dataset is missing, or no text"),
        (event("a", tenant=7), "tenant is missing, or no text"),
        (event("a" * 513), "event.id is longer than 512 bytes"),
    ],
)
def test_a_record_that_is_no_event_goes_to_errors_and_holds_nothing_up(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis, data: bytes, detail: str
) -> None:
    assert step(client, kinesis).process(batch(data, event("b")), clock.deadline(60)) == NONE_FAILED
    (error,) = kinesis.on(ERRORS)
    assert (error["step"], error["reason"]) == ("route", "corrupt")
    assert error["detail"].startswith(detail)
    assert base64.b64decode(error["original"]) == data
    assert [id_ for _, id_ in index.documents] == ["b"]


def test_a_refused_document_that_cannot_be_written_to_errors_is_sent_again(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    index.results = {"b": [(400, MAPPING)]}
    kinesis.refuse = lambda data: "ProvisionedThroughputExceededException"
    assert step(client, kinesis).process(batch(event("a"), event("b")), clock.deadline(30)) == failed_from(1)


def test_an_event_over_several_lines_stays_one_document(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    spread = orjson.dumps(orjson.loads(event("a")), option=orjson.OPT_INDENT_2)
    assert step(client, kinesis).process(batch(spread, event("b")), clock.deadline(60)) == NONE_FAILED
    assert index.documents[("logs-aws.vpcflow-acme-2024.07.30", "a")] == event("a")


def test_requests_are_bounded_by_bytes_and_by_documents(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = [event(str(number), message="x" * 1_000_000) for number in range(6)]
    assert step(client, kinesis).process(batch(*large), clock.deadline(60)) == NONE_FAILED
    assert index.sizes == [5, 1]
    index.sizes.clear()
    monkeypatch.setattr(bulk, "MAX_REQUEST_DOCUMENTS", 2)
    assert step(client, kinesis).process(batch(*(event(name) for name in "abcde")), clock.deadline(60)) == NONE_FAILED
    assert index.sizes == [2, 2, 1]


def test_one_request_is_made_even_when_there_is_hardly_time(
    clock: Clock, client: SearchClient, index: FakeIndex, kinesis: FakeKinesis
) -> None:
    assert step(client, kinesis).process(batch(event("a")), clock.deadline(3)) == NONE_FAILED
    assert len(index.documents) == 1


def test_the_handler_answers_and_counts(
    client: SearchClient,
    index: FakeIndex,
    kinesis: FakeKinesis,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(function, "routing", lambda: step(client, kinesis))
    function.metrics.clear_metrics()
    index.results = {"b": [(400, MAPPING)]}
    answer = function.handler({"Records": batch(event("a"), event("b"), b"?")}, Context())
    assert answer == NONE_FAILED
    (totals,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert (totals["Indexed"], totals["Rejected"], totals["Unwritten"]) == ([1.0], [2.0], [0.0])
