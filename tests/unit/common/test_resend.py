"""A record that is sent again makes what it would have made the first time: the same ids, tenants and times."""

from __future__ import annotations

import gzip
from base64 import b64encode

import orjson
import pytest

from common import resend
from common.model import Coordinates, Event, Given, Rejected
from common.recognise import Normaliser
from common.resend import CorruptFrame, Resent, opened
from tests.unit.common.kpl_encoder import aggregate
from tests.unit.common.test_recognise import FLOW, subscription

#: No log type knows its shape; as the default type "app" takes it.
UNKNOWN = {"colour": "blue"}
LINE = orjson.dumps(UNKNOWN).decode()


@pytest.mark.parametrize(
    "record",
    [
        LINE.encode(),
        gzip.compress(LINE.encode()),
        orjson.dumps({"tenant": "acme", "message": LINE}),
        aggregate([("first", LINE.encode()), ("second", LINE.encode())]),
        gzip.compress(orjson.dumps(subscription(LINE, LINE))),
        orjson.dumps(subscription(LINE, LINE, logEvents=[{"message": LINE}])),
        orjson.dumps({"tenant": "acme", "message": subscription(LINE, LINE)}),
        orjson.dumps({"Records": [UNKNOWN, UNKNOWN]}),
        aggregate([("first", orjson.dumps(subscription(LINE, LINE))), ("second", LINE.encode())]),
    ],
    ids=["bare", "gzip", "envelope", "aggregate", "log group", "no ids", "log group of a tenant", "file", "all in each other"],
)
def test_each_refused_piece_alone_becomes_the_event_it_would_have_been(record: bytes, at: Coordinates) -> None:
    refused = Normaliser(default_tenant="default").normalise(record, at)
    mended = Normaliser(default_tenant="default", default_type="app")
    wanted = mended.normalise(record, at)
    found: list[Event | Rejected] = []
    elsewhere = Coordinates("weir-test-raw", "shardId-000000000009", "7", 1)
    for piece in refused:
        assert isinstance(piece, Rejected)
        frame = Resent(piece.at, piece.original, piece.given).frame()
        again = opened(frame, elsewhere)
        found += mended.normalise(again.data, again.at, again.given)
    assert all(isinstance(event, Event) for event in wanted)
    assert found == wanted


def test_the_type_an_envelope_named_for_what_it_held_is_kept(at: Coordinates) -> None:
    """A line that its envelope calls a flow log is not taken for anything else when it comes alone."""
    given = Given(tenant="acme", type="vpc_flow")
    (event,) = Normaliser(default_tenant="default", default_type="app").normalise(FLOW.encode(), at, given)
    assert isinstance(event, Event)
    document = orjson.loads(event.body)
    assert (document["event"]["dataset"], document["tenant"]) == ("aws.vpcflow", "acme")


def test_the_error_record_and_the_frame_tell_the_same(at: Coordinates) -> None:
    given = Given("acme", None, "id-1", 1_722_375_081_500)
    refused = Rejected(at.within(1), "malformed", "no", None, "acme", b"\x00\xff", given=given)
    error = orjson.loads(refused.body("normalise"))
    assert (error["id"], error["given"]) == ("id-1", {"tenant": "acme", "id": "id-1", "time": 1_722_375_081_500})
    assert Given.read(error["given"]) == given
    assert opened(Resent(refused.at, refused.original, given).frame(), at) == Resent(refused.at, b"\x00\xff", given)


def test_what_was_collected_keeps_its_place_in_the_file_when_it_is_sent_again_too(at: Coordinates) -> None:
    record = Resent(Coordinates("s3://logs", "a/b.log", "etag:1", 5, "0", "key"), b"\x00\n\xff", Given("acme", "alb"))
    assert opened(record.collected(), at) == record
    assert opened(Resent(at, record.collected(), Given()).frame(), at) == record
    assert not b64encode(record.collected()).decode().startswith(resend.MAGIC_BASE64), "the archive keeps it"


def test_any_other_record_is_itself(at: Coordinates) -> None:
    assert opened(b'{"weir":1}', at) == Resent(at, b'{"weir":1}', Given())


@pytest.mark.parametrize(
    "frame",
    [
        resend.MAGIC,
        resend.MAGIC + b"1}",
        resend.MAGIC + b"{}}",
        resend.MAGIC + b'{"stream":"s","arrival":"x"}}',
        resend.COLLECTED + b"{}}\nline",
    ],
)
def test_a_frame_that_is_cut_short_is_corrupt(frame: bytes, at: Coordinates) -> None:
    with pytest.raises(CorruptFrame, match="sent again, or from a file, but incomplete"):
        opened(frame, at)


def test_the_frame_is_known_by_its_base64_too(at: Coordinates) -> None:
    frame = Resent(at, b"x", Given()).frame()
    assert b64encode(frame).decode().startswith(resend.MAGIC_BASE64)
    assert len(resend.MAGIC) % 3 == 0, "or the last character of its base64 would depend on what follows"
