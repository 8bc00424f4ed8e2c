"""What the normalise function promises: each record of a batch ends on `events` or `errors`, or is sent again."""

from __future__ import annotations

import base64
import gzip
from typing import cast

import orjson
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_kinesis import KinesisClient

from common.model import Coordinates, Given
from common.recognise import Normaliser
from common.resend import Resent
from common.source import BatchResponse
from common.streams import StreamWriter
from normalise import handler as function
from normalise.handler import Normalisation
from tests.unit.functions.fakes import Clock, Context, FakeKinesis, batch, client_error, kinesis_record, sequence

EVENTS, ERRORS = "weir-test-events", "weir-test-errors"
FLOW = b"2 123456789012 eni-0a1b2c3d 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
THROTTLED = "ProvisionedThroughputExceededException"
NONE_FAILED: BatchResponse = {"batchItemFailures": []}


def failed_from(number: int) -> BatchResponse:
    return {"batchItemFailures": [{"itemIdentifier": sequence(number)}]}


def step(kinesis: FakeKinesis, events_kib: int = 1_024, errors_kib: int = 4_096) -> Normalisation:
    client = cast(KinesisClient, kinesis)
    return Normalisation(
        Normaliser(default_tenant="default"),
        StreamWriter(client, EVENTS, record_kib=events_kib),
        StreamWriter(client, ERRORS, record_kib=errors_kib),
    )


def test_a_record_becomes_an_event_with_the_raw_records_key_and_arrival(clock: Clock, kinesis: FakeKinesis) -> None:
    assert step(kinesis).process(batch(FLOW), clock.deadline(60)) == NONE_FAILED
    (event,) = kinesis.on(EVENTS)
    assert event["event"]["dataset"] == "aws.vpcflow"
    assert event["event"]["ingested"] == "2024-07-30T21:31:21.123Z"
    assert event["source"] == {"ip": "172.31.16.139", "port": 20641}
    assert kinesis.streams[EVENTS][0].key == "key-0"
    assert ERRORS not in kinesis.streams


def test_a_record_that_is_sent_again_keeps_its_place_and_its_arrival(clock: Clock, kinesis: FakeKinesis) -> None:
    first = Coordinates("weir-test-raw", "shardId-000000000001", "12", 1_722_375_081_123, "3", "first-key")
    nonsense = Resent(first, b"nothing anybody knows", Given()).frame()
    assert step(kinesis).process(batch(Resent(first, FLOW, Given()).frame(), nonsense), clock.deadline(60)) == NONE_FAILED
    (event,) = kinesis.on(EVENTS)
    assert (event["event"]["id"], event["event"]["ingested"]) == (first.id(), "2024-07-30T21:31:21.123Z")
    assert kinesis.streams[EVENTS][0].key == "first-key"
    (error,) = kinesis.on(ERRORS)
    assert (error["id"], error["sequence"], error["position"]) == (first.id(), "12", "3")
    assert base64.b64decode(error["original"]) == b"nothing anybody knows"


def test_a_damaged_frame_is_kept_whole(clock: Clock, kinesis: FakeKinesis) -> None:
    damaged = Resent(Coordinates("s", "shard", "1", 0), FLOW, Given()).frame()[:-9]
    assert step(kinesis).process(batch(damaged), clock.deadline(60)) == NONE_FAILED
    (error,) = kinesis.on(ERRORS)
    assert (error["reason"], base64.b64decode(error["original"])) == ("corrupt", damaged)


def test_what_is_not_recognised_goes_to_errors_byte_for_byte(clock: Clock, kinesis: FakeKinesis) -> None:
    nonsense = b"\xff\x00 nothing anybody knows"
    assert step(kinesis).process(batch(FLOW, nonsense), clock.deadline(60)) == NONE_FAILED
    (error,) = kinesis.on(ERRORS)
    assert base64.b64decode(error["original"]) == nonsense
    assert (error["step"], error["reason"], error["tenant"]) == ("normalise", "unrecognised", "default")
    assert (error["stream"], error["shard"]) == ("weir-test-raw", "shardId-000000000006")
    assert (error["sequence"], error["position"]) == (sequence(1), "0")
    assert error["ingested"] == "2024-07-30T21:31:21.123Z"
    assert kinesis.streams[ERRORS][0].key == "key-1"
    assert len(kinesis.on(EVENTS)) == 1


def test_a_repetition_makes_the_same_ids_and_identical_lines_stay_two_events(clock: Clock, kinesis: FakeKinesis) -> None:
    for _ in range(2):
        step(kinesis).process(batch(FLOW, FLOW, b"?"), clock.deadline(60))
    ids = [event["event"]["id"] for event in kinesis.on(EVENTS)]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]
    errors = [error["id"] for error in kinesis.on(ERRORS)]
    assert errors[0] == errors[1]


