"""The archive of a time is sent again: with the first places into the pipeline, or as it came to a consumer of its own."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from common.model import Coordinates, Given
from common.resend import Resent, opened
from producers.batch import RecordTooLarge
from recovery.replay import Span, replay
from tests.unit.recovery.fakes import RAW, FakeSession, deployment, dumped

BEGIN = datetime(2026, 11, 23, 8, tzinfo=UTC)
SPAN = Span(BEGIN, BEGIN + timedelta(minutes=1))


def line(sequence: int, seconds: float, data: bytes = b"\xff raw", subsequence: int = 0) -> bytes:
    return dumped(
        {
            "stream": RAW,
            "shard": "shardId-000000000000",
            "sequence": str(sequence),
            "subsequence": subsequence,
            "partition_key": "key",
            "arrival": round((BEGIN.timestamp() + seconds) * 1_000),
            "data": b64encode(data).decode(),
        }
    )


def archive(*lines: bytes) -> FakeSession:
    session = FakeSession()
    session.s3.lines("raw/2026/11/23/07/a.gz", *lines)
    return session


def test_records_of_the_time_are_sent_with_their_places() -> None:
    session = archive(line(1, -0.001), line(2, 0), line(3, 59.999, subsequence=4), line(4, 60))
    assert replay(deployment(session), SPAN, stream=None, rate=None, report=lambda line: None) == 2
    arrivals = (round(BEGIN.timestamp() * 1_000), round(BEGIN.timestamp() * 1_000) + 59_999)
    wanted = [
        Resent(Coordinates(RAW, "shardId-000000000000", "2", arrivals[0], "0", "key"), b"\xff raw", Given()),
        Resent(Coordinates(RAW, "shardId-000000000000", "3", arrivals[1], "4", "key"), b"\xff raw", Given()),
    ]
    assert [opened(data, wanted[0].at) for _, data in session.kinesis.put[RAW]] == wanted


def test_another_stream_gets_them_as_they_came() -> None:
    session = archive(line(1, 1), line(2, 2))
    assert replay(deployment(session), SPAN, stream="catch-up", rate=1_000, report=lambda line: None) == 2
    assert session.kinesis.put == {"catch-up": [("key", b"\xff raw")] * 2}


def test_a_record_that_no_longer_fits_is_named() -> None:
    with pytest.raises(RecordTooLarge, match="above the stream's limit"):
        replay(deployment(archive(line(1, 1, b"x" * 900_000))), SPAN, stream=None, rate=None, report=lambda line: None)
