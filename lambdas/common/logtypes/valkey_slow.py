"""Slow log and command log entries of ElastiCache for Valkey and Redis OSS, as JSON.

Fields: ElastiCache user guide, "Log delivery"
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html). The service writes how many arguments a command
has instead of its keys and values. Its engine log is `valkey_engine`; both in the TEXT format are `valkey_text`.
"""

from __future__ import annotations

from typing import Any

from common.kinds import LONG_WORD, WHOLE, WORD, is_ip
from common.logtype import JsonObject, ObjectType
from common.table import Table


def _nanoseconds(value: Any) -> int | None:
    microseconds = WHOLE.read(value)
    return microseconds * 1_000 if microseconds is not None and 0 <= microseconds < 10**15 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """The client's address and port stand in one value; a socket's has no port."""
    address = event.get("source", {}).get("address", "")
    ip, _, port = address.rpartition(":")
    ip = ip.removeprefix("[").removesuffix("]")
    if is_ip(ip) and port.isascii() and port.isdigit() and int(port[:6]) <= 65_535:
        event["source"] = {"ip": ip, "port": int(port)}
    command = event.get("valkey", {}).get("command")
    if command is not None:
        event["event"]["action"] = command.split(" ", 1)[0].lower()


TABLE = Table(
    {
        "Timestamp": "@timestamp",
        "CacheClusterId": "service.name",
        "CacheNodeId": "service.node.name",
        "Id": "event.sequence",
        "Duration (us)": "event.duration",
        "Command": "valkey.command",
        "ClientAddress": "source.address",
        "ClientName": "valkey.client_name",
    },
    own={"valkey.command": LONG_WORD, "valkey.client_name": WORD},
    rest="valkey.other",
    constants={"event.category": ["database"], "event.type": ["access"]},
    read={"Duration (us)": _nanoseconds},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="valkey_slow",
    dataset="aws.elasticache_slow",
    title="ElastiCache slow log of Valkey and Redis OSS, JSON",
    page="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html",
    arrival="ElastiCache delivers it to Data Firehose or to a log group, of which a subscription brings it.",
    recognise=lambda _: True,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("CacheClusterId", "CacheNodeId", "Command", "Timestamp"),
)
