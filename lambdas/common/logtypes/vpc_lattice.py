"""VPC Lattice access logs of services and service networks.

Fields: VPC Lattice user guide, "Access logs for Amazon VPC Lattice", access log contents
(https://docs.aws.amazon.com/vpc-lattice/latest/ug/monitoring-access-logs.html). The logs of resource configurations are others.
"""

from __future__ import annotations

import re

from common import web_access
from common.kinds import NUMBER, WORD
from common.logtype import JsonObject, ObjectType, Stamp
from common.table import Table

_ABSENT = "-"
_SERVICE = re.compile(r"arn:[^:]+:vpc-lattice:([a-z0-9-]+):([0-9]{12}):.+")
_ENDS = {"sourceIpPort": "source", "targetIpPort": "target"}


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is when the request came. Outcome: failure from status 400, and where a reason stands for it."""
    record = {name: value for name, value in record.items() if value != _ABSENT}
    for name, end in _ENDS.items():
        if isinstance(record.get(name), str):
            web_access.split_endpoint(record, name, end)
    return TABLE.event(record, stamp)


def _seconds(milliseconds: object) -> float | None:
    number = web_access.seconds(milliseconds)
    return number / 1_000 if number is not None else None


def _duration(milliseconds: object) -> int | None:
    return web_access.nanoseconds(_seconds(milliseconds))


def _complete(event: JsonObject, rest: JsonObject) -> None:
    status = event.get("http", {}).get("response", {}).get("status_code")
    failed = status is None and "error" in event  # there was no response, and a reason why
    event["event"]["outcome"] = "failure" if failed else web_access.outcome(status)
    web_access.move_tls_version(event, rest, "tlsVersion")
    located = _SERVICE.fullmatch(event.get("aws", {}).get("vpc_lattice", {}).get("service_arn", ""))
    if located is not None:
        event["cloud"] = event.get("cloud", {}) | {"region": located[1], "account": {"id": located[2]}}
    url = event.get("url", {})
    path, mark, query = url.get("path", "").partition("?")
    if mark and path:
        url["path"] = path
        if query:
            url["query"] = query


TABLE = Table(
    {
        "startTime": "@timestamp",
        "duration": "event.duration",
        "authDeniedReason": "event.reason",
        "failureReason": "error.type",
        "resolvedUser": "user.id",
        "source": "source.ip",
        "source_port": "source.port",
        "target": "destination.ip",
        "target_port": "destination.port",
        "requestId": "http.request.id",
        "requestMethod": "http.request.method",
        "bytesReceived": "http.request.bytes",
        "responseCode": "http.response.status_code",
        "bytesSent": "http.response.bytes",
        "protocol": "http.version",
        "hostHeader": "url.domain",
        "requestPath": "url.path",
        "userAgent": "user_agent.original",
        "sslCipher": "tls.cipher",
        "serverNameIndication": "tls.client.server_name",
        "callerX509SubjectCN": "tls.client.subject",
        "serviceArn": "aws.vpc_lattice.service_arn",
        "serviceNetworkArn": "aws.vpc_lattice.service_network_arn",
        "targetGroupArn": "aws.vpc_lattice.target_group_arn",
        "sourceVpcId": "aws.vpc_lattice.source_vpc_id",
        "destinationVpcId": "aws.vpc_lattice.destination_vpc_id",
        "callerPrincipal": "aws.vpc_lattice.caller_principal",
        "requestToTargetDuration": "aws.vpc_lattice.request_to_target_seconds",
        "responseFromTargetDuration": "aws.vpc_lattice.response_from_target_seconds",
    },
    own={
        "aws.vpc_lattice.service_arn": WORD,
        "aws.vpc_lattice.service_network_arn": WORD,
        "aws.vpc_lattice.target_group_arn": WORD,
        "aws.vpc_lattice.source_vpc_id": WORD,
        "aws.vpc_lattice.destination_vpc_id": WORD,
        "aws.vpc_lattice.caller_principal": WORD,
        "aws.vpc_lattice.request_to_target_seconds": NUMBER,
        "aws.vpc_lattice.response_from_target_seconds": NUMBER,
    },
    rest="aws.vpc_lattice.other",
    constants={"event.category": ["web"], "event.type": ["access"]},
    read={
        "duration": _duration,
        "requestToTargetDuration": _seconds,
        "responseFromTargetDuration": _seconds,
        "responseCode": web_access.status,
        "protocol": web_access.http_version,
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="vpc_lattice",
    dataset="aws.vpc_lattice",
    title="VPC Lattice access log",
    page="https://docs.aws.amazon.com/vpc-lattice/latest/ug/monitoring-access-logs.html",
    arrival="Firehose, a subscription of the log group, or files in S3, of which every line is a record.",
    recognise=lambda _: True,  # no one else has these keys together
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("serviceArn", "sourceIpPort", "targetIpPort", "startTime"),
)
