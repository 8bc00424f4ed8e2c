"""Network Load Balancer access log entries, which tell of TLS connections.

Fields: Network Load Balancers guide, "Access logs for your Network Load Balancer"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html). New fields come at the end of a
line; they are kept in the order they came in. The type and the version of every entry of today, tls and 2.0, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from common import line_values, web_access
from common.cache import remembered
from common.kinds import NUMBER, WHOLE, WORD, WORDS
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table
from common.table_code import Read

_FIELDS = (
    "type",
    "version",
    "time",
    "elb",
    "listener",
    "client:port",
    "destination:port",
    "connection_time",
    "tls_handshake_time",
    "received_bytes",
    "sent_bytes",
    "incoming_tls_alert",
    "chosen_cert_arn",
    "chosen_cert_serial",
    "tls_cipher",
    "tls_protocol_version",
    "tls_named_group",
    "domain_name",
    "alpn_fe_protocol",
    "alpn_be_protocol",
    "alpn_client_preference_list",
    "tls_connection_creation_time",
)
#: What every entry of today says, and what stands for nothing.
_USUAL = {"type": "tls", "version": "2.0"}
_ABSENT = "-"

_BEGINNING = re.compile(r"tls [0-9]+\.[0-9]+ [0-9]{4}-[0-9]{2}-[0-9]{2}T")
#: A certificate of ACM is of the load balancer's account and Region; one of IAM has no Region.
_CERTIFICATE = re.compile(r"arn:[^:]+:(?:acm|iam):([a-z0-9-]*):([0-9]{12}):.+")


def split(line: str) -> JsonObject:
    values = line.split(" ")
    if len(values) < 3:
        raise Malformed("line: an access log entry begins with type, version and time")
    record = divided({name: value for name, value in zip(_FIELDS, values, strict=False) if value != _ABSENT})
    if len(values) > len(_FIELDS):
        record["extra"] = values[len(_FIELDS) :]
    return record


def divided(record: JsonObject) -> JsonObject:
    """The record itself, without what every entry of today says, and with addresses and ports apart."""
    for name, usual in _USUAL.items():
        if record.get(name) == usual:
            del record[name]
    web_access.split_endpoint(record, "client:port", "client")
    web_access.split_endpoint(record, "destination:port", "destination")
    return record


def _complete(event: JsonObject, rest: JsonObject) -> None:
    balancer = event.get("aws", {}).get("elb", {})
    alert, handshake = balancer.get("incoming_tls_alert"), balancer.get("tls_handshake_seconds")
    if alert:
        event["event"]["outcome"] = "failure"
    elif handshake is not None:
        event["event"]["outcome"] = "success"
    else:  # the entry of a handshake that failed has no time for it, but a line that was cut off before tells nothing
        event["event"]["outcome"] = "failure" if "bytes" in event.get("source", ()) else "unknown"
    region, account = _located(balancer.get("chosen_cert", {}).get("arn", ""))
    if account:
        event.setdefault("cloud", {})["account"] = {"id": account}
        if region:
            event.setdefault("cloud", {})["region"] = region
    web_access.move_tls_version(event, rest, "tls_protocol_version")


@remembered(1_024)
def _located(certificate: str) -> tuple[str, str]:
    """Region and account of a certificate; empty where it has none."""
    match = _CERTIFICATE.fullmatch(certificate)
    return (match[1], match[2]) if match else ("", "")


def _milliseconds(value: object) -> float | None:
    number = web_access.seconds(value)
    return number / 1_000 if number is not None else None


def _duration(value: object) -> int | None:
    return web_access.nanoseconds(_milliseconds(value))


def _protocols(value: object) -> list[str] | None:
    """ "h2","http/1.1" """
    return [name.strip('"') for name in value.split(",")] if isinstance(value, str) else None


def table(read: Mapping[str, Read]) -> Table:
    """That of the text or of JSON, whose values may be anything: `read` is what is read in a way of its own."""
    return Table(
        {
            "time": "@timestamp",
            "elb": "aws.elb.name",
            "listener": "aws.elb.listener",
            "client": "source.ip",
            "client_port": "source.port",
            "destination": "destination.ip",
            "destination_port": "destination.port",
            "connection_time": "event.duration",
            "tls_handshake_time": "aws.elb.tls_handshake_seconds",
            "received_bytes": "source.bytes",
            "sent_bytes": "destination.bytes",
            "incoming_tls_alert": "aws.elb.incoming_tls_alert",
            "chosen_cert_arn": "aws.elb.chosen_cert.arn",
            "tls_cipher": "tls.cipher",
            "tls_named_group": "tls.curve",
            "domain_name": "tls.client.server_name",
            "alpn_fe_protocol": "network.protocol",
            "alpn_client_preference_list": "aws.elb.alpn_client_preferences",
            "tls_connection_creation_time": "event.start",
        },
        own={
            "aws.elb.name": WORD,
            "aws.elb.listener": WORD,
            "aws.elb.tls_handshake_seconds": NUMBER,
            "aws.elb.incoming_tls_alert": WHOLE,
            "aws.elb.chosen_cert.arn": WORD,
            "aws.elb.alpn_client_preferences": WORDS,
        },
        rest="aws.elb.other",
        constants={
            "event.category": ["network"],
            "network.transport": "tcp",
        },
        read={
            "time": web_access.instant,
            "tls_connection_creation_time": web_access.instant,
            "connection_time": _duration,
            "tls_handshake_time": _milliseconds,
            "alpn_client_preference_list": _protocols,
            **read,
        },
        complete=_complete,
    )


TABLE = table(
    {
        **dict.fromkeys(("client", "destination"), line_values.address),
        **dict.fromkeys(("client_port", "destination_port"), line_values.port),
        **dict.fromkeys(("received_bytes", "sent_bytes"), line_values.whole),
        "connection_time": remembered(16_384)(_duration),
        "tls_handshake_time": remembered(16_384)(_milliseconds),
    }
)

LOG_TYPE = LineType(
    name="nlb",
    dataset="aws.nlb",
    title="Network Load Balancer access log",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html",
    arrival="The load balancer writes files to S3, of which every line is a record.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="t",
)
