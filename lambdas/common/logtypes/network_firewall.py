"""Network Firewall logs: alerts, flows and TLS inspection.

Fields: Network Firewall developer guide, "Contents of a Network Firewall log"
(https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html); alerts and flows are those of
Suricata, "EVE JSON Format" (https://docs.suricata.io/en/latest/output/eve/eve-json-format.html). A flow is one direction's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from common import web_access
from common.kinds import FLAG, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table

#: What an alert's action means: event.outcome and event.type. A revocation check's are Suricata's rule actions.
_MEANING: Mapping[str, tuple[str, str]] = {
    "allowed": ("success", "allowed"),
    "blocked": ("failure", "denied"),
    "pass": ("success", "allowed"),
    "drop": ("failure", "denied"),
    "reject": ("failure", "denied"),
}
_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9]+)[a-z]")


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    _name_question(event, rest)
    what = event["event"]
    kind = event.get("aws", {}).get("network_firewall", {}).get("event_type")
    action = what.get("action")
    outcome, meaning = _MEANING.get(action or "", ("unknown", "info"))
    if kind == "alert":
        what |= {"kind": "alert", "category": ["network", "intrusion_detection"], "type": [meaning], "outcome": outcome}
    elif action is not None:
        what |= {"type": [meaning], "outcome": outcome}
    elif "error" in event:
        what |= {"type": ["error"], "outcome": "failure"}
    else:
        what["type"] = ["connection"]
    zone = _ZONE.fullmatch(event.get("cloud", {}).get("availability_zone", ""))
    if zone is not None:
        event["cloud"]["region"] = zone[1]
    inner = rest.get("event")
    if not isinstance(inner, dict):
        return
    tls = inner.get("tls")
    if isinstance(tls, dict):
        web_access.move_tls_version(event, tls, "version")
        if not tls:
            del inner["tls"]
    if not inner:
        del rest["event"]


def _name_question(event: JsonObject, rest: JsonObject) -> None:
    """The first query of a DNS event; the list itself stays."""
    found = rest.get("event")
    for step in ("dns", "query"):
        found = found.get(step) if isinstance(found, dict) else None
    first = found[0] if isinstance(found, list) and found else None
    if isinstance(first, dict):
        name, kind = WORD.read(first.get("rrname")), WORD.read(first.get("rrtype"))
        question = {key: value for key, value in (("name", name), ("type", kind)) if value is not None}
        if question:
            event.setdefault("dns", {}).setdefault("question", question)


TABLE = Table(
    {
        "event.timestamp": "@timestamp",
        "firewall_name": "observer.name",
        "event_timestamp": "event.created",
        "availability_zone": "cloud.availability_zone",
        "aws_category": "aws.network_firewall.aws_category",
        "event.event_type": "aws.network_firewall.event_type",
        "event.flow_id": "aws.network_firewall.flow_id",
        "event.src_ip": "source.ip",
        "event.src_port": "source.port",
        "event.dest_ip": "destination.ip",
        "event.dest_port": "destination.port",
        "event.proto": "network.transport",
        "event.app_proto": "network.protocol",
        "event.direction": "aws.network_firewall.direction",
        "event.tls_inspected": "aws.network_firewall.tls_inspected",
        "event.verdict.action": "aws.network_firewall.verdict",
        "event.alert.action": "event.action",
        "event.alert.severity": "event.severity",
        "event.alert.signature": "rule.name",
        "event.alert.signature_id": "rule.id",
        "event.alert.category": "rule.category",
        "event.alert.rev": "rule.version",
        "event.netflow.pkts": "network.packets",
        "event.netflow.bytes": "network.bytes",
        "event.netflow.start": "event.start",
        "event.netflow.end": "event.end",
        "event.netflow.age": "event.duration",
        "event.tcp.tcp_flags": "aws.network_firewall.tcp_flags",
        "event.http.hostname": "url.domain",
        "event.http.url": "url.original",
        "event.http.http_user_agent": "user_agent.original",
        "event.http.http_refer": "http.request.referrer",
        "event.http.http_method": "http.request.method",
        "event.http.http_content_type": "http.response.mime_type",
        "event.http.protocol": "http.version",
        "event.http.status": "http.response.status_code",
        "event.http.length": "http.response.body.bytes",
        "event.tls.sni": "tls.client.server_name",
        "event.sni": "tls.client.server_name",
        "event.tls.subject": "tls.server.subject",
        "event.tls.issuerdn": "tls.server.issuer",
        "event.tls.notbefore": "tls.server.not_before",
        "event.tls.notafter": "tls.server.not_after",
        "event.tls.ja3.hash": "tls.client.ja3",
        "event.tls.ja3s.hash": "tls.server.ja3s",
        "event.dns.rrname": "dns.question.name",
        "event.dns.rrtype": "dns.question.type",
        "event.dns.rcode": "dns.response_code",
        "event.revocation_check.action": "event.action",
        "event.revocation_check.status": "aws.network_firewall.revocation_status",
        "event.tls_error.error_message": "error.message",
    },
    own={
        "aws.network_firewall.aws_category": WORDS,
        "aws.network_firewall.event_type": WORD,
        "aws.network_firewall.flow_id": WORD,
        "aws.network_firewall.direction": WORD,
        "aws.network_firewall.tls_inspected": FLAG,
        "aws.network_firewall.verdict": WORD,
        "aws.network_firewall.tcp_flags": WORD,
        "aws.network_firewall.revocation_status": WORD,
    },
    rest="aws.network_firewall.other",
    constants={"event.category": ["network"]},
    read={
        "event.proto": _lower,
        "event.alert.action": _lower,
        "event.revocation_check.action": _lower,
        "event.netflow.age": web_access.nanoseconds,
        "event.http.protocol": web_access.http_version,
        "event.http.status": web_access.status,
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="network_firewall",
    dataset="aws.network_firewall",
    title="Network Firewall alert, flow or TLS log",
    page="https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html",
    arrival="Firehose, a subscription of the firewall's log group, or its files in S3, of which every line is a record.",
    recognise=lambda record: isinstance(record["event"], dict),
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("firewall_name", "event_timestamp", "event"),
)
