"""What a message of the queue says is to be read.

Formats: S3 user guide, "Event message structure"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), whose keys are URL-encoded, and
"Using EventBridge" (https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html), whose keys are not; SNS developer
guide, "Fanout to Amazon SQS queues" for the envelope of a topic without raw message delivery. Beside these stands a message of
the function's own, by which it goes on with an object another time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import orjson

from collect.work import Work

_CONTINUATION = "weir.collect"


class NoNotification(ValueError):
    """The message is none of the known ones."""


def continuation(work: Work) -> str:
    """The message that says to go on with `work`."""
    return orjson.dumps({_CONTINUATION: work.fields()}).decode()


def works(body: str) -> list[Work]:
    """The objects a message names; none for S3's test message, and for events other than the creation of an object.

    Raises NoNotification.
    """
    try:
        return list(_works(orjson.loads(body)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise NoNotification(f"the message is no notification of S3, nor one through SNS or EventBridge: {reason}") from None


def _works(content: dict[str, Any]) -> Iterator[Work]:
    if _CONTINUATION in content:
        yield Work.read(content[_CONTINUATION])
    elif content.get("Type") == "Notification" and "TopicArn" in content:
        yield from _works(orjson.loads(content["Message"]))
    elif content.get("Event") == "s3:TestEvent":
        return
    elif content.get("source") == "aws.s3" and "detail-type" in content:
        if content["detail-type"] == "Object Created":
            yield _from_event_bridge(content["detail"])
    else:
        for record in content["Records"]:
            if record["eventSource"] != "aws:s3":
                raise NoNotification(f"a record of {record['eventSource']}")
            if record["eventName"].startswith("ObjectCreated:"):
                yield _from_s3(record["s3"])


def _from_s3(s3: dict[str, Any]) -> Work:
    found = s3["object"]
    return _work(s3["bucket"]["name"], unquote_plus(found["key"]), found.get("versionId"), found.get("eTag"))


def _from_event_bridge(detail: dict[str, Any]) -> Work:
    found = detail["object"]
    return _work(detail["bucket"]["name"], found["key"], found.get("version-id"), found.get("etag"))


def _work(bucket: Any, key: Any, version: Any, etag: Any) -> Work:
    if not (isinstance(bucket, str) and isinstance(key, str)):
        raise TypeError("bucket and key are text")
    return Work(bucket=bucket, key=key, version=version or None, etag=etag.strip('"') if etag else None)
