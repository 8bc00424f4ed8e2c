"""Transit Gateway flow log records, in the default format, which has all fields in the order AWS lists them.

Fields: Transit Gateway guide, "Transit Gateway Flow Logs"
(https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html), which begin with version 6. Fields of a later version come after
them. As in VPC flow logs, the start of the window is `@timestamp`, and a status of OK, a version of 6 and the
packets that were not lost are left out.
"""

from __future__ import annotations

import re

from common import flow_record, line_values
from common.cache import remembered
from common.ip_protocols import TRANSPORT
from common.kinds import WHOLE, WORD
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_FIELDS = (
    "version",
    "resource-type",
    "account-id",
    "tgw-id",
    "tgw-attachment-id",
    "tgw-src-vpc-account-id",
    "tgw-dst-vpc-account-id",
    "tgw-src-vpc-id",
    "tgw-dst-vpc-id",
    "tgw-src-subnet-id",
    "tgw-dst-subnet-id",
    "tgw-src-eni",
    "tgw-dst-eni",
    "tgw-src-az-id",
    "tgw-dst-az-id",
    "tgw-pair-attachment-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "log-status",
    "type",
    "packets-lost-no-route",
    "packets-lost-blackhole",
    "packets-lost-mtu-exceeded",
    "packets-lost-ttl-expired",
    "tcp-flags",
    "region",
    "flow-direction",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
)
_LOST = ("packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired")
#: What nearly every record says.
_USUAL = {"version": "6", "resource-type": "TransitGateway", "log-status": "OK", **dict.fromkeys(_LOST, "0")}
_BEGINNING = re.compile(r"[0-9]{1,2} TransitGateway(?:Attachment)? ")


def split(line: str) -> JsonObject:
    values = line.split(" ")
    if len(values) < 2 or not values[1].startswith("TransitGateway"):
        raise Malformed("line: a flow log record of a transit gateway begins with version and resource-type")
    record: JsonObject = {name: value for name, value in zip(_FIELDS, values, strict=False) if value != "-"}
    for name, usual in _USUAL.items():
        if record.get(name) == usual:
            del record[name]
    if len(values) > len(_FIELDS):
        record["extra"] = values[len(_FIELDS) :]
    return record


_WORDS = ("tgw-id", "tgw-attachment-id", "tgw-pair-attachment-id", "tgw-src-vpc-id", "tgw-dst-vpc-id", "log-status", "tcp-flags")


def _own(name: str) -> str:
    return "aws.tgwflow." + name.replace("-", "_")


TABLE = Table(
    {
        **flow_record.FIELDS,
        **{name: _own(name) for name in (*_WORDS, *_LOST)},
    },
    own={**{_own(name): WORD for name in _WORDS}, **{_own(name): WHOLE for name in _LOST}},
    rest="aws.tgwflow.other",
    constants={"event.category": ["network"]},
    read={
        "start": flow_record.instant,
        "end": flow_record.instant,
        **dict.fromkeys(("srcaddr", "dstaddr"), line_values.address),
        **dict.fromkeys(("srcport", "dstport"), line_values.port),
        "protocol": TRANSPORT.get,
        "packets": line_values.whole,
        "type": remembered(16)(str.lower),
    },
    complete=flow_record.number_protocol,
)

LOG_TYPE = LineType(
    name="tgw_flow",
    dataset="aws.tgwflow",
    title="Transit Gateway flow log record",
    page="https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html",
    arrival="Firehose, a subscription of the flow log's log group, or its files in S3.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789",
)
