"""What the collect function promises: every record of an object is an event or an error once, however often it is read."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import orjson
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from mypy_boto3_kinesis import KinesisClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from collect import handler as function
from collect import reader
from collect.collection import WRITING_SECONDS, Collection, NoProgress
from collect.handler import Queue, QueueMessage, Step
from collect.packs import KEYS, MOST_BYTES, MOST_RECORDS
from collect.rules import Rules
from collect.work import Work
from collect.writing import PackWriter
from common.columns import CLOUDFRONT
from common.flow_formats import DEFAULT
from common.ids import event_id
from common.model import Coordinates, Event, Given
from common.oversized import OversizedStore
from common.recognise import Normaliser
from common.resend import Resent, opened
from common.streams import StreamWriter
from tests.unit.collect.fakes import FakeS3, FakeSqs
from tests.unit.functions.fakes import Clock, Context, FakeKinesis, client_error

RAW, ERRORS = "weir-test-raw", "weir-test-errors"
FLOW = "2 123456789012 eni-0a1b2c3d 172.31.16.139 172.31.16.21 20641 22 6 20 {} 1418530010 1418530070 ACCEPT OK"
ELSEWHERE = Coordinates("weir-test-raw", "shardId-000000000001", "7", 1)
PLENTY = 300.0


class Pipeline:
    """The function between S3, a queue and two streams."""

    def __init__(self, rules: str = "[]", raw_kib: int = 1_024) -> None:
        self.clock, self.kinesis, self.s3, self.sqs = Clock(), FakeKinesis(), FakeS3(), FakeSqs()
        client, s3 = cast(KinesisClient, self.kinesis), cast(S3Client, self.s3)
        writer = PackWriter(
            StreamWriter(client, RAW, record_kib=raw_kib),
            StreamWriter(client, ERRORS, record_kib=4_096),
            OversizedStore(lambda: s3, "archive"),
        )
        self.collection = Collection(s3, writer, Rules.read(rules, "default"))
        self.step = Step(self.collection, Queue(cast(SQSClient, self.sqs), "https://queue.test"))

    def process(self, *bodies: str, seconds: float = PLENTY) -> list[str]:
        """Ids of the messages that stay in the queue."""
        messages: list[QueueMessage] = [{"messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
        answer = self.step.process(messages, self.clock.deadline(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def all_of(self, body: str, seconds: float = PLENTY) -> int:
        """Process a message and all that follow from it; returns how many there were."""
        waiting, count = [body], 0
        while waiting:
            assert self.process(waiting.pop(), seconds=seconds) == []
            waiting += self.sqs.bodies
            self.sqs.bodies.clear()
            count += 1
        return count

    def pieces(self) -> list[tuple[str, bytes]]:
        """Id and bytes of every record on `raw`, as `normalise` makes and takes them."""
        found: list[tuple[str, bytes]] = []
        for put in self.kinesis.streams.get(RAW, []):
            record = opened(put.data, ELSEWHERE)
            for piece in Normaliser(default_tenant="x").normalise(record.data, record.at, record.given):
                if isinstance(piece, Event):
                    found.append((piece.id, piece.body))
                else:
                    found.append((piece.at.id(), piece.original))
        return found


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def created(key: str, etag: str | None = None, bucket: str = "logs") -> str:
    found = {"key": key} | ({"eTag": etag} if etag else {})
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": found}}
    return json.dumps({"Records": [record]})


def numbered(count: int) -> bytes:
    return b"".join(b"unknown line %d\n" % number for number in range(count))


@pytest.mark.parametrize("stored", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("end", [b"", b"\n"], ids=["no line end", "line end"])
def test_every_line_is_one_record_the_last_one_too(pipeline: Pipeline, stored: Callable[[bytes], bytes], end: bytes) -> None:
    pipeline.s3.put("a.log", stored(numbered(10_000).removesuffix(b"\n") + end))
    assert pipeline.process(created("a.log")) == []
    pieces = pipeline.pieces()
    assert [data for _, data in pieces] == numbered(10_000).splitlines()
    assert len({id_ for id_, _ in pieces}) == 10_000
    assert len(pipeline.kinesis.streams[RAW]) == 4, "many in one"


def test_an_event_carries_its_place_its_tenant_and_its_objects_time() -> None:
    rules = [{"bucket": "logs", "prefix": "flow/", "type": "vpc_flow", "tenant": "acme"}]
    pipeline = Pipeline(json.dumps(rules))
    etag = pipeline.s3.put("flow/a b.gz", gzip.compress((FLOW.format(1) + "\n" + FLOW.format(2)).encode()))
    assert pipeline.process(created("flow/a+b.gz", etag)) == []
    (put,) = pipeline.kinesis.streams[RAW]
    record = opened(put.data, ELSEWHERE)
    assert record.at[:5] == ("s3://logs", "flow/a b.gz", f"{etag}:1", 1_722_375_081_000, "0")
    events = [orjson.loads(body) for _, body in pipeline.pieces()]
    assert [event["network"]["bytes"] for event in events] == [1, 2]
    assert {(event["tenant"], event["event"]["ingested"]) for event in events} == {("acme", "2024-07-30T21:31:21.000Z")}
    expected = [event_id(1_722_375_081_000, "s3://logs", "flow/a b.gz", f"{etag}:1", str(index)) for index in (0, 1)]
    assert [event["event"]["id"] for event in events] == expected


def test_the_longest_prefix_says_whose_an_object_is() -> None:
    rules = [
        {"bucket": "logs", "prefix": "", "tenant": "all"},
        {"bucket": "logs", "prefix": "a/b", "type": "alb"},
        {"bucket": "logs", "prefix": "a/", "type": "vpc_flow", "tenant": "acme"},
    ]
    read = Rules.read(json.dumps(rules), "default")
    given = [read.given("logs", key)[:2] for key in ("c", "a/b/c", "a/c")]
    assert given == [("all", None), ("default", "alb"), ("acme", "vpc_flow")]
    assert read.given("others", "a/c")[:2] == ("default", None)


def test_the_same_notification_again_makes_the_same_ids(pipeline: Pipeline) -> None:
    etag = pipeline.s3.put("a.log", numbered(3_000))
    assert pipeline.process(created("a.log", etag), created("a.log")) == []
    assert Counter(Counter(pipeline.pieces()).values()) == {2: 3_000}


def test_another_content_under_the_same_key_makes_other_ids(pipeline: Pipeline) -> None:
    for content in (b"unknown 1\n", b"unknown 2\n"):
        pipeline.s3.put("a.log", content)
        pipeline.process(created("a.log"))
    assert len({id_ for id_, _ in pipeline.pieces()}) == 2


def test_header_lines_are_no_events_and_are_counted(pipeline: Pipeline) -> None:
    columns = f"#Fields: {' '.join(CLOUDFRONT)}".encode()
    pipeline.s3.put("cdn.gz", gzip.compress(b"#Version: 1.0\n" + columns + b"\nunknown\n\n#a comment\n"))
    pipeline.s3.put("flow.log", f"{' '.join(DEFAULT.names)}\n{FLOW.format(1)}\nsrcaddr vpc-id\n".encode())
    cdn, flow = (
        pipeline.collection.collect(Work(bucket="logs", key=key), pipeline.clock.deadline(300)) for key in ("cdn.gz", "flow.log")
    )
    assert (cdn.records, cdn.headers, cdn.blank, cdn.rest) == (2, 2, 1, None)
    assert (flow.records, flow.headers, flow.blank, flow.rest) == (2, 1, 0, None)
    unknown = [data for _, data in pipeline.pieces() if data.startswith((b"#", b"unk", b"src"))]
    assert unknown == [b"unknown", b"#a comment", b"srcaddr vpc-id"]


IIS_FILE = (
    b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time c-ip sc-status sc-win32-status\r\n"
    b"2025-11-24 09:15:02 198.51.100.7 200 0\r\n2025-11-24 09:15:03 198.51.100.7 404 2\r\n"
    b"#Date: 2025-11-24 10:00:00\r\n2025-11-24 10:00:01 198.51.100.7 500 64\r\n"
    b"#Fields: date time sc-status sc-win32-status\r\n2025-11-24 11:00:00 201 0\r\n"
)


def test_lines_in_an_order_of_their_files_own_take_the_names_of_their_columns_along(pipeline: Pipeline) -> None:
    pipeline.s3.put("flow.gz", gzip.compress(b"end srcaddr dstaddr action\n1763984459 10.0.1.5 10.0.2.9 REJECT\n"))
    pipeline.s3.put("iis.log", IIS_FILE)
    assert pipeline.process(created("flow.gz"), created("iis.log")) == []
    flow, *web = (orjson.loads(body) for _, body in pipeline.pieces())
    assert (flow["event"]["dataset"], flow["@timestamp"]) == ("aws.vpcflow", "2025-11-24T11:40:59.000Z")
    assert (flow["source"]["ip"], flow["event"]["action"]) == ("10.0.1.5", "reject")
    assert {event["event"]["dataset"] for event in web} == {"iis.access"}
    assert [(event["@timestamp"][11:19], event["http"]["response"]["status_code"]) for event in web] == [
        ("09:15:02", 200),
        ("09:15:03", 404),
        ("10:00:01", 500),
        ("11:00:00", 201),
    ]
    assert ["source" in event for event in web] == [True, True, True, False]


def test_names_of_columns_are_known_where_an_object_is_gone_on_with(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "RANGE_BYTES", 1_000_000)
    header = b"#Fields: sc-win32-status c-ip cs(User-Agent) sc-status\n"
    pipeline.s3.put("iis.log", header + (b"0 198.51.100.7 " + b"x" * 300 + b" 200\n") * 20_000)
    slow(pipeline, 7.0)
    assert pipeline.all_of(created("iis.log"), seconds=WRITING_SECONDS + 6) == 2
    events = [orjson.loads(body) for _, body in pipeline.pieces()]
    assert len({event["event"]["id"] for event in events}) == len(events) == 20_000
    assert {(event["source"]["ip"], event["http"]["response"]["status_code"]) for event in events} == {("198.51.100.7", 200)}


@pytest.mark.parametrize("name", ["tgw-id", "x" * 9_000], ids=["of no type", "too long"])
def test_columns_nobody_reads_go_before_no_line(pipeline: Pipeline, name: str) -> None:
    pipeline.s3.put("flow.log", f"srcaddr dstaddr {name}\nunknown 1\n".encode())
    assert pipeline.process(created("flow.log")) == []
    assert [data for _, data in pipeline.pieces()] == [b"unknown 1"]


def test_an_empty_object_is_read(pipeline: Pipeline) -> None:
    pipeline.s3.put("empty", b"")
    pipeline.s3.put("empty.gz", gzip.compress(b""))
    assert pipeline.process(created("empty"), created("empty.gz")) == []
    assert pipeline.kinesis.streams == {}


def test_a_document_is_its_records(pipeline: Pipeline) -> None:
    content = {"Records": [{"colour": number, "deep": {"x": ["]"]}} for number in range(5_000)]}
    pipeline.s3.put("AWSLogs/trail.json.gz", gzip.compress(json.dumps(content).encode()))
    assert pipeline.process(created("AWSLogs/trail.json.gz")) == []
    pieces = pipeline.pieces()
    assert [json.loads(data) for _, data in pieces] == content["Records"]
    assert len({id_ for id_, _ in pieces}) == 5_000


def compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def in_members(content: bytes) -> bytes:
    return compressed(content[:9_000_000]) + compressed(content[9_000_000:])


def slow(pipeline: Pipeline, seconds: float) -> None:
    """Let each call to Kinesis take so long."""
    put = pipeline.kinesis.put_records

    def put_records(**arguments: Any) -> dict[str, Any]:
        pipeline.clock.now += seconds
        return put(**arguments)

    pipeline.kinesis.put_records = put_records  # type: ignore[method-assign]  # to make it slow


@pytest.mark.parametrize("stored", [bytes, compressed, in_members], ids=["plain", "gzip", "members"])
@pytest.mark.parametrize("document", [False, True], ids=["lines", "document"])
def test_an_object_longer_than_the_functions_time_is_gone_on_with(
    stored: Callable[[bytes], bytes], document: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "RANGE_BYTES", 1_000_000)
    letters = random.Random(1).choices("abcdefgh", k=900)
    lines = [f'{{"n":{number},"text":"{"".join(letters[number % 100 :])}"}}' for number in range(20_000)]
    content = ('{"Records":[' + ",\n".join(lines) + "]}" if document else "\n".join(lines)).encode()
    ids: list[list[str]] = []
    for seconds in (PLENTY, WRITING_SECONDS + 6):
        pipeline = Pipeline()
        slow(pipeline, 7.0)
        pipeline.s3.put("a", stored(content))
        rounds = pipeline.all_of(created("a"), seconds=seconds)
        assert (rounds == 1) is (seconds == PLENTY)
        pieces = pipeline.pieces()
        assert [json.loads(data) for _, data in pieces] == [json.loads(line) for line in lines]
        ids.append([id_ for id_, _ in pieces])
    assert ids[0] == ids[1], "the same as in one go"
    assert len(set(ids[0])) == len(lines)
    assert rounds >= 3


def test_only_what_is_not_read_is_read_again(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "RANGE_BYTES", 1_000_000)
    content = b"x" * 999 + b"\n"
    slow(pipeline, 7.0)
    pipeline.s3.put("a", content * 12_000)
    assert pipeline.all_of(created("a"), seconds=WRITING_SECONDS + 6) == 3
    assert len(pipeline.pieces()) == 12_000
    assert sum(size for _, size in pipeline.s3.ranges) < 12_000_000 + 3 * 1_500_000


def test_without_time_for_the_others_they_are_left_for_later(pipeline: Pipeline) -> None:
    slow(pipeline, 5.0)
    for name in ("a", "b", "c"):
        pipeline.s3.put(name, name.encode())
    assert pipeline.process(created("a"), created("b"), created("c"), seconds=WRITING_SECONDS + 1) == []
    assert [data for _, data in pipeline.pieces()] == [b"a"]
    assert len(pipeline.sqs.bodies) == 2
    for body in pipeline.sqs.bodies[:2]:
        assert pipeline.process(body) == []
    assert sorted(data for _, data in pipeline.pieces()) == [b"a", b"b", b"c"]


def test_an_object_that_is_not_got_on_with_stays_in_the_queue(pipeline: Pipeline) -> None:
    """Else it would go round for ever."""
    pipeline.kinesis.refuse = lambda data: "ProvisionedThroughputExceededException"
    pipeline.s3.put("a", numbered(10_000))
    assert pipeline.process(created("a")) == ["m0"]
    assert pipeline.sqs.bodies == []
    with pytest.raises(NoProgress, match="s3://logs/a: nothing was written from"):
        pipeline.collection.collect(Work(bucket="logs", key="a"), pipeline.clock.deadline(60))
    with pytest.raises(NoProgress, match="s3://logs/a: nothing was read from"):
        pipeline.collection.collect(Work(bucket="logs", key="a"), pipeline.clock.deadline(1))


def test_what_raw_takes_in_part_goes_on_where_it_ended(pipeline: Pipeline) -> None:
    taken: list[bytes] = []

    def refuse(data: bytes) -> str | None:
        taken.append(data)
        return "ProvisionedThroughputExceededException" if len(taken) > 2 else None

    pipeline.kinesis.refuse = refuse
    pipeline.s3.put("a", numbered(10_000))
    assert pipeline.process(created("a"), seconds=60) == []
    assert len(pipeline.pieces()) == 2 * MOST_RECORDS
    pipeline.kinesis.refuse = lambda data: None
    (body,) = pipeline.sqs.bodies
    assert json.loads(body)["weir.collect"]["place"]["number"] == 2 * MOST_RECORDS + 1
    assert pipeline.process(body) == []
    assert [data for _, data in pipeline.pieces()] == numbered(10_000).splitlines()


def test_a_bad_message_does_not_take_the_others_with_it(pipeline: Pipeline) -> None:
    pipeline.s3.put("a", b"unknown a")
    pipeline.s3.put("parquet", b"PAR1....")
    pipeline.s3.put("cut.gz", gzip.compress(numbered(5_000))[:-20])
    bodies = ["nonsense", created("gone"), created("a"), created("parquet"), created("cut.gz"), created("a", "another")]
    assert pipeline.process(*bodies) == ["m0", "m1", "m3", "m4", "m5"]
    assert b"unknown a" in [data for _, data in pipeline.pieces()]


def test_a_read_that_breaks_off_is_repeated(pipeline: Pipeline) -> None:
    pipeline.s3.put("a", b"unknown a")
    pipeline.s3.failures = [ReadTimeoutError(endpoint_url="s3"), EndpointConnectionError(endpoint_url="s3")]
    assert pipeline.process(created("a")) == []
    assert len(pipeline.pieces()) == 1
    pipeline.s3.failures = [ReadTimeoutError(endpoint_url="s3")] * 3
    assert pipeline.process(created("a")) == ["m0"]


def test_a_line_larger_than_raw_takes_goes_compressed() -> None:
    pipeline = Pipeline()
    line = b'{"colour":"' + b"blue" * 500_000 + b'"}'
    pipeline.s3.put("a", b"before\n" + line + b"\nafter")
    assert pipeline.process(created("a")) == []
    before, long, after = pipeline.pieces()
    assert (before[1], gzip.decompress(long[1]), after[1]) == (b"before", line, b"after")
    assert ERRORS not in pipeline.kinesis.streams
    assert [put for put in pipeline.kinesis.streams[RAW] if len(put.data) > MOST_BYTES * 2] == []


def test_what_fits_once_fits_when_it_is_sent_again_too(pipeline: Pipeline) -> None:
    """Base64 makes it a third longer: so it is compressed before it would be too long for that."""
    lines = [b"%d " % size + b"x" * size for size in range(700_000, 1_050_000, 25_000)]
    pipeline.s3.put("a", b"\n".join(lines))
    assert pipeline.process(created("a")) == []
    again = [Resent(ELSEWHERE, put.data, Given()).frame() for put in pipeline.kinesis.streams[RAW]]
    assert len(again) == len(lines)
    assert max(map(len, again)) <= 1_024 * 1_024
    compressed = [piece.startswith(b"\x1f\x8b") for _, piece in pipeline.pieces()]
    assert (compressed[0], compressed[-1]) == (False, True)


def test_what_does_not_fit_at_all_is_kept_whole_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline()
    line = base64.b64encode(random.Random(1).randbytes(3_000_000))
    etag = pipeline.s3.put("a", b"before\n" + line + b"\nafter\n")
    for _ in range(2):
        assert pipeline.process(created("a")) == []
    assert {data for _, data in pipeline.pieces()} == {b"before", b"after"}
    first, again = pipeline.kinesis.on(ERRORS)
    assert first == again
    assert (first["step"], first["reason"], first["tenant"], first["sequence"]) == (
        "collect",
        "too_large",
        "default",
        f"{etag}:2",
    )
    key = first["detail"].rpartition("s3://archive/")[2]
    assert key.startswith("oversized/default/2024/07/30/")
    assert gzip.decompress(pipeline.s3.objects["archive", key]) == line


def test_what_is_longer_than_can_be_held_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline()
    monkeypatch.setattr("collect.lines.LineSplitter.__init__.__defaults__", (1_000,))
    pipeline.s3.put("a", b"before\n" + b"x" * 5_000 + b"\nafter\n")
    outcome = pipeline.collection.collect(Work(bucket="logs", key="a"), pipeline.clock.deadline(300))
    assert outcome.records == 3
    (error,) = pipeline.kinesis.on(ERRORS)
    assert error["reason"] == "too_large"
    assert error["detail"].startswith("record 2 of s3://logs/a (")
    assert "of 5000 bytes, is longer than" in error["detail"]
    assert [data for _, data in pipeline.pieces()] == [b"before", b"after"]


def test_a_refusal_for_good_leaves_the_message_in_the_queue(pipeline: Pipeline) -> None:
    pipeline.s3.put("a", b"unknown a")
    pipeline.kinesis.failures = [client_error("AccessDeniedException", "no")]
    assert pipeline.process(created("a")) == ["m0"]
    pipeline.kinesis.failures = [client_error("AccessDeniedException", "no")]
    with pytest.raises(ClientError, match="AccessDenied"):
        pipeline.collection.collect(Work(bucket="logs", key="a"), pipeline.clock.deadline(300))


def test_the_events_of_a_pack_spread_over_shards(pipeline: Pipeline) -> None:
    pipeline.s3.put("a", "\n".join(FLOW.format(number) for number in range(100)).encode())
    pipeline.process(created("a"))
    (put,) = pipeline.kinesis.streams[RAW]
    record = opened(put.data, ELSEWHERE)
    events = Normaliser(default_tenant="x").normalise(record.data, record.at, record.given)
    assert len({event.partition_key for event in events if isinstance(event, Event)}) == KEYS


def test_the_handler_reads_its_environment(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    pipeline.s3.put("a", b"unknown a")
    variables = {
        "RAW_STREAM": RAW,
        "ERRORS_STREAM": ERRORS,
        "QUEUE_URL": "https://queue.test",
        "OVERSIZED_BUCKET": "archive",
        "RULES": "[]",
        "DEFAULT_TENANT": "acme",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(function, "kinesis_client", lambda: pipeline.kinesis)
    monkeypatch.setattr(function, "s3_client", lambda: pipeline.s3)
    function.step.cache_clear()
    try:
        answer = function.handler({"Records": [{"messageId": "m", "body": created("a")}]}, Context(300_000))
    finally:
        function.step.cache_clear()
    assert answer == {"batchItemFailures": []}
    (put,) = pipeline.kinesis.streams[RAW]
    assert opened(put.data, ELSEWHERE).given == ("acme", None, None, None)
