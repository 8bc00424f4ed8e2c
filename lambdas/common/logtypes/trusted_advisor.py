"""Trusted Advisor: the state of one item of a check, each time the check is refreshed.

Fields: AWS Support user guide, "Monitoring AWS Trusted Advisor check results with Amazon EventBridge"
(https://docs.aws.amazon.com/awssupport/latest/user/cloudwatch-events-ta.html). Account, region and time stand outside the detail,
so that the record is all of the event. What an item tells differs with every check and stays as it is in one open object.
"""

from __future__ import annotations

from common.kinds import LONG_WORD, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

_DETAIL_TYPE = "Trusted Advisor Check Item Refresh Notification"
_OUTCOMES = {"OK": "success", "WARN": "failure", "ERROR": "failure"}


def recognise(record: JsonObject) -> bool:
    return bool(record["detail-type"] == _DETAIL_TYPE)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    if status := event.get("aws", {}).get("trusted_advisor", {}).get("status"):
        event["event"]["outcome"] = _OUTCOMES.get(status, "unknown")


TABLE = Table(
    {
        "time": "@timestamp",
        "id": "event.id",
        "account": "cloud.account.id",
        "region": "cloud.region",
        "detail.check-name": "rule.name",
        "detail.status": "aws.trusted_advisor.status",
        "detail.resource_id": "aws.trusted_advisor.resource_id",
        "detail.uuid": "aws.trusted_advisor.uuid",
    },
    own={
        "aws.trusted_advisor.status": WORD,
        "aws.trusted_advisor.resource_id": LONG_WORD,
        "aws.trusted_advisor.uuid": WORD,
    },
    rest="aws.trusted_advisor.other",
    constants={
        "event.kind": "state",
        "event.category": ["configuration"],
        "event.type": ["info"],
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="trusted_advisor",
    dataset="aws.trusted_advisor",
    title="Trusted Advisor check item",
    page="https://docs.aws.amazon.com/awssupport/latest/user/cloudwatch-events-ta.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("detail-type", "detail"),
    detail_types=(_DETAIL_TYPE,),
    whole_event=True,
)
