"""Audit log messages of the OpenSearch security plugin, as OpenSearch Service publishes them and as log4j writes them.

Fields: OpenSearch documentation, "Audit log field reference"
(https://docs.opensearch.org/latest/security/audit-logs/field-reference/); OpenSearch Service developer guide, "Monitoring audit
logs" (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/audit-logs.html), which cuts a message of more than
10,000 characters off: such a one is no JSON any more, and ends on `errors`.
"""

from __future__ import annotations

from typing import Any

from common.kinds import FLAG, WORD, WORDS
from common.logtype import JsonObject, ObjectType, Stamp
from common.table import Table

#: event.category, event.type and event.outcome of an audit category.
_CATEGORIES = {
    "FAILED_LOGIN": ("authentication", "start", "failure"),
    "AUTHENTICATED": ("authentication", "start", "success"),
    "MISSING_PRIVILEGES": ("api", "denied", "failure"),
    "GRANTED_PRIVILEGES": ("api", "allowed", "success"),
    "BAD_HEADERS": ("api", "denied", "failure"),
    "SSL_EXCEPTION": ("network", "connection", "failure"),
    "OPENSEARCH_SECURITY_INDEX_ATTEMPT": ("api", "denied", "failure"),
    "OPENDISTRO_SECURITY_INDEX_ATTEMPT": ("api", "denied", "failure"),
    "INDEX_EVENT": ("configuration", "change", None),
    "CLUSTER_SETTINGS_CHANGED": ("configuration", "change", None),
    "INDEX_SETTINGS_CHANGED": ("configuration", "change", None),
    "COMPLIANCE_DOC_READ": ("database", "access", None),
    "COMPLIANCE_DOC_WRITE": ("database", "change", None),
    "COMPLIANCE_INTERNAL_CONFIG_READ": ("configuration", "access", None),
    "COMPLIANCE_INTERNAL_CONFIG_WRITE": ("configuration", "change", None),
    "COMPLIANCE_EXTERNAL_CONFIG": ("configuration", "info", None),
}


def _lower(value: Any) -> str | None:
    return value.lower() or None if isinstance(value, str) else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """A category that is not known leaves the event in the database's."""
    happened = event["event"]
    found = _CATEGORIES.get(happened.get("action", "").upper())
    if found is not None:
        category, kind, outcome = found
        happened |= {"category": ["database", category] if category != "database" else ["database"], "type": [kind]}
        if outcome:
            happened["outcome"] = outcome


TABLE = Table(
    {
        "@timestamp": "@timestamp",
        "audit_utc_timestamp": "event.created",
        "audit_category": "event.action",
        "audit_cluster_name": "orchestrator.cluster.name",
        "audit_node_id": "host.id",
        "audit_node_name": "host.name",
        "audit_node_host_address": "host.ip",
        "audit_request_remote_address": "source.ip",
        "audit_request_effective_user": "user.name",
        "audit_request_initiating_user": "opensearch.audit.initiating_user",
        "audit_request_effective_user_is_admin": "opensearch.audit.is_admin",
        "audit_request_layer": "opensearch.audit.layer",
        "audit_request_origin": "opensearch.audit.origin",
        "audit_request_privilege": "opensearch.audit.privilege",
        "audit_transport_request_type": "opensearch.audit.request_type",
        "audit_trace_indices": "opensearch.audit.indices",
        "audit_trace_resolved_indices": "opensearch.audit.resolved_indices",
        "audit_trace_doc_id": "opensearch.audit.document_id",
        "audit_trace_task_id": "transaction.id",
        "audit_rest_request_method": "http.request.method",
        "audit_rest_request_path": "url.path",
        "audit_request_exception_stacktrace": "error.stack_trace",
    },
    own={
        "opensearch.audit.initiating_user": WORD,
        "opensearch.audit.is_admin": FLAG,
        "opensearch.audit.layer": WORD,
        "opensearch.audit.origin": WORD,
        "opensearch.audit.privilege": WORD,
        "opensearch.audit.request_type": WORD,
        "opensearch.audit.indices": WORDS,
        "opensearch.audit.resolved_indices": WORDS,
        "opensearch.audit.document_id": WORD,
    },
    rest="opensearch.audit.other",
    constants={"event.category": ["database"]},
    read={"audit_category": _lower},
    complete=_complete,
)


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the message's; of Open Distro, which has none, `audit_utc_timestamp`."""
    if "@timestamp" not in record and "audit_utc_timestamp" in record:
        record = {**record, "@timestamp": record["audit_utc_timestamp"]}
        del record["audit_utc_timestamp"]
    return TABLE.event(record, stamp)


LOG_TYPE = ObjectType(
    name="opensearch_audit",
    dataset="opensearch.audit",
    title="OpenSearch audit log, of OpenSearch Service too",
    page="https://docs.opensearch.org/latest/security/audit-logs/field-reference/",
    arrival="A subscription of the domain's audit log group, or an agent that reads what log4j writes.",
    recognise=lambda record: "@timestamp" in record or "audit_utc_timestamp" in record,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("audit_category", "audit_format_version"),
)
