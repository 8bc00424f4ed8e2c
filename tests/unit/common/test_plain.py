"""The short way of a plain record leads to the event of the long way."""

from __future__ import annotations

import random
from base64 import b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import source
from common.logtypes import TYPES
from common.logtypes.samples import samples_of
from common.model import Event
from common.plain import PlainRecords
from common.recognise import Normaliser
from common.source import KinesisRecord
from producers.generator import Generator, Scenario

NORMALISER, PLAIN = Normaliser(default_tenant="acme"), PlainRecords("acme")
SAMPLES = [sample.record for name in TYPES for sample in samples_of(name)]
CONTENTS = [record.encode() if isinstance(record, str) else orjson.dumps(record) for record in SAMPLES]


def record(data: bytes) -> KinesisRecord:
    return {
        "kinesis": {
            "partitionKey": "key",
            "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": 1_795_420_800.25,
        },
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "eventSourceARN": "arn:aws:kinesis:eu-central-1:111122223333:stream/weir-dev-raw",
    }


def same(data: bytes) -> bool:
    """Whether the short way is taken; if so, it is checked."""
    short = PLAIN.body(record(data), data)
    if short is None:
        return False
    (event,) = NORMALISER.normalise(data, source.coordinates(record(data)))
    assert isinstance(event, Event)
    assert orjson.loads(short) == orjson.loads(event.body)
    assert event.id == orjson.loads(short)["event"]["id"]
    return True


def test_nearly_all_traffic_takes_the_short_way() -> None:
    traffic = Generator(1, Scenario(start=1_795_420_800, seconds=60)).take(3_000, 1_795_420_800)
    taken = [same(sample.data) for sample in traffic]
    assert sum(taken) > 0.9 * len(taken)


@pytest.mark.parametrize("data", CONTENTS)
def test_samples_of_every_type(data: bytes) -> None:
    same(data)


@given(st.randoms(use_true_random=False))
def test_records_of_all_types_mixed_are_told_apart(rng: random.Random) -> None:
    """Whatever came before a record, it is what it is."""
    plain = PlainRecords("acme")
    for data in rng.sample(CONTENTS, 60):
        body = plain.body(record(data), data)
        assert body == PlainRecords("acme").body(record(data), data)


@given(st.sampled_from(CONTENTS), st.data())
def test_samples_with_a_piece_replaced(data: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(len(data), start + 12)))
    piece = draw.draw(
        st.sampled_from([b"", b" ", b'"', b"\\", b"-", b"0", b"\n", b"\xff", b"\x00", b"\xc3\xa9", b"99999999999999999999"])
    )
    same(data[:start] + piece + data[end:])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{}",
        b"\xff",
        b'{"type":"vpc_flow","message":"2"}',
        b'{"tenant":"other","type":"app","level":"info","message":"m"}',
        b'{"weir.resent":{}}',
        b'{"messageType":"DATA_MESSAGE","logEvents":[]}',
        b'{"detail-type":"GuardDuty Finding","detail":{}}',
        b'{"Records":[]}',
    ],
)
def test_what_is_no_plain_record_takes_the_long_way(data: bytes) -> None:
    assert PLAIN.body(record(data), data) is None
