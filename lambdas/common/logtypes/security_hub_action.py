"""Security Hub's custom actions: what a user sent on, and by which action: a finding, or the results of an insight.

Fields: Security Hub user guide, "EventBridge event formats for Security Hub CSPM"
(https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html). Time, account and region of the
action stand outside the detail, so that the record is all of the event. The finding itself, which is of type `security_hub` where
it was imported, stays as it is in one open object.
"""

from __future__ import annotations

from typing import Any

from common.distinct import distinct
from common.kinds import LONG_WORD, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table
from common.table_code import put

_DETAIL_TYPES = ("Security Hub Findings - Custom Action", "Security Hub Insight Results")


def recognise(record: JsonObject) -> bool:
    return record["detail-type"] in _DETAIL_TYPES


def _complete(event: JsonObject, rest: JsonObject) -> None:
    findings = _objects(rest.get("detail", {}), "findings")
    resources = [resource for finding in findings for resource in _objects(finding, "Resources")]
    for name, objects, key in (
        ("finding_ids", findings, "Id"),
        ("finding_titles", findings, "Title"),
        ("resource_types", resources, "Type"),
        ("resource_ids", resources, "Id"),
    ):
        if words := distinct(objects, key):
            put(event, ["aws", "securityhub", name], words)


def _objects(holder: Any, name: str) -> list[Any]:
    """What is at `name` of an object: the guide shows one finding, where Security Hub writes a list of them."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else [value]


TABLE = Table(
    {
        "time": "@timestamp",
        "id": "event.id",
        "detail-type": "aws.securityhub.detail_type",
        "account": "cloud.account.id",
        "region": "cloud.region",
        "detail.actionName": "event.action",
        "detail.actionDescription": "message",
        "detail.insightArn": "aws.securityhub.insight_arn",
        "detail.insightName": "aws.securityhub.insight_name",
        "detail.resultType": "aws.securityhub.result_type",
    },
    own={
        "aws.securityhub.insight_arn": LONG_WORD,
        **{f"aws.securityhub.{name}": WORD for name in ("detail_type", "insight_name", "result_type")},
        **{f"aws.securityhub.{name}": WORDS for name in ("finding_ids", "finding_titles", "resource_types", "resource_ids")},
    },
    rest="aws.securityhub.other",
    constants={
        "event.category": ["intrusion_detection"],
        "event.type": ["info"],
        "event.provider": "Security Hub",
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="security_hub_action",
    dataset="aws.securityhub",
    title="Security Hub custom action",
    page="https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("detail-type", "detail"),
    detail_types=_DETAIL_TYPES,
    whole_event=True,
)
