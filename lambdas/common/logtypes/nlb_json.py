"""Network Load Balancer access log entries as JSON, which CloudWatch Logs delivers to log groups, Firehose and S3.

Fields: Network Load Balancers guide, "CloudWatch logs for your Network Load Balancer"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-logs.html), under the names of the log's
record fields in the AWS CDK reference, CfnLoadBalancerNlbAccessLogsRecordFields
(https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.mixins_preview.aws_elasticloadbalancingv2.mixins/CfnLoadBalancerNlbAccessLogsRecordFields.html).
They mean what the fields of the text do, and make the same events. A delivery may leave fields out: an entry is recognised by its
time, load balancer, listener and client.
"""

from __future__ import annotations

from common.logtype import JsonObject, ObjectType, Stamp
from common.logtypes import nlb

#: Those of an address and its port are others in the text.
_ENDS = {"client_port": "client:port", "destination_port": "destination:port"}
_GROUP = "tls_keyexchange"


def recognise(record: JsonObject) -> bool:
    """An Application Load Balancer's name begins with app/."""
    balancer = record["elb"]
    return isinstance(balancer, str) and balancer.startswith("net/")


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """The event of an entry, as of one in text."""
    fields = {name: value for name, value in record.items() if value != "-"}
    if _GROUP in fields:
        fields["tls_named_group"] = fields.pop(_GROUP)
    for name, text in _ENDS.items():
        if isinstance(end := fields.get(name), str) and ":" in end:
            fields[text] = fields.pop(name)
    return TABLE.event(nlb.divided(fields), stamp)


TABLE = nlb.table({})


LOG_TYPE = ObjectType(
    name="nlb_json",
    dataset="aws.nlb",
    title="Network Load Balancer access log, as JSON",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-logs.html",
    arrival="A subscription of the log group CloudWatch Logs delivers to, or its deliveries to Firehose or S3.",
    recognise=recognise,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("time", "elb", "listener", "client_port"),
)
