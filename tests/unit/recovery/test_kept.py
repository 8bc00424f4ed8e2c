"""What the pipeline kept is read back with all that sending it again needs."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from common.kpl import aggregate
from common.model import Coordinates, Given, Rejected
from common.resend import Resent
from common.source import KinesisRecord
from recovery.kept import DISCARDED, Kept, Selection, of_discarded, of_error, of_undelivered, select
from tests.unit.recovery.fakes import EVENTS, QUARANTINE, RAW, FakeSession, deployment, dumped

ARRIVAL = 1_795_420_800_250  # 2026-11-23T08:00:00.250Z
AT = Coordinates(RAW, "shardId-000000000001", "12", ARRIVAL, "3.1", "key")


def error(at: Coordinates = AT, reason: str = "malformed", tenant: str = "acme") -> bytes:
    return Rejected(at, reason, "no", None, tenant, b"\xff raw", given=Given(tenant=tenant)).body("normalise")


def discarded(data: bytes, stream: str = RAW) -> KinesisRecord:
    return {
        "kinesis": {
            "partitionKey": "key",
            "sequenceNumber": "12",
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": ARRIVAL / 1_000,
        },
        "eventID": "shardId-000000000001:12",
        "eventSourceARN": f"arn:aws:kinesis:eu-central-1:123456789012:stream/{stream}",
    }


def test_an_error_record_is_read_as_it_was_written() -> None:
    record = Resent(AT, b"\xff raw", Given(tenant="acme"))
    assert of_error(orjson.loads(error())) == Kept(AT.id(), "normalise", "malformed", "acme", record)


def undelivered(data: bytes, code: str) -> dict[str, Any]:
    """An error record of Firehose's, as far as it is read."""
    return {"attemptsMade": 1, "arrivalTimestamp": ARRIVAL, "errorCode": code, "rawData": b64encode(data).decode()}


def test_a_directly_put_record_that_was_not_transformed_has_the_place_of_its_error_record() -> None:
    error = undelivered(b"line", "Lambda.ProcessingFailedStatus")
    at = Coordinates("direct-put", "direct-put/processing-failed/2026/11/23/08/x.gz", "3", ARRIVAL)
    kept = of_undelivered(error, "transform", at.shard, 3)
    assert kept == Kept(at.id(), "transform", "Lambda.ProcessingFailedStatus", None, Resent(at, b"line", Given()))
    others = [of_undelivered(error, "transform", key, number) for key, number in ((at.shard, 4), ("another", 3))]
    assert len({kept.id, *(other.id for other in others)}) == 3
    assert not kept.is_event


@pytest.mark.parametrize(
    ("document", "id_", "tenant"),
    [(dumped({"event": {"id": "e1"}, "tenant": "acme"}), "e1", "acme"), (b"no event", None, None)],
)
def test_a_document_that_the_domain_refused_of_firehose_keeps_the_id_that_transform_gave_it(
    document: bytes, id_: str | None, tenant: str | None
) -> None:
    at = Coordinates("direct-put", "key", "0", ARRIVAL)
    kept = of_undelivered(undelivered(document, "400"), "delivery", "key", 0)
    assert kept == Kept(id_ or at.id(), "delivery", "400", tenant, Resent(at, document, Given()))
    assert kept.is_event


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(), ["transform", "transform", "delivery"]),
        (Selection(step="transform"), ["transform", "transform"]),
        (Selection(step="delivery"), ["delivery"]),
        (Selection(reason="400"), ["delivery"]),
        (Selection(tenant="acme"), ["delivery"]),
        (Selection(since=datetime(2026, 11, 23, 10, tzinfo=UTC)), []),
    ],
)
def test_what_firehose_could_not_deliver_of_direct_put_is_selected(selection: Selection, found: list[str]) -> None:
    session = FakeSession()
    line = dumped(undelivered(b"line", "Lambda.ProcessingFailedStatus"))
    document = dumped(undelivered(dumped({"event": {"id": "e1"}, "tenant": "acme"}), "400"))
    # One is compressed and one is not: both are read.
    session.s3.lines("direct-put/processing-failed/2026/11/23/08/x", line, line, bucket=QUARANTINE)
    session.s3.objects[QUARANTINE, "direct-put/AmazonOpenSearchService-failed/2026/11/23/08/y"] = document
    assert [kept.step for kept in select(deployment(session), selection)] == found


