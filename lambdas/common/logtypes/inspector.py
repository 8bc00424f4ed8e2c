"""Inspector findings: vulnerable packages, reachable ports and weak code.

Fields: Inspector user guide, "Amazon EventBridge event schema for Amazon Inspector events"
(https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html). Resources, packages and network paths stay as
they are in one open object. A finding keeps its ARN through all its updates, so that the ARN does not identify the event.
"""

from __future__ import annotations

import re
from typing import Any

from common.cache import remembered
from common.distinct import distinct
from common.kinds import INSTANT, LONG_WORD, NUMBER, SENTENCE, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.severity_labels import number_of
from common.table import Table
from common.table_code import put
from common.written_dates import MONTHS

_REGION = 3  # of the parts of an ARN, from 0
#: "Wed Sep 04 16:55:38.411 UTC 2024".
_WRITTEN = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?) UTC ([0-9]{4})")
#: What Inspector wrote before: "Jan 19, 2024, 10:46:26 PM", in UTC. The space before PM may be a narrow one that does not break.
_CLOCK = re.compile(r"([A-Z][a-z]{2}) ([0-9]{1,2}), ([0-9]{4}),? (1[0-2]|0?[1-9]):([0-9]{2}):([0-9]{2})[ \u202f]([AP])M")


def recognise(record: JsonObject) -> bool:
    return isinstance(record["findingArn"], str) and ":inspector2:" in record["findingArn"]


def _time(value: Any) -> Any:
    """One of EventBridge's forms of a time, or any other form."""
    return INSTANT.read(_iso(value) if isinstance(value, str) else value)


@remembered(1_024)
def _iso(value: str) -> str:
    """EventBridge's forms of a time in ISO 8601; any other text as it is."""
    match = _WRITTEN.fullmatch(value)
    if match is not None and match[1] in MONTHS:
        name, day, clock, year = match.groups()
        return f"{year}-{MONTHS[name]}-{day}T{clock}Z"
    match = _CLOCK.fullmatch(value)
    if match is None or match[1] not in MONTHS:
        return value
    name, day, year, hour, minute, second, half = match.groups()
    return f"{year}-{MONTHS[name]}-{int(day):02}T{int(hour) % 12 + (12 if half == 'P' else 0):02}:{minute}:{second}Z"


def _complete(event: JsonObject, rest: JsonObject) -> None:
    if (number := number_of(event.get("vulnerability", {}).get("severity"))) is not None:
        event["event"]["severity"] = number
    parts = event.get("aws", {}).get("inspector", {}).get("arn", "").split(":")
    if len(parts) > _REGION and parts[_REGION]:
        event.setdefault("cloud", {})["region"] = parts[_REGION]
    for name, key in (("resource_types", "type"), ("resource_ids", "id")):
        if words := distinct(rest.get("resources"), key):
            put(event, ["aws", "inspector", name], words)


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


_PACKAGE = "packageVulnerabilityDetails"
TABLE = Table(
    {
        "updatedAt": "@timestamp",
        "firstObservedAt": "event.start",
        "lastObservedAt": "event.end",
        "description": "message",
        "title": "aws.inspector.title",
        "findingArn": "aws.inspector.arn",
        "type": "rule.category",
        "severity": "vulnerability.severity",
        "inspectorScore": "vulnerability.score.base",
        "status": "aws.inspector.status",
        "exploitAvailable": "aws.inspector.exploit_available",
        "fixAvailable": "aws.inspector.fix_available",
        "epss.score": "aws.inspector.epss_score",
        "awsAccountId": "cloud.account.id",
        f"{_PACKAGE}.vulnerabilityId": "vulnerability.id",
        f"{_PACKAGE}.sourceUrl": "event.reference",
        "codeVulnerabilityDetails.detectorName": "rule.name",
        "codeVulnerabilityDetails.filePath.filePath": "file.path",
        "networkReachabilityDetails.protocol": "network.transport",
        "networkReachabilityDetails.openPortRange.begin": "destination.port",
    },
    own={
        "aws.inspector.arn": LONG_WORD,
        "aws.inspector.title": SENTENCE,
        **{f"aws.inspector.{name}": WORD for name in ("status", "exploit_available", "fix_available")},
        "aws.inspector.epss_score": NUMBER,
        **{f"aws.inspector.{name}": WORDS for name in ("resource_types", "resource_ids")},
    },
    rest="aws.inspector.other",
    constants={
        "event.kind": "alert",
        "event.category": ["vulnerability"],
        "event.type": ["info"],
    },
    read={
        **dict.fromkeys(("updatedAt", "firstObservedAt", "lastObservedAt"), _time),
        "networkReachabilityDetails.protocol": _lower,
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="inspector",
    dataset="aws.inspector",
    title="Inspector finding",
    page="https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("findingArn", "awsAccountId", "severity", "type"),
    lists=("findings",),
    detail_types=("Inspector2 Finding",),
)
