"""Log files put into the bucket are documents, each line once, however they are stored and however often they are notified."""

from __future__ import annotations

import gzip
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from collect.collection import WRITING_SECONDS
from localrun.aws import session
from localrun.state import State
from tests.e2e.index import wait_for

MANY = 100_000
SLOW = 80_000
#: Of the function's time, kept for its answer (collect.handler, which cannot be imported without a function's environment).
RESERVE_SECONDS = 12.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def app_line(service: str, number: int) -> bytes:
    record = {"level": "info", "message": f"step {number} done", "service": service, "ts": "2026-01-01T00:00:00Z"}
    return json.dumps(record).encode()


def lines(service: str, count: int) -> bytes:
    return b"".join(app_line(service, number) + b"\n" for number in range(count))


def ask(pipeline: State, path: str, query: dict[str, Any]) -> dict[str, Any] | None:
    """The node's answer; None while an index is so new that no shard of it can be asked."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{pipeline.endpoints.opensearch}/{path}", body, {"content-type": "application/json"})
    try:
        with _direct.open(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return None
        raise
    return found


def count(pipeline: State, service: str) -> int:
    """Documents of a service."""
    answer = ask(pipeline, "logs-*/_count", {"term": {"service.name": service}})
    return int(answer["count"]) if answer else 0


def found(pipeline: State, query: dict[str, Any], index: str = "logs-*") -> list[dict[str, Any]]:
    answer = ask(pipeline, f"{index}/_search?size=1000", query)
    return [hit["_source"] for hit in answer["hits"]["hits"]] if answer else []


def messages(pipeline: State, service: str) -> list[str]:
    return sorted(each["message"] for each in found(pipeline, {"term": {"service.name": service}}))


@pytest.fixture(scope="module")
def put(pipeline: State) -> Callable[[str, bytes], None]:
    s3, bucket = session(pipeline.endpoints.aws).client("s3"), pipeline.outputs["collection"]["LogBucket"]

    def put_object(key: str, body: bytes) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=body)

    return put_object


@pytest.mark.parametrize(
    ("service", "content"),
    [
        ("plain", lines("plain", 20)),
        ("gzip", gzip.compress(lines("gzip", 20))),
        ("no-line-end", lines("no-line-end", 20).removesuffix(b"\n")),
        ("members", gzip.compress(lines("members", 10)) + gzip.compress(lines("members", 20).removeprefix(lines("members", 10)))),
        ("document", b'{"Records":[' + lines("document", 20).removesuffix(b"\n").replace(b"\n", b",") + b"]}"),
    ],
)
def test_every_line_is_one_document(pipeline: State, put: Callable[[str, bytes], None], service: str, content: bytes) -> None:
    put(f"apps/a file of {service}.log", content)
    expected = sorted(f"step {number} done" for number in range(20))
    assert wait_for(lambda: messages(pipeline, service), lambda seen: len(seen) >= 20) == expected


def test_an_empty_file_is_none_and_holds_up_nothing(pipeline: State, put: Callable[[str, bytes], None]) -> None:
    put("apps/empty.log", b"")
    put("apps/after.log", lines("after", 1))
    assert wait_for(lambda: messages(pipeline, "after"), bool) == ["step 0 done"]
    dead = attributes(pipeline, "weir-local-collect-dlq")
    waiting = wait_for(lambda: attributes(pipeline, "weir-local-collect"), lambda seen: not any(seen.values()), 30)
    assert set(dead.values()) == set(waiting.values()) == {0}


def attributes(pipeline: State, queue: str) -> dict[str, int]:
    """How many messages wait in a queue, and how many are being processed."""
    sqs: Any = session(pipeline.endpoints.aws).client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return {
        name: int(value) for name, value in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].items()
    }


def test_the_same_notification_twice_makes_no_document_twice(pipeline: State, put: Callable[[str, bytes], None]) -> None:
    aws, bucket = session(pipeline.endpoints.aws), pipeline.outputs["collection"]["LogBucket"]
    put("apps/twice.log", lines("twice", 30))
    wait_for(lambda: count(pipeline, "twice"), lambda seen: seen >= 30)
    place = {"bucket": {"name": bucket}, "object": {"key": "apps/twice.log"}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": place}
    sqs: Any = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="weir-local-collect")["QueueUrl"]
    before = packs(pipeline, "apps/twice.log")
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [record]}))
    wait_for(lambda: packs(pipeline, "apps/twice.log"), lambda seen: seen == before + 2)
    put("apps/behind.log", lines("behind", 1))
    wait_for(lambda: count(pipeline, "behind"), bool)
    assert messages(pipeline, "twice") == sorted(f"step {number} done" for number in range(30))


def packs(pipeline: State, key: str) -> int:
    """Records of `raw` that were made of an object."""
    kinesis = session(pipeline.endpoints.aws).client("kinesis")
    stream, made = pipeline.outputs["ingestion"]["RawStream"], 0
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        page = kinesis.get_records(ShardIterator=iterator["ShardIterator"], Limit=10_000)
        made += sum(f'"shard":"{key}"'.encode() in record["Data"][:500] for record in page["Records"])
    return made


def test_what_is_not_understood_tells_its_place(pipeline: State, put: Callable[[str, bytes], None]) -> None:
    put("apps/nonsense.log", b"#Version: 1.0\n#Fields: a b\nnothing anybody knows\n\n" + lines("nonsense", 1))
    assert wait_for(lambda: messages(pipeline, "nonsense"), bool) == ["step 0 done"]
    query = {"term": {"shard": "apps/nonsense.log"}}
    (error,) = wait_for(lambda: found(pipeline, query, "weir-errors-*"), bool)
    assert (error["stream"], error["reason"]) == (f"s3://{pipeline.outputs['collection']['LogBucket']}", "unrecognised")
    assert (error["sequence"].rpartition(":")[2], error["position"]) == ("3", "0"), "the third line is the first record"


def test_a_hundred_thousand_lines_are_as_many_documents(pipeline: State, put: Callable[[str, bytes], None]) -> None:
    put("apps/many.log.gz", gzip.compress(lines("many", MANY), compresslevel=1))
    begin = time.monotonic()
    wait_for(lambda: count(pipeline, "many"), lambda seen: seen >= MANY, 120)
    print(f"{MANY:,} lines were searchable after {time.monotonic() - begin:.1f} s")
    assert count(pipeline, "many") == MANY


def test_a_line_larger_than_raw_takes_is_found_and_kept_whole(pipeline: State, put: Callable[[str, bytes], None]) -> None:
    record = {"level": "info", "message": "a report", "service": "long", "table": "x" * 3_000_000}
    put("apps/long.log", lines("long", 1) + json.dumps(record).encode() + b"\n" + lines("long", 1))
    query = {"term": {"service.name": "long"}}
    documents = wait_for(lambda: found(pipeline, query), lambda seen: len(seen) >= 3)
    assert sorted(each["message"] for each in documents) == ["a report", "step 0 done", "step 0 done"]
    (place,) = [each["weir"]["oversized"] for each in documents if "weir" in each]
    s3 = session(pipeline.endpoints.aws).client("s3")
    whole = json.loads(gzip.decompress(s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()))
    assert whole["app"]["table"] == record["table"]


@pytest.fixture
def short_of_time(pipeline: State) -> Iterator[str]:
    """Four seconds to read in, for the function: in two a busy machine gets no further. Gives the name of its log."""
    client, name = session(pipeline.endpoints.aws).client("lambda"), pipeline.outputs["collection"]["CollectFunctionName"]
    before = client.get_function_configuration(FunctionName=name)
    seconds = round(RESERVE_SECONDS + WRITING_SECONDS) + 4
    client.update_function_configuration(FunctionName=name, Timeout=seconds)
    yield before["LoggingConfig"]["LogGroup"]
    client.update_function_configuration(FunctionName=name, Timeout=before["Timeout"])


def test_a_file_that_takes_longer_than_the_function_has_is_gone_on_with(
    pipeline: State, put: Callable[[str, bytes], None], short_of_time: str
) -> None:
    # Blank lines take time, and nothing else.
    slow = b"".join(app_line("slow", number) + b"\n" * 200 for number in range(SLOW))
    put("apps/slow.log.gz", gzip.compress(slow, compresslevel=1))
    wait_for(lambda: count(pipeline, "slow"), lambda seen: seen >= SLOW, 240)
    assert count(pipeline, "slow") == SLOW
    logs: Any = session(pipeline.endpoints.aws).client("logs")
    said = [
        event["message"]
        for event in logs.filter_log_events(logGroupName=short_of_time)["events"]
        if "slow.log.gz" in event["message"]
    ]
    assert any("an object is gone on with" in message for message in said), said
    assert sum("an object was read" in message for message in said) == 1


def test_a_type_is_recognised_by_its_lines(pipeline: State, put: Callable[[str, bytes], None]) -> None:
    header = (
        b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
    )
    flow = b"2 123456789012 eni-0c011ec7 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n"
    put("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/01/flow.log.gz", gzip.compress(header + flow * 3))
    query = {"term": {"aws.vpcflow.interface_id": "eni-0c011ec7"}}
    documents = wait_for(lambda: found(pipeline, query), lambda seen: len(seen) >= 3)
    assert [each["event"]["dataset"] for each in documents] == ["aws.vpcflow"] * 3
    assert len({each["event"]["id"] for each in documents}) == 3
