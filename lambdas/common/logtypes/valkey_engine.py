"""Engine log entries of ElastiCache for Valkey and Redis OSS, as JSON.

Fields: ElastiCache user guide, "Log delivery"
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html).
"""

from __future__ import annotations

from typing import Any

from common.kinds import WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table
from common.timestamps import from_any
from common.valkey_engine import ROLES
from common.written_dates import from_day_first


def _time(value: Any) -> str | None:
    if isinstance(value, str) and (found := from_day_first(value)) is not None:
        return found
    try:
        return from_any(value)
    except (ValueError, OverflowError):
        return None


def _role(value: Any) -> str | None:
    return ROLES.get(value) if isinstance(value, str) else None


def _level(value: Any) -> str | None:
    return value.lower() or None if isinstance(value, str) else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    if event.get("log", {}).get("level") == "warning":
        event["event"]["type"] = ["error"]


TABLE = Table(
    {
        "Time": "@timestamp",
        "CacheClusterId": "service.name",
        "CacheNodeId": "service.node.name",
        "LogLevel": "log.level",
        "Role": "valkey.role",
        "Message": "message",
    },
    own={"valkey.role": WORD},
    rest="valkey.other",
    constants={"event.category": ["database"]},
    read={"Time": _time, "Role": _role, "LogLevel": _level},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="valkey_engine",
    dataset="aws.elasticache_engine",
    title="ElastiCache engine log of Valkey and Redis OSS, JSON",
    page="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html",
    arrival="ElastiCache delivers it to Data Firehose or to a log group, of which a subscription brings it.",
    recognise=lambda _: True,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("CacheClusterId", "CacheNodeId", "LogLevel", "Time"),
)
