"""Security Hub findings in the AWS Security Finding Format (ASFF): bare, in lists, and as EventBridge brings them.

Fields: Security Hub user guide, "AWS Security Finding Format"
(https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html), events after "EventBridge event
formats" there. A custom action is of type `security_hub_action`. Findings of the new Security Hub ("Findings Imported V2") are
written after OCSF and of type `ocsf`.

What a finding says of its resources, of its product and of the standard it belongs to differs from product to product: it stays
as it is in one open object. A finding keeps its Id through all its updates, and what a user changes in it does not change its
UpdatedAt, so that neither identifies the event.
"""

from __future__ import annotations

from typing import Any

from common.distinct import distinct
from common.kinds import LONG_WORD, SENTENCE, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.severity_labels import number_of
from common.table import Table
from common.table_code import put

_OUTCOMES = {"PASSED": "success", "FAILED": "failure"}
#: Beginnings of finding types ("namespace/category/classifier"), and event.category.
_CATEGORIES = (
    ("Software and Configuration Checks/Vulnerabilities", ["vulnerability"]),
    ("Software and Configuration Checks", ["configuration"]),
    ("Sensitive Data Identifications", ["file"]),
)
_OTHERS = ["intrusion_detection"]
_DIRECTIONS = {"IN": "inbound", "OUT": "outbound"}


def recognise(record: JsonObject) -> bool:
    return isinstance(record["ProductArn"], str) and ":securityhub:" in record["ProductArn"]


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, finding = event["event"], event.get("aws", {}).get("securityhub", {})
    kind = finding.get("types", [""])[0]
    happened["category"] = next((category for begins, category in _CATEGORIES if kind.startswith(begins)), _OTHERS)
    if compliance := finding.get("compliance_status"):
        happened["outcome"] = _OUTCOMES.get(compliance, "unknown")
    number = number_of(finding.get("severity"))
    if number is not None:
        happened.setdefault("severity", number)
    for name, key in (("resource_types", "Type"), ("resource_ids", "Id")):
        if words := distinct(rest.get("Resources"), key):
            put(event, ["aws", "securityhub", name], words)


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


def _direction(value: Any) -> str | None:
    return _DIRECTIONS.get(value) if isinstance(value, str) else None


TABLE = Table(
    {
        "UpdatedAt": "@timestamp",
        "CreatedAt": "event.created",
        "FirstObservedAt": "event.start",
        "LastObservedAt": "event.end",
        "Severity.Normalized": "event.severity",
        "Severity.Label": "aws.securityhub.severity",
        "Description": "message",
        "Title": "aws.securityhub.title",
        "Id": "aws.securityhub.id",
        "Types": "aws.securityhub.types",
        "Compliance.Status": "aws.securityhub.compliance_status",
        "Compliance.SecurityControlId": "aws.securityhub.control_id",
        "Workflow.Status": "aws.securityhub.workflow_status",
        "RecordState": "aws.securityhub.record_state",
        "ProductArn": "aws.securityhub.product_arn",
        "ProductName": "event.provider",
        "GeneratorId": "rule.id",
        "SourceUrl": "event.reference",
        "AwsAccountId": "cloud.account.id",
        "AwsAccountName": "cloud.account.name",
        "Region": "cloud.region",
        "Network.Direction": "network.direction",
        "Network.Protocol": "network.transport",
        "Network.SourceIpV4": "source.ip",
        "Network.SourceIpV6": "source.ip",
        "Network.SourcePort": "source.port",
        "Network.SourceDomain": "source.domain",
        "Network.SourceMac": "source.mac",
        "Network.DestinationIpV4": "destination.ip",
        "Network.DestinationIpV6": "destination.ip",
        "Network.DestinationPort": "destination.port",
        "Network.DestinationDomain": "destination.domain",
        "Process.Name": "process.name",
        "Process.Path": "process.executable",
        "Process.Pid": "process.pid",
        "Process.ParentPid": "process.parent.pid",
    },
    own={
        "aws.securityhub.id": LONG_WORD,
        "aws.securityhub.title": SENTENCE,
        **{
            f"aws.securityhub.{name}": WORD
            for name in ("severity", "compliance_status", "control_id", "workflow_status", "record_state", "product_arn")
        },
        **{f"aws.securityhub.{name}": WORDS for name in ("types", "resource_types", "resource_ids")},
    },
    rest="aws.securityhub.other",
    constants={"event.kind": "alert", "event.type": ["info"]},
    read={"Network.Protocol": _lower, "Network.Direction": _direction},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="security_hub",
    dataset="aws.securityhub",
    title="Security Hub finding (ASFF)",
    page="https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("SchemaVersion", "ProductArn", "GeneratorId"),
    lists=("findings", "Findings"),
    detail_types=("Security Hub Findings - Imported",),
)
