"""AWS Config: changes of a resource's configuration and of its compliance, and the items of snapshots and histories.

Fields: AWS Config developer guide, "Example Configuration Item Change Notifications"
(https://docs.aws.amazon.com/config/latest/developerguide/example-sns-notification.html), "Example Compliance Change Notification"
(https://docs.aws.amazon.com/config/latest/developerguide/example-config-rule-compliance-notification.html), "Example
Configuration Snapshot from AWS Config", and the examples of deliveries and evaluations under "Notifications that AWS Config Sends
to an Amazon SNS topic" (https://docs.aws.amazon.com/config/latest/developerguide/notifications-for-AWS-Config.html). The
configuration itself differs with every resource type and stays as it is in one open object.

A notification of a delivery or of an evaluation has no item: the time of its creation is its time.
"""

from __future__ import annotations

from typing import Any

from common.kinds import LONG_WORD, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table

_OF_AN_ITEM = frozenset(
    (
        "ConfigurationItemChangeNotification",
        "OversizedConfigurationItemChangeNotification",
        "OversizedConfigurationItemChangeDeliveryFailed",
        "ComplianceChangeNotification",
    )
)
_OF_NO_ITEM = frozenset(
    (
        "ConfigRulesEvaluationStarted",
        "ConfigurationSnapshotDeliveryStarted",
        "ConfigurationSnapshotDeliveryCompleted",
        "ConfigurationSnapshotDeliveryFailed",
        "ConfigurationHistoryDeliveryCompleted",
        "ConfigurationHistoryDeliveryFailed",
    )
)
_MESSAGES = _OF_AN_ITEM | _OF_NO_ITEM
_OUTCOMES = {"COMPLIANT": "success", "NON_COMPLIANT": "failure"}
#: event.type by the item's status, or by the type of change where the notification tells one.
_TYPES = {
    "CREATE": ["creation"],
    "UPDATE": ["change"],
    "DELETE": ["deletion"],
    "ResourceDiscovered": ["creation"],
    "ResourceDeleted": ["deletion"],
    "ResourceDeletedNotRecorded": ["deletion"],
}
_OTHER_TYPES = ["info"]


def recognise(record: JsonObject) -> bool:
    """A notification, or an item by itself."""
    message = record.get("messageType")
    return (isinstance(message, str) and message in _MESSAGES) or (
        "configurationItemCaptureTime" in record and "resourceType" in record
    )


def _zone(value: Any) -> str | None:
    """A zone, and not "Not Applicable", "Regional" or "Multiple Availability Zones"."""
    return value if isinstance(value, str) and value[-1:].islower() and " " not in value and value[-2:-1].isdigit() else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, item = event["event"], event.get("aws", {}).get("config", {})
    happened["type"] = _TYPES.get(happened.get("action")) or _TYPES.get(item.get("status")) or _OTHER_TYPES
    message = item.get("message_type", "")
    if compliance := item.get("compliance"):
        happened["outcome"] = _OUTCOMES.get(compliance, "unknown")
    elif message.endswith("DeliveryCompleted"):
        happened["outcome"] = "success"
    elif message.endswith("DeliveryFailed"):
        happened["outcome"] = "failure"
    if message in _OF_NO_ITEM and "created" in happened:
        event["@timestamp"] = happened["created"]


#: Where a configuration item stands: by itself, in a notification, and in one that was too large for the whole of it.
_HOLDERS = ("", "configurationItem.", "configurationItemSummary.")
_ITEM = {
    "configurationItemCaptureTime": "@timestamp",
    "configurationItemStatus": "aws.config.status",
    "resourceType": "aws.config.resource_type",
    "resourceId": "aws.config.resource_id",
    "resourceName": "aws.config.resource_name",
    "ARN": "aws.config.resource_arn",
    "arn": "aws.config.resource_arn",
    "awsAccountId": "cloud.account.id",
    "awsRegion": "cloud.region",
    "availabilityZone": "cloud.availability_zone",
    "resourceCreationTime": "event.start",
}
TABLE = Table(
    {
        "notificationCreationTime": "event.created",
        "messageType": "aws.config.message_type",
        **{f"{holder}{source}": target for holder in _HOLDERS for source, target in _ITEM.items()},
        "configurationItemDiff.changeType": "event.action",
        "configurationItemSummary.changeType": "event.action",
        "configRuleName": "rule.name",
        "configRuleARN": "rule.id",
        "newEvaluationResult.complianceType": "aws.config.compliance",
        "newEvaluationResult.resultRecordedTime": "@timestamp",
        "newEvaluationResult.annotation": "event.reason",
        "oldEvaluationResult.complianceType": "aws.config.old_compliance",
        "configRuleNames": "aws.config.rule_names",
        "configSnapshotId": "aws.config.snapshot_id",
        "s3Bucket": "aws.config.s3_bucket",
        "s3ObjectKey": "aws.config.s3_object_key",
        "s3DeliverySummary.s3BucketLocation": "aws.config.s3_location",
        "s3DeliverySummary.errorCode": "error.code",
        "s3DeliverySummary.errorMessage": "error.message",
    },
    own={
        **{
            f"aws.config.{name}": WORD
            for name in (
                *("message_type", "status", "resource_type", "resource_name", "compliance", "old_compliance"),
                *("snapshot_id", "s3_bucket"),
            )
        },
        **{f"aws.config.{name}": LONG_WORD for name in ("resource_id", "resource_arn", "s3_object_key", "s3_location")},
        "aws.config.rule_names": WORDS,
    },
    rest="aws.config.other",
    read={f"{holder}availabilityZone": _zone for holder in _HOLDERS},
    constants={"event.category": ["configuration"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="config",
    dataset="aws.config",
    title="AWS Config change",
    page="https://docs.aws.amazon.com/config/latest/developerguide/example-sns-notification.html",
    arrival="EventBridge, or the snapshots and histories that Config writes to S3.",
    recognise=recognise,
    shape=lambda names: "messageType" in names or "configurationItemCaptureTime" in names,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    lists=("configurationItems",),
    # https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-config.html
    detail_types=(
        "Config Configuration Item Change",
        "Config Rules Compliance Change",
        "Config Configuration Snapshot Delivery Status",
        "Config Configuration History Delivery Status",
        "Config Rules Re-evaluation Status",
    ),
)
