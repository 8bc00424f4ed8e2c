"""Application Load Balancer access log entries as JSON, which CloudWatch Logs delivers to log groups, Firehose and S3.

Fields: those of the text (Application Load Balancers guide, "Access log entries"), under the names of the log's record fields in
the AWS CDK reference, CfnLoadBalancerAlbAccessLogsRecordFields
(https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.mixins_preview.aws_elasticloadbalancingv2.mixins/CfnLoadBalancerAlbAccessLogsRecordFields.html).
They make the same events. A delivery may leave fields out: an entry is recognised by its type, time, load balancer, client and
status.
"""

from __future__ import annotations

import re

from common.cache import Cache
from common.elb_fragments import PLAIN_REQUEST
from common.logtype import JsonObject, Malformed, ObjectType, Stamp, moment
from common.logtypes import alb

_NAMES = (
    *("type", "time", "elb", "client_port", "target_port", "request_processing_time", "target_processing_time"),
    *("response_processing_time", "elb_status_code", "target_status_code", "received_bytes", "sent_bytes", "request_line"),
    *("user_agent", "ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name", "chosen_cert_arn"),
    *("matched_rule_priority", "request_creation_time", "actions_executed", "redirect_url", "error_reason", "target_port_list"),
    *("target_status_code_list", "classification", "classification_reason", "conn_trace_id"),
)
_KNOWN = frozenset(_NAMES)
_SCALARS = (str, int, float)
_NOTHING = (None, "", "-")


def recognise(record: JsonObject) -> bool:
    """A Network Load Balancer's name begins with net/."""
    balancer = record["elb"]
    return isinstance(balancer, str) and balancer.startswith("app/")


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """The event of an entry, as of one in text. Raises Malformed for a value that is not of its field."""
    known: dict[str, str] = {}
    other: JsonObject = {}
    for name, value in record.items():
        if type(value) in _SCALARS and name in _KNOWN:
            known[name] = str(value)
        elif value not in _NOTHING:
            other[name] = value
    values = [known.get(name, "") for name in _NAMES]
    event = _usual(values)
    if event is None:
        return alb.event(values, other)
    if other:
        event["aws"]["elb"]["other"] = other
    return event


# Nearly every entry: a request that was passed on to one target and answered. What its parts become is remembered.
_LONGEST_NUMBER = 18
_END: Cache[str, JsonObject] = Cache(lambda value: alb.endpoint("client:port", value) or {})
_TOOK: Cache[str, float | None] = Cache(lambda value: alb.took("request_processing_time", value))
_LOCATED: Cache[str, re.Match[str] | None] = Cache(alb.TARGET_GROUP.fullmatch, 1_024)


def _usual(values: list[str]) -> JsonObject | None:
    """The event of a usual entry; None for any other, and where a value is wrong."""
    kind, time, name, client, target, queued, processed, responded, status, answer, received, sent, request, agent, *rest = values
    cipher, protocol, group, trace, domain, certificate, rule, created, actions, *others, connection = rest
    if "" in values or "-" in (kind, name, agent, rule, created, actions) or others != ["-", "-", target, answer, "-", "-"]:
        return None
    if not (_is_count(status, 3) and _is_count(answer, 3) and _is_count(received) and _is_count(sent)):
        return None
    asked, located, traced = PLAIN_REQUEST.fullmatch(request), _LOCATED[group], alb.TRACE.search(trace)
    if asked is None or located is None or traced is None or (protocol != "-" and protocol.partition("v")[2] == ""):
        return None
    try:
        source, destination = _END[client].copy(), _END[target].copy()
        times = [found for value in (queued, processed, responded) if (found := _TOOK[value]) is not None]
        end, start = moment("time", time), moment("request_creation_time", created)
    except Malformed:
        return None
    if len(times) != 3:
        return None
    method, scheme, host, port, path, query, version = asked.groups()
    region, account, group = located.groups()
    code = int(status)
    event: JsonObject = {
        "@timestamp": end,
        "event": {
            "category": ["web"],
            "outcome": alb.outcome_of(code),
            "start": start,
            "duration": round(sum(times) * 1e9),
        },
        "cloud": {"region": region, "account": {"id": account}},
        "source": source,
        "destination": destination,
        "http": {
            "request": {"method": method, "bytes": int(received)},
            "response": {"status_code": code, "bytes": int(sent)},
            "version": version,
        },
        "url": {"scheme": scheme, "domain": host, "port": int(port), "path": path},
        "user_agent": {"original": agent},
        "trace": {"id": traced[1]},
    }
    balancer: JsonObject = {
        "name": name,
        "type": kind,
        "target_group": group,
        "request_seconds": times[0],
        "target_seconds": times[1],
        "response_seconds": times[2],
        "target_status_code": int(answer),
        "matched_rule_priority": rule,
        "action_executed": actions.split(","),
    }
    if query:
        event["url"]["query"] = query
    tls: JsonObject = {}
    if cipher != "-":
        tls["cipher"] = cipher
    if protocol != "-":
        kind, _, tls["version"] = protocol.partition("v")
        tls["version_protocol"] = kind.lower()
    if domain != "-":
        tls["client"] = {"server_name": domain}
    if tls:
        event["tls"] = tls
    if certificate != "-":
        balancer["chosen_cert"] = {"arn": certificate}
    if connection != "-":
        balancer["connection_trace_id"] = connection
    event["aws"] = {"elb": balancer}
    return event


def _is_count(value: str, longest: int = _LONGEST_NUMBER) -> bool:
    return value.isdigit() and value.isascii() and len(value) <= longest


LOG_TYPE = ObjectType(
    name="alb_json",
    dataset="aws.alb",
    title="Application Load Balancer access log, as JSON",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    arrival="A subscription of the log group CloudWatch Logs delivers to, or its deliveries to Firehose or S3.",
    recognise=recognise,
    parse=parse,
    own=alb.OWN,
    keys=("type", "time", "elb", "client_port", "elb_status_code"),
)
