"""Events after the Open Cybersecurity Schema Framework (OCSF) 1.x, as Security Lake keeps them and Security Hub sends them.

Fields: OCSF schema, "Base Event" (https://schema.ocsf.io/1.5.0/base_event), and Security Lake user guide, "Open Cybersecurity
Schema Framework" (https://docs.aws.amazon.com/security-lake/latest/userguide/open-cybersecurity-schema-framework.html). Of the
attributes of its many classes those that say who, where from, where to and what have their ECS fields; the others stay as they
are in one open object. Version 1 of Security Lake's sources is OCSF 1.0.0-rc.2, which calls the account `cloud.account_uid` and
a finding's information `finding`. `metadata.uid` does not identify the event: a finding keeps its own through all its updates,
and the stages of a Kubernetes request share that of their audit event.
"""

from __future__ import annotations

from typing import Any

from common.distinct import distinct
from common.kinds import WHOLE, WORD, WORDS
from common.logtype import JsonObject, ObjectType, present
from common.table import Table
from common.table_code import put

_FINDINGS = 2
#: event.category by class, and by category for all other classes.
_CLASSES = {
    1001: ["file"],
    1007: ["process"],
    2002: ["vulnerability"],
    2003: ["configuration"],
    3002: ["authentication"],
    4002: ["web", "network"],
    4009: ["email"],
    6005: ["database"],
}
_CATEGORIES = {
    1: ["host"],
    _FINDINGS: ["intrusion_detection"],
    3: ["iam"],
    4: ["network"],
    5: ["configuration"],
    6: ["api"],
}
_OUTCOMES = {"success": "success", "failure": "failure"}
#: Of a compliance check (OCSF schema, object "compliance").
_COMPLIANCE = {"pass": "success", "fail": "failure"}


def recognise(record: JsonObject) -> bool:
    metadata = record["metadata"]
    return type(record["class_uid"]) is int and isinstance(metadata, dict) and "version" in metadata and "product" in metadata


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, described = event["event"], event.get("ocsf", {})
    category = described.get("category_uid")
    found = _CLASSES.get(described.get("class_uid")) or _CATEGORIES.get(category)
    if found:
        happened["category"] = found
    if category == _FINDINGS:
        happened["kind"] = "alert"
        _complete_finding(event, rest)
    elif status := described.get("status"):
        happened["outcome"] = _OUTCOMES.get(status.lower(), "unknown")
    if "resources" in rest and (words := distinct(rest["resources"], "uid")):
        put(event, ["ocsf", "resource_uids"], words)


