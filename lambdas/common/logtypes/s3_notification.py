"""S3 event notifications, and the events S3 sends to EventBridge.

Fields: Amazon S3 user guide, "Event message structure"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html) and "EventBridge event message
structure" (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html). The key of a notification is URL-encoded, that
of an EventBridge event is not.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from common.kinds import LONG_WORD, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

#: event.type by how event.action begins; any other changes what is known of an object, and not its content.
_TYPES = {
    "ObjectCreated": "creation",
    "Object Created": "creation",
    "ObjectRemoved": "deletion",
    "Object Deleted": "deletion",
    "LifecycleExpiration": "deletion",
    "ReducedRedundancyLostObject": "deletion",
}
_FAILED = "Replication:OperationFailedReplication"


def recognise(record: JsonObject) -> bool:
    """A notification. An EventBridge event is known by its detail-type."""
    return bool(record["eventSource"] == "aws:s3")


def _key(value: Any) -> str | None:
    return unquote_plus(value) if isinstance(value, str) and value else None


def _action(value: Any) -> str | None:
    """Without the `s3:` that stands before it in a configuration, and sometimes in a notification."""
    return value.removeprefix("s3:") or None if isinstance(value, str) else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    action = event["event"].get("action", "")
    event["event"] |= {
        "type": [_TYPES.get(action.partition(":")[0], "change")],
        "outcome": "failure" if action == _FAILED else "success",
    }


TABLE = Table(
    {
        "eventTime": "@timestamp",
        "eventName": "event.action",
        "eventSource": "event.provider",
        "awsRegion": "cloud.region",
        "userIdentity.principalId": "user.id",
        "requestParameters.sourceIPAddress": "source.ip",
        "responseElements.x-amz-request-id": "http.request.id",
        "s3.configurationId": "aws.s3.configuration_id",
        "s3.bucket.name": "aws.s3.bucket",
        "s3.object.key": "aws.s3.key",
        "s3.object.size": "file.size",
        "s3.object.versionId": "aws.s3.version_id",
        "s3.object.sequencer": "aws.s3.sequencer",
        "id": "event.id",
        "time": "@timestamp",
        "detail-type": "event.action",
        "source": "event.provider",
        "account": "cloud.account.id",
        "region": "cloud.region",
        "detail.requester": "user.id",
        "detail.source-ip-address": "source.ip",
        "detail.request-id": "http.request.id",
        "detail.reason": "event.reason",
        "detail.bucket.name": "aws.s3.bucket",
        "detail.object.key": "aws.s3.key",
        "detail.object.size": "file.size",
        "detail.object.version-id": "aws.s3.version_id",
        "detail.object.sequencer": "aws.s3.sequencer",
    },
    own={
        "aws.s3.bucket": WORD,
        "aws.s3.key": LONG_WORD,
        "aws.s3.version_id": WORD,
        "aws.s3.sequencer": WORD,
        "aws.s3.configuration_id": WORD,
    },
    rest="aws.s3.other",
    constants={"event.category": ["file"]},
    read={"s3.object.key": _key, "eventName": _action},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="s3_notification",
    dataset="aws.s3",
    title="S3 event notification",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html",
    arrival="A notification through SQS, SNS or Lambda, one record or a list of them, or an EventBridge rule.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("eventVersion", "eventSource", "s3"),
    lists=("Records",),
    detail_types=(
        "Object Created",
        "Object Deleted",
        "Object Restore Initiated",
        "Object Restore Completed",
        "Object Restore Expired",
        "Object Storage Class Changed",
        "Object Access Tier Changed",
        "Object ACL Updated",
        "Object Tags Added",
        "Object Tags Deleted",
    ),
    whole_event=True,
)
