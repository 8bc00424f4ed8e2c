"""What flow log records of VPCs and of transit gateways have in common: fields of the same names and meaning.

Fields: VPC user guide, "Flow log records" (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html), and Transit
Gateway guide, "Transit Gateway Flow Logs" (https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html).
"""

from __future__ import annotations

from collections.abc import Mapping

from common.cache import remembered
from common.logtype import JsonObject
from common.timestamps import from_milliseconds

FIELDS: Mapping[str, str] = {
    "start": "@timestamp",
    "end": "event.end",
    "account-id": "cloud.account.id",
    "region": "cloud.region",
    "srcaddr": "source.ip",
    "srcport": "source.port",
    "dstaddr": "destination.ip",
    "dstport": "destination.port",
    "protocol": "network.transport",
    "packets": "network.packets",
    "bytes": "network.bytes",
    "type": "network.type",
    "flow-direction": "network.direction",
}
_LENGTH_OF_SECONDS = 10


@remembered(1_024)  # the records of a window share its start and its end
def instant(value: str) -> str | None:
    """Epoch seconds; none of the other units, which the beginning of a number that was cut off would be taken for."""
    if len(value) != _LENGTH_OF_SECONDS or not (value.isascii() and value.isdigit()):  # from 2001 to 2286
        return None
    return from_milliseconds(int(value) * 1_000)


def number_protocol(event: JsonObject, rest: JsonObject) -> None:
    """A protocol without a name goes by its number."""
    number = rest.get("protocol")
    if number is not None and number.isdigit():
        event.setdefault("network", {})["iana_number"] = rest.pop("protocol")
