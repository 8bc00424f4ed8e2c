"""What an on-failure destination receives, as documented for each kind."""

from __future__ import annotations

import json
import re
from typing import Any

from localrun.event_sources.batch import Discard
from localrun.event_sources.destination import FailureDestination, object_key
from tests.unit.event_sources.fakes import MAPPING, STREAM_ARN, FakeRole, Recorder, items, mapping

NOW = 1_573_691_886.021
CONTEXT: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
DISCARD = Discard(items("7", "8", arrival=1_573_691_884.835), "RetryAttemptsExhausted", 3)
RECORD: dict[str, Any] = {
    "requestContext": {
        "functionArn": MAPPING.function_arn,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    },
    "responseContext": CONTEXT,
    "version": "1.0",
    "timestamp": "2019-11-14T00:38:06.021Z",
    "KinesisBatchInfo": {
        "shardId": "shard-0",
        "startSequenceNumber": "7",
        "endSequenceNumber": "8",
        "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
        "approximateArrivalOfLastRecord": "2019-11-14T00:38:04.835Z",
        "batchSize": 2,
        "streamArn": STREAM_ARN,
    },
}


def sent_to(arn: str | None) -> list[tuple[str, dict[str, Any]]]:
    client = Recorder()
    role = FakeRole(s3=client, sqs=client, sns=client)
    FailureDestination(mapping(destination_arn=arn), role).send("shard-0", DISCARD, now=NOW, response=CONTEXT)
    return client.calls


def without_request_id(text: str | bytes) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(text)
    assert re.fullmatch(r"[0-9a-f-]{36}", record["requestContext"].pop("requestId"))
    return record


def test_a_queue_receives_the_record_without_the_payload() -> None:
    [(operation, sent)] = sent_to("arn:aws:sqs:us-east-1:000000000000:failures")
    assert operation == "send_message"
    assert sent["QueueUrl"] == "http://127.0.0.1:4566/000000000000/failures"
    assert without_request_id(sent["MessageBody"]) == RECORD


def test_a_topic_receives_the_record_without_the_payload() -> None:
    [(operation, sent)] = sent_to("arn:aws:sns:us-east-1:000000000000:failures")
    assert (operation, sent["TopicArn"]) == ("publish", "arn:aws:sns:us-east-1:000000000000:failures")
    assert without_request_id(sent["Message"]) == RECORD


def test_a_bucket_receives_the_whole_event_too() -> None:
    [(operation, sent)] = sent_to("arn:aws:s3:::quarantine")
    assert (operation, sent["Bucket"]) == ("put_object", "quarantine")
    assert without_request_id(sent["Body"]) == RECORD | {"payload": '{"Records":[{"7"},{"8"}]}'}


def test_the_object_key_has_the_documented_form() -> None:
    key = object_key(MAPPING.uuid, "shardId-000000000001", NOW)
    day = r"2019/11/14/2019-11-14T00\.38\.06-[0-9a-f-]{36}"
    assert re.fullmatch(rf"aws/lambda/{MAPPING.uuid}/shardId-000000000001/{day}", key)


def test_without_a_destination_nothing_is_written() -> None:
    assert sent_to(None) == []