def test_a_raw_record_of_a_batch_that_was_given_up_has_its_own_place() -> None:
    plain = Coordinates(RAW, "shardId-000000000001", "12", ARRIVAL, "0", "key")
    (kept,) = of_discarded(discarded(b"line"), raw=RAW, events=EVENTS)
    assert kept == Kept(plain.id(), "normalise", DISCARDED, None, Resent(plain, b"line", Given()))


def test_one_that_had_been_sent_again_keeps_its_first_place() -> None:
    first = Resent(AT, b"line", Given(id="own"))
    (kept,) = of_discarded(discarded(first.frame()), raw=RAW, events=EVENTS)
    assert kept == Kept("own", "normalise", DISCARDED, None, first)


@pytest.mark.parametrize(
    ("data", "id_", "tenant"),
    [(dumped({"event": {"id": "e1"}, "tenant": "acme"}), "e1", "acme"), (b"no event", None, None), (b'{"event":7}', None, None)],
)
def test_an_event_of_a_batch_that_was_given_up_goes_back_to_route(data: bytes, id_: str | None, tenant: str | None) -> None:
    at = Coordinates(EVENTS, "shardId-000000000001", "12", ARRIVAL, "0", "key")
    (kept,) = of_discarded(discarded(data, EVENTS), raw=RAW, events=EVENTS)
    assert kept == Kept(id_ or at.id(), "route", DISCARDED, tenant, Resent(at, data, Given()))


def test_events_that_were_put_together_go_back_one_by_one() -> None:
    bodies = [dumped({"event": {"id": name}, "tenant": "acme"}) for name in ("e1", "e2")]
    at = Coordinates(EVENTS, "shardId-000000000001", "12", ARRIVAL, "1", "k2")
    first, second = of_discarded(discarded(aggregate([*zip(("k1", "k2"), bodies, strict=True)]), EVENTS), raw=RAW, events=EVENTS)
    assert (first.id, first.record.at.position, first.record.at.partition_key) == ("e1", "0", "k1")
    assert second == Kept("e2", "route", DISCARDED, "acme", Resent(at, bodies[1], Given()))


def test_a_damaged_aggregate_goes_back_whole() -> None:
    damaged = aggregate([("k1", b"{}")])[:-1]
    (kept,) = of_discarded(discarded(damaged, EVENTS), raw=RAW, events=EVENTS)
    assert (kept.record.at.partition_key, kept.record.data) == ("key", damaged)


def test_an_error_record_of_a_batch_that_was_given_up_is_in_the_errors_archive() -> None:
    assert [*of_discarded(discarded(error(), "weir-errors"), raw=RAW, events=EVENTS)] == []


@pytest.mark.parametrize(
    ("selection", "number"),
    [
        (Selection(), 4),
        (Selection(reason="corrupt"), 1),
        (Selection(reason=DISCARDED), 1),
        (Selection(tenant="acme"), 2),
        (Selection(step="route"), 0),
        (Selection(since=datetime(2026, 11, 23, 8, 0, 0, 250_000, tzinfo=UTC)), 4),
        (Selection(since=datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC)), 0),
    ],
)
def test_what_is_selected_is_given_once_however_often_it_was_kept(selection: Selection, number: int) -> None:
    session = FakeSession()
    session.s3.lines("errors/2026/11/23/08/a.gz", error(), error(), error(AT.within(1), reason="corrupt"))
    session.s3.lines("errors/2026/11/23/09/b.gz", error(), error(AT.within(2), tenant="other"))
    batch = {"payload": dumped({"Records": [discarded(b"line")]}).decode()}
    session.s3.objects[QUARANTINE, "aws/lambda/uuid/shard/2026/11/23/x"] = dumped(batch)
    session.s3.objects[QUARANTINE, "direct-put/2026/11/23/08/y"] = b"not a batch"
    assert len(list(select(deployment(session), selection))) == number
