"""What the normalise function promises: each record of a batch ends on `events` or `errors`, or is sent again."""

from __future__ import annotations

import base64
import gzip
from typing import Any, cast
from unittest.mock import Mock

import orjson
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_kinesis import KinesisClient

from common.deadline import Deadline
from common.enrichment.accounts import Account, Accounts
from common.enrichment.source import Loaded, Source, Unusable
from common.finish import Finisher, Selected
from common.kpl import MAGIC, deaggregate
from common.model import Coordinates, Given
from common.oversized import NAMES, OversizedStore, pointer
from common.resend import Resent
from common.source import BatchResponse
from common.streams import StreamWriter
from normalise import handler as function
from normalise.aggregation import FRAME_BYTES
from normalise.handler import Normalisation
from tests.unit.functions.fakes import Clock, Context, FakeKinesis, batch, client_error, kinesis_record, sequence

EVENTS, ERRORS, ARCHIVE = "weir-test-events", "weir-test-errors", "weir-test-archive"
FLOW = b"2 123456789012 eni-0a1b2c3d 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
THROTTLED = "ProvisionedThroughputExceededException"
NONE_FAILED: BatchResponse = {"batchItemFailures": []}


def failed_from(number: int) -> BatchResponse:
    return {"batchItemFailures": [{"itemIdentifier": sequence(number)}]}


def step(
    kinesis: FakeKinesis, events_kib: int = 1_024, errors_kib: int = 4_096, s3: Any = None, buckets: int = 0
) -> Normalisation:
    client = cast(KinesisClient, kinesis)
    return Normalisation.of(
        StreamWriter(client, EVENTS, record_kib=events_kib),
        StreamWriter(client, ERRORS, record_kib=errors_kib),
        OversizedStore(lambda: s3, ARCHIVE),
        default_tenant="default",
        buckets=buckets,
    )


def user_records(kinesis: FakeKinesis) -> list[bytes]:
    puts = [put.data for put in kinesis.streams[EVENTS]]
    return [part for data in puts for part in ([part for _, part in deaggregate(data)] if data.startswith(MAGIC) else [data])]


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


