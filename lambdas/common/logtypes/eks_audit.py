"""Audit events of a Kubernetes API server, which EKS writes to CloudWatch Logs.

Fields: Kubernetes documentation, "kube-apiserver Audit Configuration (v1)"
(https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/), and Amazon EKS user guide, "Send control plane logs to
CloudWatch Logs". A request has an event at each of its stages, so its audit id and the stage together identify one.
"""

from __future__ import annotations

from typing import Any

from common.kinds import WORD, is_ip
from common.logtype import JsonObject, ObjectType
from common.table import Table

_FAILURE = 400
_API = "audit.k8s.io/"
#: The annotation with the authorizer's answer, and event.type by it.
_DECISION = "authorization.k8s.io/decision"
_DECISIONS = {"allow": "allowed", "forbid": "denied"}
_READING = frozenset(("get", "list", "watch"))
_TYPES = {"create": "creation", "delete": "deletion", "deletecollection": "deletion", "update": "change", "patch": "change"}


def recognise(record: JsonObject) -> bool:
    version = record["apiVersion"]
    return record["kind"] == "Event" and isinstance(version, str) and version.startswith(_API)


def _only_ip(value: Any) -> str | None:
    return value[0] if isinstance(value, list) and len(value) == 1 and is_ip(value[0]) else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    what, audit = event["event"], event.get("kubernetes", {}).get("audit", {})
    if "id" in what and "stage" in audit:
        what["id"] = f"{what['id']}:{audit['stage']}"
    addresses = rest.get("sourceIPs")
    if isinstance(addresses, list) and is_ip(addresses[0]):
        event["source"] = {"ip": addresses[0]}  # the client; the proxies after it stay in the rest
    verb = what.get("action")
    types = ["access" if verb in _READING else _TYPES.get(verb, "info")]
    annotations = rest.get("annotations")
    decision = annotations.get(_DECISION) if isinstance(annotations, dict) else None
    if isinstance(decision, str) and decision in _DECISIONS:
        types.append(_DECISIONS[decision])
    what["type"] = types
    code = event.get("http", {}).get("response", {}).get("status_code")
    what["outcome"] = "unknown" if code is None else "failure" if code >= _FAILURE else "success"


TABLE = Table(
    {
        "requestReceivedTimestamp": "@timestamp",
        "stageTimestamp": "event.end",
        "auditID": "event.id",
        "level": "kubernetes.audit.level",
        "stage": "kubernetes.audit.stage",
        "verb": "event.action",
        "requestURI": "url.original",
        "user.username": "user.name",
        "user.uid": "user.id",
        "user.groups": "user.roles",
        "impersonatedUser.username": "user.target.name",
        "impersonatedUser.uid": "user.target.id",
        "sourceIPs": "source.ip",
        "userAgent": "user_agent.original",
        "objectRef.resource": "orchestrator.resource.type",
        "objectRef.subresource": "kubernetes.audit.subresource",
        "objectRef.namespace": "orchestrator.namespace",
        "objectRef.name": "orchestrator.resource.name",
        "objectRef.apiGroup": "kubernetes.audit.api_group",
        "responseStatus.code": "http.response.status_code",
        "responseStatus.reason": "event.reason",
        "responseStatus.message": "message",
    },
    own={
        "kubernetes.audit.level": WORD,
        "kubernetes.audit.stage": WORD,
        "kubernetes.audit.subresource": WORD,
        "kubernetes.audit.api_group": WORD,
    },
    rest="kubernetes.audit.other",
    constants={"event.category": ["api"]},
    read={"sourceIPs": _only_ip},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="eks_audit",
    dataset="aws.eks_audit",
    title="EKS (Kubernetes) audit event",
    page="https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/",
    arrival="A subscription of the cluster's log group, whose kube-apiserver-audit streams have them.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("kind", "apiVersion", "auditID", "stage"),
)
