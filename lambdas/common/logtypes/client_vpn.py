"""AWS Client VPN connection log entries.

Fields: AWS Client VPN administrator guide, "Connection logging"
(https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/connection-logging.html). A value of NA stands for none. Times are in UTC.
"""

from __future__ import annotations

from typing import Any

from common.kinds import IP, WORD, WORDS
from common.logtype import JsonObject, ObjectType, Stamp
from common.table import Table

_ABSENT = "NA"
_OUTCOMES = {"successful": "success", "failed": "failure"}


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the last update of the connection, which an entry of each is logged for."""
    return TABLE.event({name: value for name, value in record.items() if value != _ABSENT}, stamp)


def _nanoseconds(value: Any) -> int | None:
    return int(value) * 10**9 if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """`user` has the common name of the certificate where no user name is told. Outcome: of the attempt to connect."""
    happened, vpn = event["event"], event.get("aws", {}).get("client_vpn", {})
    if vpn.get("common_name"):
        event.setdefault("user", {}).setdefault("name", vpn["common_name"])
    if (outcome := _OUTCOMES.get(vpn.get("attempt_status", ""))) is not None:
        happened["outcome"] = outcome
    if "end" in happened:
        happened["type"] = ["connection", "end"]
    elif vpn.get("attempt_status") == "failed":
        happened["type"] = ["connection", "denied"]


TABLE = Table(
    {
        "connection-last-update-time": "@timestamp",
        "connection-log-type": "event.action",
        "connection-start-time": "event.start",
        "connection-end-time": "event.end",
        "connection-duration-seconds": "event.duration",
        "connection-attempt-failure-reason": "event.reason",
        "connection-attempt-status": "aws.client_vpn.attempt_status",
        "connection-id": "aws.client_vpn.connection_id",
        "client-vpn-endpoint-id": "aws.client_vpn.endpoint_id",
        "client-ip": "aws.client_vpn.client_ip",
        "client-ip-v6": "aws.client_vpn.client_ip_v6",
        "common-name": "aws.client_vpn.common_name",
        "device-type": "aws.client_vpn.device_type",
        "posture-compliance-statuses": "aws.client_vpn.posture_compliance",
        "authorization-policy-evaluation.result": "aws.client_vpn.policy_result",
        "username": "user.name",
        "transport-protocol": "network.transport",
        "device-ip": "source.ip",
        "port": "source.port",
        "ingress-bytes": "source.bytes",
        "ingress-packets": "source.packets",
        "egress-bytes": "destination.bytes",
        "egress-packets": "destination.packets",
    },
    own={
        "aws.client_vpn.attempt_status": WORD,
        "aws.client_vpn.connection_id": WORD,
        "aws.client_vpn.endpoint_id": WORD,
        "aws.client_vpn.client_ip": IP,
        "aws.client_vpn.client_ip_v6": IP,
        "aws.client_vpn.common_name": WORD,
        "aws.client_vpn.device_type": WORD,
        "aws.client_vpn.posture_compliance": WORDS,
        "aws.client_vpn.policy_result": WORD,
    },
    rest="aws.client_vpn.other",
    constants={
        "event.category": ["network", "session"],
        "event.type": ["connection"],
    },
    read={"connection-duration-seconds": _nanoseconds},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="client_vpn",
    dataset="aws.client_vpn",
    title="AWS Client VPN connection log",
    page="https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/connection-logging.html",
    arrival="A subscription of the endpoint's log group.",
    recognise=lambda record: str(record["client-vpn-endpoint-id"]).startswith("cvpn-endpoint-"),
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("connection-log-type", "client-vpn-endpoint-id", "connection-id"),
)
