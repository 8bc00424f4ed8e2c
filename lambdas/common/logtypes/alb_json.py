"""Application Load Balancer access log entries as JSON, which CloudWatch Logs delivers to log groups, Firehose and S3.

Fields: those of the text (Application Load Balancers guide, "Access log entries"), under the names of the log's record fields in
the AWS CDK reference, CfnLoadBalancerAlbAccessLogsRecordFields
(https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.mixins_preview.aws_elasticloadbalancingv2.mixins/CfnLoadBalancerAlbAccessLogsRecordFields.html).
They make the same events; what came after the fields of alb, such as the transformed request, is in aws.elb.other. A delivery may
leave fields out: an entry is recognised by its type, time, load balancer, client and status.
"""

from __future__ import annotations

from common.kinds import OPEN
from common.logtype import JsonObject, ObjectType, Stamp
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
    event = alb.event(map(known.get, _NAMES))
    if other:
        event["aws"]["elb"]["other"] = other
    return event


LOG_TYPE = ObjectType(
    name="alb_json",
    dataset="aws.alb",
    title="Application Load Balancer access log, as JSON",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    arrival="A subscription of the log group CloudWatch Logs delivers to, or its deliveries to Firehose or S3.",
    recognise=recognise,
    parse=parse,
    own={**alb.OWN, "aws.elb.other": OPEN},
    keys=("type", "time", "elb", "client_port", "elb_status_code"),
)