def _complete_finding(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: of a compliance check. The status of a finding is how far people are with it."""
    if compliance := event["ocsf"].get("compliance_status"):
        event["event"]["outcome"] = _COMPLIANCE.get(compliance.lower(), "unknown")
    if threat := _threat(rest):
        event["threat"] = threat
    if words := distinct(_members(rest.get("vulnerabilities"), "cve"), "uid"):
        put(event, ["vulnerability", "id"], words[0])  # the others, if any, remain in vulnerabilities


def _threat(rest: JsonObject) -> JsonObject:
    """Tactics and techniques of ATT&CK: an event's own, or those of what it found."""
    found = rest.get("finding_info")
    attacks = rest.get("attacks") or (found.get("attacks") if isinstance(found, dict) else None)
    tactics, techniques = _members(attacks, "tactic"), _members(attacks, "technique")
    return present(
        tactic=present(name=distinct(tactics, "name")),
        technique=present(id=distinct(techniques, "uid"), name=distinct(techniques, "name")),
    )


def _members(objects: Any, name: str) -> list[Any]:
    """What the objects of a list have at `name`."""
    return [item.get(name) for item in objects if isinstance(item, dict)] if isinstance(objects, list) else []


def _nanoseconds(value: Any) -> int | None:
    """Of milliseconds."""
    return value * 1_000_000 if type(value) is int and 0 <= value < 2**43 else None


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


TABLE = Table(
    {
        "time": "@timestamp",
        "start_time": "event.start",
        "end_time": "event.end",
        "duration": "event.duration",
        "activity_name": "event.action",
        "severity_id": "event.severity",
        "message": "message",
        "class_uid": "ocsf.class_uid",
        "class_name": "ocsf.class_name",
        "category_uid": "ocsf.category_uid",
        "category_name": "ocsf.category_name",
        "type_uid": "ocsf.type_uid",
        "type_name": "ocsf.type_name",
        "severity": "ocsf.severity",
        "status": "ocsf.status",
        "status_code": "event.code",
        "status_detail": "event.reason",
        "metadata.uid": "ocsf.uid",
        "metadata.version": "ocsf.version",
        "metadata.product.name": "event.provider",
        "cloud.provider": "cloud.provider",
        "cloud.region": "cloud.region",
        "cloud.account.uid": "cloud.account.id",
        "cloud.account_uid": "cloud.account.id",
        "cloud.account.name": "cloud.account.name",
        "actor.user.name": "user.name",
        "actor.user.uid": "user.id",
        "user.name": "user.target.name",
        "user.uid": "user.target.id",
        "api.operation": "ocsf.api_operation",
        "api.service.name": "ocsf.api_service",
        "api.response.error": "error.code",
        "api.response.error_message": "error.message",
        "src_endpoint.ip": "source.ip",
        "src_endpoint.port": "source.port",
        "src_endpoint.domain": "source.domain",
        "src_endpoint.mac": "source.mac",
        "src_endpoint.location.country": "source.geo.country_iso_code",
        "dst_endpoint.ip": "destination.ip",
        "dst_endpoint.port": "destination.port",
        "dst_endpoint.domain": "destination.domain",
        "connection_info.protocol_name": "network.transport",
        "connection_info.protocol_num": "network.iana_number",
        "connection_info.direction": "network.direction",
        "traffic.bytes": "network.bytes",
        "traffic.packets": "network.packets",
        "http_request.http_method": "http.request.method",
        "http_request.user_agent": "user_agent.original",
        "http_request.url.hostname": "url.domain",
        "http_request.url.path": "url.path",
        "http_request.url.query_string": "url.query",
        "http_request.url.url_string": "url.original",
        "http_request.url.port": "url.port",
        "http_request.url.scheme": "url.scheme",
        "http_request.referrer": "http.request.referrer",
        "http_request.version": "http.version",
        "http_request.uid": "http.request.id",
        "http_response.code": "http.response.status_code",
        "api.request.uid": "http.request.id",
        "device.uid": "host.id",
        "device.hostname": "host.name",
        "device.ip": "host.ip",
        "process.name": "process.name",
        "process.pid": "process.pid",
        "process.cmd_line": "process.command_line",
        "process.file.path": "process.executable",
        "file.name": "file.name",
        "file.path": "file.path",
        "file.size": "file.size",
        "query.hostname": "dns.question.name",
        "query.type": "dns.question.type",
        "query.class": "dns.question.class",
        "rcode": "dns.response_code",
        "finding_info.uid": "ocsf.finding_uid",
        "finding_info.title": "rule.name",
        "finding_info.desc": "rule.description",
        "finding_info.types": "ocsf.finding_types",
        "finding.uid": "ocsf.finding_uid",
        "finding.title": "rule.name",
        "finding.desc": "rule.description",
        "finding.types": "ocsf.finding_types",
        "compliance.status": "ocsf.compliance_status",
    },
    own={
        **{f"ocsf.{name}": WHOLE for name in ("class_uid", "category_uid", "type_uid")},
        **{f"ocsf.{name}": WORD for name in ("class_name", "category_name", "type_name", "severity", "status", "version")},
        **{f"ocsf.{name}": WORD for name in ("uid", "api_operation", "api_service", "finding_uid", "compliance_status")},
        "ocsf.finding_types": WORDS,
        "ocsf.resource_uids": WORDS,
    },
    rest="ocsf.other",
    read={
        "duration": _nanoseconds,
        "cloud.provider": _lower,
        "connection_info.protocol_name": _lower,
        "connection_info.direction": _lower,
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="ocsf",
    dataset="ocsf",
    title="OCSF event (Security Lake, Security Hub)",
    page="https://schema.ocsf.io/1.5.0/base_event",
    arrival="Objects of Security Lake as JSON, or EventBridge from Security Hub.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("class_uid", "category_uid", "metadata"),
    lists=("findings",),
    detail_types=("Findings Imported V2",),
)
