"""IAM Access Analyzer findings: access from outside, access within an organization, and access that nobody uses.

Fields: IAM user guide, "Monitoring IAM Access Analyzer with Amazon EventBridge"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-eventbridge.html). Principal, condition and what the kinds of
finding differ in stay as they are in one open object. A finding keeps its id through all its updates, so that the id does not
identify the event.
"""

from __future__ import annotations

from common.kinds import FLAG, INSTANT, LONG_WORD, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table

_KINDS = ("principal", "isPublic", "isDeleted", "findingType", "accessType")


def recognise(record: JsonObject) -> bool:
    """An external finding says who has access, or at least whether it is deleted; any other says of what type it is."""
    return "updatedAt" in record and any(name in record for name in _KINDS)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    if event.get("aws", {}).get("access_analyzer", {}).get("is_deleted"):
        event["event"]["type"] = ["deletion"]


TABLE = Table(
    {
        "updatedAt": "@timestamp",
        "createdAt": "event.created",
        "analyzedAt": "aws.access_analyzer.analyzed_at",
        "id": "aws.access_analyzer.id",
        "findingId": "aws.access_analyzer.id",
        "findingType": "rule.name",
        "status": "aws.access_analyzer.status",
        "resource": "aws.access_analyzer.resource",
        "resourceType": "aws.access_analyzer.resource_type",
        "accountId": "cloud.account.id",
        "resourceOwnerAccount": "aws.access_analyzer.resource_owner",
        "region": "cloud.region",
        "action": "aws.access_analyzer.actions",
        "isPublic": "aws.access_analyzer.is_public",
        "isDeleted": "aws.access_analyzer.is_deleted",
        "error": "error.message",
    },
    own={
        "aws.access_analyzer.analyzed_at": INSTANT,
        **{f"aws.access_analyzer.{name}": WORD for name in ("id", "status", "resource_type", "resource_owner")},
        "aws.access_analyzer.resource": LONG_WORD,
        "aws.access_analyzer.actions": WORDS,
        "aws.access_analyzer.is_public": FLAG,
        "aws.access_analyzer.is_deleted": FLAG,
    },
    rest="aws.access_analyzer.other",
    constants={"event.kind": "alert", "event.category": ["iam"], "event.type": ["info"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="access_analyzer",
    dataset="aws.access_analyzer",
    title="IAM Access Analyzer finding",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-eventbridge.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("resource", "resourceType", "analyzedAt", "status"),
    detail_types=("Access Analyzer Finding", "Unused Access Finding for IAM entities", "Internal Access Finding"),
)