def test_a_refusal_for_the_moment_is_no_failure(clock: Clock, kinesis: FakeKinesis) -> None:
    refusals = [THROTTLED, None, THROTTLED]
    kinesis.refuse = lambda data: refusals.pop(0) if refusals else None
    assert step(kinesis).process(batch(FLOW, FLOW, FLOW), clock.deadline(60)) == NONE_FAILED
    assert kinesis.calls == [3, 2]
    assert len({event["event"]["id"] for event in kinesis.on(EVENTS)}) == 3


def test_the_first_record_that_could_not_be_written_is_reported(clock: Clock, kinesis: FakeKinesis) -> None:
    lines = [FLOW.replace(b"20641", str(port).encode()) for port in (1, 2, 3, 4)]
    kinesis.refuse = lambda data: THROTTLED if orjson.loads(data).get("source", {}).get("port") in (2, 4) else None
    assert step(kinesis).process(batch(*lines), clock.deadline(60)) == failed_from(1)
    assert [event["source"]["port"] for event in kinesis.on(EVENTS)] == [1, 3]


def test_an_error_that_could_not_be_written_is_reported_too(clock: Clock, kinesis: FakeKinesis) -> None:
    kinesis.refuse = lambda data: THROTTLED if b'"step"' in data else None
    assert step(kinesis).process(batch(FLOW, b"?", FLOW), clock.deadline(60)) == failed_from(1)
    assert len(kinesis.on(EVENTS)) == 2


def test_an_event_larger_than_its_stream_takes_goes_to_errors_with_the_raw_bytes(clock: Clock, kinesis: FakeKinesis) -> None:
    large = gzip.compress(orjson.dumps({"level": "info", "message": "x" * 3_000, "timestamp": 1_722_375_081}))
    assert step(kinesis, events_kib=1).process(batch(FLOW, large), clock.deadline(60)) == NONE_FAILED
    (error,) = kinesis.on(ERRORS)
    assert (error["reason"], error["tenant"]) == ("too_large", "default")
    assert error["detail"].endswith("bytes, more than stream weir-test-events takes")
    assert base64.b64decode(error["original"]) == large
    assert len(kinesis.on(EVENTS)) == 1


def test_a_record_with_several_events_too_large_is_one_error_and_its_other_events_are_written(
    clock: Clock, kinesis: FakeKinesis
) -> None:
    def log(text: str, number: int) -> dict[str, object]:
        return {
            "id": str(number),
            "timestamp": 1_722_375_081_000,
            "message": orjson.dumps({"level": "info", "msg": text}).decode(),
        }

    subscription = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "g",
        "logStream": "s",
        "subscriptionFilters": ["f"],
        "logEvents": [log("x" * 2_000, 0), log("short", 1), log("y" * 2_000, 2)],
    }
    data = gzip.compress(orjson.dumps(subscription))
    assert step(kinesis, events_kib=1).process(batch(data), clock.deadline(60)) == NONE_FAILED
    assert [error["reason"] for error in kinesis.on(ERRORS)] == ["too_large"]
    assert [event["message"] for event in kinesis.on(EVENTS)] == ["short"]


def test_an_error_record_no_stream_takes_is_reported_so_that_lambda_keeps_it(clock: Clock, kinesis: FakeKinesis) -> None:
    assert step(kinesis, errors_kib=1).process(batch(FLOW, b"?" * 1_024), clock.deadline(60)) == failed_from(1)
    assert len(kinesis.on(EVENTS)) == 1


def test_a_missing_permission_fails_the_invocation_with_the_services_words(clock: Clock, kinesis: FakeKinesis) -> None:
    kinesis.failures = [client_error("AccessDeniedException", "not authorized to perform: kinesis:PutRecords")]
    with pytest.raises(ClientError, match="not authorized to perform: kinesis:PutRecords"):
        step(kinesis).process(batch(FLOW), clock.deadline(60))


def test_the_stream_of_an_enhanced_fan_out_consumer_is_its_stream(clock: Clock, kinesis: FakeKinesis) -> None:
    arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/weir-test-raw/consumer/normalise:1722375081"
    step(kinesis).process([kinesis_record(b"?", arn=arn)], clock.deadline(60))
    assert kinesis.on(ERRORS)[0]["stream"] == "weir-test-raw"


def test_the_handler_answers_and_counts(
    kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(function, "normalisation", lambda: step(kinesis))
    function.metrics.clear_metrics()
    answer = function.handler({"Records": batch(FLOW, FLOW, b"?", b'{"type":"vpc_flow","message":"2 no"}')}, Context())
    assert answer == NONE_FAILED
    metrics = [orjson.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert {(line["type"], line["reason"]): line["RejectedByReason"] for line in metrics if "reason" in line} == {
        ("none", "unrecognised"): [1.0],
        ("vpc_flow", "malformed"): [1.0],
    }
    (totals,) = [line for line in metrics if "Events" in line]
    assert (totals["Events"], totals["Rejected"], totals["Unwritten"]) == ([2.0], [2.0], [0.0])
    assert totals["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Weir"