def test_with_buckets_events_share_records_and_an_unwritten_one_is_reported_by_its_first(
    clock: Clock, kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [FLOW.replace(b"20641", str(port).encode()) for port in range(1, 101)]
    # GIVEN a stream that refuses the record which has the event of port 8 in it
    kinesis.refuse = lambda data: THROTTLED if b'"port":8,' in data or b'"port":8}' in data else None
    answer = step(kinesis, buckets=4).process(batch(*lines), clock.deadline(60))
    ports = [orjson.loads(data)["source"]["port"] for put in kinesis.streams[EVENTS] for _, data in deaggregate(put.data)]
    missing = sorted({*range(1, 101)} - {*ports})
    # THEN all other records are written, and Lambda begins again with the first event of the one that was not
    assert len(kinesis.streams[EVENTS]) == 3
    assert 8 in missing
    assert answer == failed_from(missing[0] - 1)


class FakeS3:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.failures: list[Exception] = []
        """Raised by the next calls, one each."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        assert Bucket == ARCHIVE
        if self.failures:
            raise self.failures.pop(0)
        self.objects[Key] = Body


def log_event(text: str, number: int = 0) -> dict[str, object]:
    message = orjson.dumps({"level": "info", "msg": text, "service": "shop"}).decode()
    return {"id": str(number), "timestamp": 1_722_375_081_000, "message": message}


def subscription(*log_events: dict[str, object]) -> bytes:
    held = {"owner": "123456789012", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"], "logEvents": log_events}
    return gzip.compress(orjson.dumps({"messageType": "DATA_MESSAGE", **held}))


def test_an_event_larger_than_its_stream_takes_is_kept_whole_and_pointed_to(clock: Clock, kinesis: FakeKinesis) -> None:
    s3 = FakeS3()
    text = "x" * 3_000
    records = batch(subscription(log_event(text, 0), log_event("short", 1)), FLOW)
    assert step(kinesis, events_kib=1, s3=s3).process(records, clock.deadline(60)) == NONE_FAILED
    assert ERRORS not in kinesis.streams
    pointing, short, _ = kinesis.on(EVENTS)
    assert (short["message"], "weir" in short) == ("short", False)
    ((key, body),) = s3.objects.items()
    assert key.startswith("oversized/default/2024/07/30/")
    whole = orjson.loads(gzip.decompress(body))
    assert (whole["message"], whole["event"]["id"]) == (text, pointing["event"]["id"])
    place = {"bucket": ARCHIVE, "key": key, "bytes": len(gzip.decompress(body))}
    assert pointing.pop("weir") == {"oversized": place | {"removed": ["message"]}}
    assert pointing == {name: value for name, value in whole.items() if name != "message"}


@pytest.mark.parametrize("buckets", [0, 1, 65_536])
@pytest.mark.parametrize("spare", [0, -1], ids=["just fits", "a byte too large"])
def test_an_event_that_just_fits_its_stream_goes_there(clock: Clock, kinesis: FakeKinesis, buckets: int, spare: int) -> None:
    s3 = FakeS3()
    step(kinesis, s3=s3, buckets=buckets).process(batch(subscription(log_event("x"))), clock.deadline(60))
    (short,) = user_records(kinesis)
    room = 1_024 * 1_024 - len("key-0") - (FRAME_BYTES if buckets else 0) - spare
    kinesis.streams.clear()
    padded = subscription(log_event("x" * (room - len(short) + 1)))
    step(kinesis, s3=s3, buckets=buckets).process(batch(padded), clock.deadline(60))
    (event,) = user_records(kinesis)
    assert (len(event) == room, len(s3.objects)) == ((True, 0) if not spare else (False, 1))


def test_its_repetition_writes_the_same(clock: Clock, kinesis: FakeKinesis) -> None:
    s3 = FakeS3()
    for _ in range(2):
        step(kinesis, events_kib=1, s3=s3).process(batch(subscription(log_event("x" * 3_000))), clock.deadline(60))
    assert len(s3.objects) == 1
    assert kinesis.streams[EVENTS][0] == kinesis.streams[EVENTS][1]


def test_one_that_could_not_be_stored_is_sent_again_from_there(clock: Clock, kinesis: FakeKinesis) -> None:
    s3 = FakeS3()
    s3.failures = [client_error("SlowDown", "busy", 503)]
    records = batch(FLOW, subscription(log_event("x" * 3_000)), FLOW)
    assert step(kinesis, events_kib=1, s3=s3).process(records, clock.deadline(60)) == failed_from(1)
    assert (len(kinesis.on(EVENTS)), s3.objects) == (2, {})


def test_a_bucket_that_refuses_for_good_fails_the_batch(clock: Clock, kinesis: FakeKinesis) -> None:
    s3 = FakeS3()
    s3.failures = [client_error("AccessDenied", "no", 403)]
    with pytest.raises(ClientError, match="AccessDenied"):
        step(kinesis, events_kib=1, s3=s3).process(batch(subscription(log_event("x" * 3_000))), clock.deadline(60))


def test_as_few_fields_as_it_takes_are_removed_and_never_those_an_event_is_found_by() -> None:
    document = {"event": {"id": "e" * 300}, "tenant": "t", "a": {"b": "x" * 500, "c": "y" * 400}, "d": ["z" * 90], "e": "w"}
    found = orjson.loads(pointer(document, {"bucket": "b"}, 950))
    assert found == {
        "event": {"id": "e" * 300}, "tenant": "t", "a": {"c": "y" * 400}, "d": ["z" * 90], "e": "w",
        "weir": {"oversized": {"bucket": "b", "removed": ["a.b"]}},
    }  # fmt: skip
    many: dict[str, Any] = {"event": {"id": "e"}, "tenant": "t"}
    many |= {f"field{number}": "v" * 20 for number in range(5_000)}
    small = pointer(many, {"bucket": "b"}, 2_000)
    assert len(small) <= 2_000
    assert len(orjson.loads(small)["weir"]["oversized"]["removed"]) == NAMES


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


def test_a_finisher_is_refreshed_before_events_and_its_doings_are_metrics(
    clock: Clock, kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(version: str | None, until: Deadline) -> Loaded[dict[str, Account]]:
        if version:
            raise Unusable("gone")
        return Loaded({"123456789012": Account("payments", {})}, "1")

    source = Source("accounts.json", load, every=60, clock=lambda: clock.now)
    everything: dict[str, list[str]] = {"types": [], "tenants": []}
    finisher = Finisher(
        [{"types": ["vpc_flow"], "sample": 1.0}, {"types": ["app"], "sample": 0.0}],
        [Selected(everything, Accounts(source, [], 10))],
    )
    client = cast(KinesisClient, kinesis)
    whole = Normalisation.of(
        StreamWriter(client, EVENTS, record_kib=1_024),
        StreamWriter(client, ERRORS, record_kib=4_096),
        OversizedStore(Mock(), ARCHIVE),
        default_tenant="default",
        finisher=finisher,
    )
    app = b'{"type": "app", "message": "hello"}'
    assert whole.process(batch(FLOW, FLOW, app), clock.deadline(60)) == NONE_FAILED
    clock.now += 60
    assert whole.process(batch(FLOW), clock.deadline(60)) == NONE_FAILED
    assert [event["cloud"]["account"]["name"] for event in kinesis.on(EVENTS)] == ["payments"] * 3
    written = [orjson.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    found = {
        (name, line.get("enricher") or line.get("type")): line[name]
        for line in written
        for name in line
        if name.startswith(("Enrichment", "SampledOut"))
    }
    assert found == {
        ("SampledOutByType", "app"): [1.0],
        ("EnrichmentHits", "accounts"): [1.0],
        ("EnrichmentMisses", "accounts"): [1.0],
        ("EnrichmentLoads", "accounts"): [1.0],
        ("EnrichmentFailures", "accounts"): [1.0],
    }
    function.metrics.clear_metrics()


def test_rules_are_for_records_that_take_the_short_way_too(clock: Clock, kinesis: FakeKinesis) -> None:
    rules: list[dict[str, Any]] = [{"types": ["vpc_flow"], "mask": ["source.ip"]}, {"types": ["app"], "sample": 0.0}]
    client = cast(KinesisClient, kinesis)
    masking = Normalisation.of(
        StreamWriter(client, EVENTS, record_kib=1_024),
        StreamWriter(client, ERRORS, record_kib=4_096),
        OversizedStore(Mock(), ARCHIVE),
        default_tenant="default",
        finisher=Finisher(rules),
    )
    plain = b'{"level": "info", "message": "hello", "timestamp": "2026-11-25T10:00:00Z"}'
    enveloped = b'{"type": "vpc_flow", "message": "%b"}' % FLOW
    assert masking.process(batch(FLOW, plain, enveloped), clock.deadline(60)) == NONE_FAILED
    assert [event["source"]["ip"] for event in kinesis.on(EVENTS)] == ["::", "::"]
