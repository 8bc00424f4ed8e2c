"""Only what would now become an event that is not there yet is sent, and the account says what became of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson
import pytest

from common.model import Coordinates, Given, Rejected
from common.recognise import Normaliser
from common.resend import Resent, opened
from recovery.kept import Selection
from recovery.redrive import Redrive, Report
from tests.unit.recovery.fakes import EVENTS, RAW, FakeSession, deployment, dumped

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
