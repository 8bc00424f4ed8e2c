"""AWS Health events, as EventBridge brings them.

Fields: AWS Health user guide, "Reference: AWS Health events Amazon EventBridge schema"
(https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html). Account, region and time stand outside
the detail, so that the record is all of the event. Each update, and each page of a long list of resources, is an event of its
own.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from common.cache import remembered
from common.distinct import distinct
from common.kinds import INSTANT, LONG_WORD, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table
from common.table_code import put

_DETAIL_TYPES = ("AWS Health Event", "AWS Health Abuse Event")


def recognise(record: JsonObject) -> bool:
    return record["detail-type"] in _DETAIL_TYPES


def _time(value: Any) -> Any:
    """ "Sat, 05 Jun 2021 15:10:09 GMT", or any other form."""
    return INSTANT.read(_iso(value) if isinstance(value, str) else value)


@remembered(1_024)
def _iso(value: str) -> str:
    """A time of RFC 5322 in ISO 8601; any other text as it is."""
    try:
        return parsedate_to_datetime(value).isoformat()
    except ValueError:
        return value


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """A description in one language is the message; those of several stay where they are."""
    detail = rest.get("detail")
    if type(detail) is not dict:
        return
    if entities := distinct(detail.get("affectedEntities"), "entityValue"):
        put(event, ["aws", "health", "entities"], entities)
    descriptions: Any = detail.get("eventDescription")
    texts = distinct(descriptions, "latestDescription")
    if len(texts) == 1 and len(descriptions) == 1 and descriptions[0].keys() <= {"language", "latestDescription"}:
        event["message"] = texts[0]
        if languages := distinct(descriptions, "language"):
            put(event, ["aws", "health", "language"], languages[0])
        del detail["eventDescription"]


TABLE = Table(
    {
        "time": "@timestamp",
        "id": "event.id",
        "account": "cloud.account.id",
        "region": "cloud.region",
        "detail.eventArn": "aws.health.arn",
        "detail.service": "event.provider",
        "detail.eventTypeCode": "event.code",
        "detail.eventTypeCategory": "aws.health.category",
        "detail.eventScopeCode": "aws.health.scope",
        "detail.statusCode": "aws.health.status",
        "detail.communicationId": "aws.health.communication_id",
        "detail.affectedAccount": "aws.health.affected_account",
        "detail.eventRegion": "aws.health.region",
        "detail.startTime": "event.start",
        "detail.endTime": "event.end",
        "detail.lastUpdatedTime": "aws.health.updated",
    },
    own={
        "aws.health.arn": LONG_WORD,
        "aws.health.entities": WORDS,
        "aws.health.updated": INSTANT,
        **{
            f"aws.health.{name}": WORD
            for name in ("category", "scope", "status", "communication_id", "affected_account", "region", "language")
        },
    },
    rest="aws.health.other",
    constants={"event.kind": "alert", "event.category": ["host"], "event.type": ["info"]},
    read=dict.fromkeys(("detail.startTime", "detail.endTime", "detail.lastUpdatedTime"), _time),
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="health",
    dataset="aws.health",
    title="AWS Health event",
    page="https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("detail-type", "detail"),
    detail_types=_DETAIL_TYPES,
    whole_event=True,
)
