"""Only what would now become an event that is not there yet is sent, and the account says what became of the rest."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.model import Coordinates, Given, Rejected
from common.recognise import Normaliser
from common.resend import Resent, opened
from config.model import Environment
from recovery.kept import Selection
from recovery.redrive import Redrive, Report, sampling
from tests.unit.recovery.fakes import EVENTS, QUARANTINE, RAW, FakeKinesis, FakeSession, deployment, dumped

FLOW = b"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
NONSENSE = b"what is this?"
DOCUMENT = dumped({"event": {"id": "doc-1"}, "tenant": "acme"})


def place(number: int, stream: str = RAW) -> Coordinates:
    return Coordinates(stream, "shardId-000000000000", str(number), 1_795_420_800_250, "0", f"key-{number}")


def kept() -> FakeSession:
    """Two records whose parser has been mended since, one nobody knows, and a document the index refused."""
    session = FakeSession()
    session.s3.lines(
        "errors/2026/11/23/08/a.gz",
        Rejected(place(0), "malformed", "no", "vpc_flow", "acme", FLOW, given=Given(tenant="acme")).body("normalise"),
        Rejected(place(1), "malformed", "no", "vpc_flow", "default", FLOW).body("normalise"),
        Rejected(place(2), "unrecognised", "?", None, "default", NONSENSE).body("normalise"),
        Rejected(place(3, EVENTS), "refused", "mapping", None, "acme", DOCUMENT, document="doc-1").body("route"),
    )
    return session


def run(
    session: FakeSession, indexed: Callable[[Sequence[str]], set[str]] | None = None, *, dry_run: bool = False
) -> tuple[Redrive, Report]:
    redrive = Redrive(deployment(session), Normaliser(default_tenant="default"), indexed)
    redrive.send(Selection(), rate=None, dry_run=dry_run, report=lambda line: None)
    return redrive, redrive.report(None)


def test_records_go_to_raw_with_their_place_and_documents_to_events_as_they_were() -> None:
    session = kept()
    redrive, report = run(session)
    raw = [(key, opened(data, place(9))) for key, data in session.kinesis.put[RAW]]
    assert raw == [("key-0", Resent(place(0), FLOW, Given(tenant="acme"))), ("key-1", Resent(place(1), FLOW, Given()))]
    assert session.kinesis.put[EVENTS] == [("key-3", DOCUMENT)]
    assert redrive.expected == {place(0).id(), place(1).id(), "doc-1"}
    assert (report.found, report.sent, report.expected, report.still_refused) == (4, 3, 3, 1)
    assert report.reasons == {"unrecognised: a line of no known shape: 'what is this?'": 1}
    assert report.ok


def test_what_is_in_the_index_is_not_sent() -> None:
    session = kept()
    redrive, report = run(session, lambda ids: {place(0).id(), "doc-1"} & set(ids))
    assert [key for key, _ in session.kinesis.put[RAW]] == ["key-1"]
    assert EVENTS not in session.kinesis.put
    assert (report.already_indexed, report.sent, redrive.expected) == (2, 1, {place(1).id()})


def test_what_is_not_in_the_sample_is_not_sent_and_not_waited_for() -> None:
    session = kept()
    finish = sampling(Environment.model_validate({"name": "test", "shaping": {"rules": [{"tenants": ["acme"], "sample": 0}]}}))
    redrive = Redrive(deployment(session), Normaliser(default_tenant="default", finish=finish), None)
    redrive.send(Selection(), rate=None, dry_run=False, report=lambda line: None)
    assert [key for key, _ in session.kinesis.put[RAW]] == ["key-1"]
    assert redrive.expected == {place(1).id(), "doc-1"}
    assert redrive.reasons["holds no event, or none that is in the sample"] == 1


def test_what_a_flink_application_refused_alone_is_not_sent() -> None:
    session = FakeSession()
    refused = Rejected(place(3, EVENTS), "malformed", "no", "alb", "acme", DOCUMENT, document="doc-1")
    session.s3.lines("errors/2026/11/23/08/a.gz", refused.body("flink-aggregates"))
    _, report = run(session)
    assert session.kinesis.put == {}
    assert (report.found, report.still_refused, report.sent) == (1, 1, 0)
    assert report.reasons == {"flink-aggregates refused it alone: start the application from a snapshot of before": 1}


def test_a_dry_run_sends_nothing_and_counts_the_same() -> None:
    session = kept()
    _, report = run(session, dry_run=True)
    assert session.kinesis.put == {}
    assert (report.sent, report.expected, report.still_refused) == (3, 3, 1)


def test_what_no_longer_fits_is_counted_and_makes_the_run_fail() -> None:
    session = FakeSession()
    large = dumped({"level": "info", "message": "x" * 900_000})
    session.s3.lines("errors/2026/11/23/08/a.gz", Rejected(place(0), "refused", "?", None, "t", large).body("normalise"))
    _, report = run(session)
    assert (report.too_large, report.sent, report.ok) == (1, 0, False)


@pytest.mark.parametrize(("came_back", "ok"), [(3, True), (2, False)])
def test_the_run_is_good_when_all_came_back(came_back: int, ok: bool) -> None:
    redrive, _ = run(kept())
    assert redrive.report(came_back).ok is ok


def test_a_container_is_expected_back_with_all_its_events() -> None:
    session = FakeSession()
    file = dumped({"Records": [{"eventVersion": "1.08", "eventTime": "2024-07-30T21:31:21Z", "eventSource": "s3.amazonaws.com",
                                "eventName": "GetObject", "eventID": name} for name in ("a", "b")]})  # fmt: skip
    session.s3.lines("errors/2026/11/23/08/a.gz", Rejected(place(0), "corrupt", "?", None, "t", file).body("normalise"))
    redrive, report = run(session)
    assert redrive.expected == {"a", "b"}
    assert (report.sent, report.expected) == (1, 2)
    assert orjson.loads(session.kinesis.put[RAW][0][1])["weir.resent"]["sequence"] == "0"


def everything_kept(flows: int) -> FakeSession:
    """Refused records of two hours, events that `route` gave up, and what Firehose could not deliver of direct put."""
    session = FakeSession()
    errors = [Rejected(place(number), "malformed", "no", "vpc_flow", "t", FLOW).body("normalise") for number in range(flows)]
    # The last of one hour is kept again in the next: a step that repeats itself writes it twice.
    session.s3.lines("errors/2026/11/23/08/a.gz", *errors[: flows // 2 + 1])
    session.s3.lines("errors/2026/11/23/09/b.gz", *errors[flows // 2 :])
    undelivered = [
        dumped({"arrivalTimestamp": 1_795_420_800_250, "errorCode": "x", "rawData": b64encode(data).decode()})
        for data in (FLOW, FLOW, DOCUMENT)
    ]
    session.s3.lines("direct-put/processing-failed/2026/11/23/08/x", *undelivered[:2], bucket=QUARANTINE)
    session.s3.lines("direct-put/AmazonOpenSearchService-failed/2026/11/23/08/y", undelivered[2], bucket=QUARANTINE)
    return session


class Killed(BaseException):
    """As SIGINT or SIGKILL ends a process: nothing of it is handled."""


class MortalKinesis(FakeKinesis):
    """The process dies at a call, before its records are taken, or after, when nobody is left to hear of it."""

    def __init__(self, taken: dict[str, list[tuple[str, bytes]]], calls: int, *, after: bool) -> None:
        super().__init__()
        self.put = taken
        self._calls, self._after = calls, after

    def put_records(self, **call: Any) -> dict[str, Any]:
        self._calls -= 1
        if self._calls == 0 and not self._after:
            raise Killed
        answer = super().put_records(**call)
        if self._calls == 0:
            raise Killed
        return answer


def documents(put: dict[str, list[tuple[str, bytes]]], at: Coordinates) -> dict[str, bytes]:
    """What the functions make of it: an id is one document, however often it is written. Fails where an id has two contents."""
    found: dict[str, bytes] = {}
    normaliser = Normaliser(default_tenant="default")
    for _, data in put.get(RAW, []):
        record = opened(data, at)
        for event in normaliser.normalise(record.data, record.at, record.given):
            assert not isinstance(event, Rejected)
            assert found.setdefault(event.id, event.body) == event.body
    for _, data in put.get(EVENTS, []):
        assert found.setdefault(orjson.loads(data)["event"]["id"], data) == data
    return found


@settings(max_examples=60, deadline=None)
@given(
    deaths=st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=4),
    call=st.integers(1, 20),
    page=st.integers(1, 50),
    asked=st.booleans(),
)
def test_a_redrive_that_is_interrupted_anywhere_neither_doubles_nor_loses(
    deaths: list[tuple[int, bool]], call: int, page: int, asked: bool
) -> None:
    flows = 30
    session = everything_kept(flows)
    taken = session.kinesis.put

    def there(ids: Sequence[str]) -> set[str]:
        return documents(taken, place(9_999)).keys() & set(ids)

    def once() -> Redrive:
        redrive = Redrive(deployment(session), Normaliser(default_tenant="default"), there if asked else None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("producers.pace.MAX_CALL_RECORDS", call)
            patch.setattr("recovery.redrive.PAGE", page)
            redrive.send(Selection(), rate=None, dry_run=False, report=lambda line: None)
        return redrive

    for calls, after in deaths:
        session.kinesis = MortalKinesis(taken, calls, after=after)
        try:
            once()
        except Killed:
            continue
    session.kinesis = MortalKinesis(taken, 0, after=False)
    last = once()
    # Every record of `errors` once, two lines that Firehose kept, and a document: what any run expects, and nothing else.
    assert len(documents(taken, place(9_999))) == flows + 3
    assert last.found == flows + 3
    if asked:
        assert last.already + last.sent == flows + 3
        assert not once().expected
