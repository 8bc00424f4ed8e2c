"""Whatever way a notification takes, it names the same object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collect.message import NoNotification, continuation, works
from collect.work import Place, Work

WORK = Work(bucket="logs", key="AWSLogs/a b+ü=c.gz", version="v1", etag="0123")
#: S3 user guide, "Event message structure".
S3_EVENT: dict[str, Any] = {
    "eventVersion": "2.1",
    "eventSource": "aws:s3",
    "awsRegion": "eu-central-1",
    "eventTime": "2024-07-30T21:31:21.123Z",
    "eventName": "ObjectCreated:Put",
    "s3": {
        "s3SchemaVersion": "1.0",
        "bucket": {"name": "logs", "arn": "arn:aws:s3:::logs"},
        "object": {"key": "AWSLogs/a+b%2B%C3%BC%3Dc.gz", "size": 1, "eTag": "0123", "versionId": "v1", "sequencer": "00"},
    },
}
#: S3 user guide, "EventBridge event message structure".
EVENT_BRIDGE: dict[str, Any] = {
    "version": "0",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "detail": {
        "version": "0",
        "bucket": {"name": "logs"},
        "object": {"key": "AWSLogs/a b+ü=c.gz", "size": 1, "etag": "0123", "version-id": "v1", "sequencer": "00"},
        "reason": "PutObject",
    },
}


def notification(**changes: Any) -> dict[str, Any]:
    return {"Records": [S3_EVENT | changes]}


def through_sns(content: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-central-1:123456789012:logs", "Message": json.dumps(content)}


@pytest.mark.parametrize(
    "content",
    [notification(), through_sns(notification()), EVENT_BRIDGE, through_sns(EVENT_BRIDGE)],
    ids=["S3", "SNS", "EventBridge", "EventBridge through SNS"],
)
def test_an_object_is_named(content: dict[str, Any]) -> None:
    assert works(json.dumps(content)) == [WORK]


def test_a_bucket_without_versioning_names_none() -> None:
    event = json.loads(json.dumps(notification()))
    del event["Records"][0]["s3"]["object"]["versionId"]
    assert works(json.dumps(event)) == [Work(bucket="logs", key="AWSLogs/a b+ü=c.gz", etag="0123")]


def test_the_functions_own_message_says_where_to_go_on() -> None:
    work = Work(
        bucket="logs",
        key="ü",
        etag="0",
        place=Place(stored=5, skip=7, number=11, gzip=True, inside=True, heading="#Fields: c-ip\n"),
    )
    assert works(continuation(work)) == [work]


@pytest.mark.parametrize(
    "content",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"},
        through_sns({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"}),
        notification(eventName="ObjectRemoved:Delete"),
        EVENT_BRIDGE | {"detail-type": "Object Deleted"},
        {"Records": []},
    ],
)
def test_others_name_nothing(content: dict[str, Any]) -> None:
    assert works(json.dumps(content)) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"Records":7}',
        '{"Records":[{}]}',
        json.dumps(notification(eventSource="aws:sqs")),
        json.dumps(notification(s3={"bucket": {"name": "logs"}})),
        '{"weir.collect":{"bucket":"logs"}}',
        json.dumps(EVENT_BRIDGE | {"detail": {"bucket": {"name": "logs"}, "object": {"key": 7}}}),
    ],
)
def test_what_is_no_notification_is_refused(body: str) -> None:
    with pytest.raises(NoNotification, match="no notification of S3"):
        works(body)
