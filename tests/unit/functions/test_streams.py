"""What `StreamWriter` promises: within the limits of PutRecords, every record is written or returned."""

from __future__ import annotations

from typing import cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from mypy_boto3_kinesis import KinesisClient

from common.streams import MAX_CALL_BYTES, Entry, StreamWriter, kinesis_client
from tests.unit.functions.fakes import Clock, FakeKinesis, client_error

STREAM = "weir-test-events"
THROTTLED = "ProvisionedThroughputExceededException"


def writer(kinesis: FakeKinesis, record_kib: int = 1_024) -> StreamWriter:
    return StreamWriter(cast(KinesisClient, kinesis), STREAM, record_kib=record_kib)


def entries(count: int, size: int = 3) -> list[Entry]:
    return [Entry(b"%0*d" % (size, number), f"key-{number}", number) for number in range(count)]


def test_nothing_to_write_makes_no_call(clock: Clock, kinesis: FakeKinesis) -> None:
    assert writer(kinesis).write([], clock.deadline(60)) == []
    assert kinesis.calls == []


def test_a_call_has_at_most_500_records_in_their_order(clock: Clock, kinesis: FakeKinesis) -> None:
    assert writer(kinesis).write(entries(1_001), clock.deadline(60)) == []
    assert kinesis.calls == [500, 500, 1]
    assert [int(put.data) for put in kinesis.streams[STREAM]] == list(range(1_001))
    assert kinesis.streams[STREAM][7].key == "key-7"


def test_a_record_goes_where_its_hash_key_says(clock: Clock, kinesis: FakeKinesis) -> None:
    writer(kinesis).write([Entry(b"0", "k", 0), Entry(b"1", "k", 1, "12")], clock.deadline(60))
    assert [put.hash_key for put in kinesis.streams[STREAM]] == [None, "12"]


def test_a_call_has_at_most_10_mib_with_the_partition_keys(clock: Clock, kinesis: FakeKinesis) -> None:
    tenth = MAX_CALL_BYTES // 10
    full = [Entry(b"x" * (tenth - 5), "key-1", 0)] * 10
    writer(kinesis).write(full, clock.deadline(60))
    writer(kinesis).write([*full[:9], Entry(b"x" * (tenth - 4), "key-1", 0)], clock.deadline(60))
    assert kinesis.calls == [10, 9, 1]


def test_only_the_records_that_were_refused_are_sent_again(clock: Clock, kinesis: FakeKinesis) -> None:
    refusals = {b"001": [THROTTLED], b"003": [THROTTLED, "InternalFailure"]}
    kinesis.refuse = lambda data: refusals[data].pop(0) if refusals.get(data) else None
    assert writer(kinesis).write(entries(5), clock.deadline(60)) == []
    assert kinesis.calls == [5, 2, 1]
    assert sorted(put.data for put in kinesis.streams[STREAM]) == [b"000", b"001", b"002", b"003", b"004"]
    assert len(clock.pauses) == 2


def test_what_is_refused_until_the_deadline_is_returned(clock: Clock, kinesis: FakeKinesis) -> None:
    kinesis.refuse = lambda data: THROTTLED if data in (b"002", b"004") else None
    unwritten = writer(kinesis).write(entries(5), clock.deadline(60))
    assert [entry.source for entry in unwritten] == [2, 4]
    assert 40 < sum(clock.pauses) <= 53
    assert len(kinesis.calls) > 8


@pytest.mark.parametrize(
    "failure",
    [
        client_error(THROTTLED, "Rate exceeded"),
        client_error("KMSThrottlingException", "The request was denied due to request throttling"),
        client_error("Whatever", "an outage", status=503),
        EndpointConnectionError(endpoint_url="https://kinesis.test"),
        ReadTimeoutError(endpoint_url="https://kinesis.test"),
    ],
    ids=["throttled", "key throttled", "outage", "no connection", "no answer"],
)
def test_a_call_that_fails_for_the_moment_is_made_again(clock: Clock, kinesis: FakeKinesis, failure: Exception) -> None:
    kinesis.failures = [failure]
    assert writer(kinesis).write(entries(3), clock.deadline(60)) == []
    assert kinesis.calls == [3, 3]


def test_a_call_that_is_refused_for_good_raises_the_services_words(clock: Clock, kinesis: FakeKinesis) -> None:
    words = "User: normalise is not authorized to perform: kinesis:PutRecords on resource: weir-test-events"
    kinesis.failures = [client_error("AccessDeniedException", words)]
    with pytest.raises(ClientError, match="not authorized to perform: kinesis:PutRecords"):
        writer(kinesis).write(entries(3), clock.deadline(60))
    assert kinesis.calls == [3]


def test_one_call_is_made_even_when_there_is_hardly_time(clock: Clock, kinesis: FakeKinesis) -> None:
    unwritten = writer(kinesis).write(entries(501), clock.deadline(0.5))
    assert kinesis.calls == [500]
    assert [entry.source for entry in unwritten] == [500]


def test_a_record_counts_with_the_bytes_of_its_partition_key(kinesis: FakeKinesis) -> None:
    assert writer(kinesis, record_kib=1).fits(Entry(b"x" * 1_018, "ké-12", 0))
    assert not writer(kinesis, record_kib=1).fits(Entry(b"x" * 1_019, "ké-12", 0))


def test_the_client_leaves_repetition_and_time_to_the_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    kinesis_client.cache_clear()
    client = kinesis_client()
    assert kinesis_client() is client
    config = vars(client.meta.config)
    assert config["retries"] == {"total_max_attempts": 1, "mode": "standard"}
    assert (config["connect_timeout"], config["read_timeout"], config["tcp_keepalive"]) == (2, 5, True)
    client.close()
    kinesis_client.cache_clear()
