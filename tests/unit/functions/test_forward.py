"""What the forward function promises: every record is on the other stream as it was, the last copies of a key in their order."""

from __future__ import annotations

import json
from typing import cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from mypy_boto3_kinesis import KinesisClient

from common.source import BatchResponse, KinesisRecord
from common.streams import StreamWriter
from forward import handler as function
from forward.handler import Forwarding
from tests.unit.functions.fakes import Clock, Context, FakeKinesis, Put, batch, client_error, kinesis_record, sequence

OUTPUT = "siem"
ARN = "arn:aws:kinesis:eu-central-1:123456789012:stream/siem"
NONE_FAILED: BatchResponse = {"batchItemFailures": []}
THROTTLED = "ProvisionedThroughputExceededException"


def failed_from(number: int) -> BatchResponse:
    return {"batchItemFailures": [{"itemIdentifier": sequence(number)}]}


def step(kinesis: FakeKinesis) -> Forwarding:
    return Forwarding(StreamWriter(cast(KinesisClient, kinesis), OUTPUT, record_kib=1_024))


def keyed(*names: str) -> list[KinesisRecord]:
    """A record for each, such as `a1`, under the key of its first letter."""
    records = batch(*(name.encode() for name in names))
    for record, name in zip(records, names, strict=True):
        record["kinesis"]["partitionKey"] = name[0]
    return records


def taken(kinesis: FakeKinesis) -> list[str]:
    return [put.data.decode() for put in kinesis.streams.get(OUTPUT, [])]


def refusing(times: int, name: str) -> FakeKinesis:
    """A stream that is too busy for a record the first `times` times."""
    kinesis, left = FakeKinesis(), [times]

    def refuse(data: bytes) -> str | None:
        if data != name.encode() or not left[0]:
            return None
        left[0] -= 1
        return THROTTLED

    kinesis.refuse = refuse
    return kinesis


def test_records_arrive_byte_for_byte_under_their_own_keys_in_order(clock: Clock, kinesis: FakeKinesis) -> None:
    data = [b'{"event": {"id": "a"}}', b"\x00\xff no JSON", b"", b"line\n"]
    assert step(kinesis).process(batch(*data), clock.deadline(60)) == NONE_FAILED
    assert kinesis.streams == {OUTPUT: [Put(each, f"key-{number}") for number, each in enumerate(data)]}
    assert kinesis.calls == [4]


def test_a_batch_of_more_than_a_call_takes_stays_in_order(clock: Clock, kinesis: FakeKinesis) -> None:
    names = [f"k{number}" for number in range(1_201)]
    assert step(kinesis).process(keyed(*names), clock.deadline(60)) == NONE_FAILED
    assert (taken(kinesis), kinesis.calls) == (names, [500, 500, 201])


def test_what_is_refused_for_the_moment_is_put_again_with_what_follows_it_under_its_key(clock: Clock) -> None:
    kinesis = refusing(2, "a2")
    records = keyed("a1", "b1", "a2", "b2", "a3")
    assert step(kinesis).process(records, clock.deadline(60)) == NONE_FAILED
    assert kinesis.calls == [5, 2, 2]
    assert taken(kinesis) == ["a1", "b1", "b2", "a3", "a3", "a2", "a3"]
    assert len(clock.pauses) == 2


def test_what_stays_refused_is_sent_again_from_the_first_of_them(clock: Clock) -> None:
    kinesis = refusing(10_000, "a2")
    records = keyed("a1", "b1", "a2", "b2", "a3")
    assert step(kinesis).process(records, clock.deadline(20)) == failed_from(2)
    # Lambda sends what follows again.
    kinesis.refuse = lambda data: None
    assert step(kinesis).process(records[2:], clock.deadline(20)) == NONE_FAILED
    assert taken(kinesis)[-3:] == ["a2", "b2", "a3"]


@pytest.mark.parametrize("refused", ["a1", "a2", "b1", "b3", "c1", "a4"])
@pytest.mark.parametrize("times", [1, 3, 10_000])
def test_the_last_copies_of_a_key_are_in_order_and_none_is_missing(clock: Clock, refused: str, times: int) -> None:
    names = ["a1", "b1", "a2", "c1", "b2", "a3", "b3", "a4"]
    kinesis, records, rounds = refusing(times, refused), keyed(*names), 0
    while records:
        failures = step(kinesis).process(records, clock.deadline(10))["batchItemFailures"]
        first = failures[0]["itemIdentifier"] if failures else None
        records = [each for each in records if first and each["kinesis"]["sequenceNumber"] >= first]
        rounds += 1
        if rounds == 3:
            kinesis.refuse = lambda data: None
    last = {name: place for place, name in enumerate(taken(kinesis))}
    for key in "abc":
        own = [name for name in names if name[0] == key]
        assert sorted(own, key=last.__getitem__) == own


@pytest.mark.parametrize(
    "failure",
    [
        client_error(THROTTLED, "Rate exceeded for stream siem."),
        client_error("KMSThrottlingException", "The request was denied due to request throttling."),
        client_error("InternalFailure", "try again", 500),
        ConnectTimeoutError(endpoint_url="https://kinesis.eu-central-1.amazonaws.com"),
    ],
)
def test_a_call_that_is_refused_for_the_moment_is_made_again(clock: Clock, kinesis: FakeKinesis, failure: Exception) -> None:
    kinesis.failures = [failure, failure]
    assert step(kinesis).process(keyed("a1", "a2"), clock.deadline(60)) == NONE_FAILED
    assert (taken(kinesis), kinesis.calls) == (["a1", "a2"], [2, 2, 2])


def test_a_stream_that_is_never_reached_has_the_whole_batch_sent_again(clock: Clock, kinesis: FakeKinesis) -> None:
    kinesis.failures = [ConnectTimeoutError(endpoint_url="https://kinesis.eu-central-1.amazonaws.com")] * 10_000
    assert step(kinesis).process(keyed("a1", "a2"), clock.deadline(20)) == failed_from(0)
    assert taken(kinesis) == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "KMSAccessDeniedException"])
def test_what_is_refused_for_good_fails_the_invocation_with_the_services_words(
    clock: Clock, kinesis: FakeKinesis, code: str
) -> None:
    kinesis.failures = [client_error(code, "stream siem")]
    with pytest.raises(ClientError, match=f"{code}.*stream siem"):
        step(kinesis).process(keyed("a1"), clock.deadline(60))
    assert kinesis.calls == [1]


def test_the_function_writes_to_the_stream_it_is_told_and_counts(
    kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTPUT_STREAM", ARN)
    monkeypatch.setattr(function, "kinesis_client", lambda: kinesis)
    function.forwarding.cache_clear()
    function.metrics.clear_metrics()
    try:
        assert function.handler({"Records": [kinesis_record(b"x"), kinesis_record(b"y", 1)]}, Context()) == NONE_FAILED
    finally:
        function.forwarding.cache_clear()
    assert kinesis.streams == {OUTPUT: [Put(b"x", "key-0"), Put(b"y", "key-1")]}
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (line["Forwarded"], line["Unwritten"]) == ([2.0], [0.0])
