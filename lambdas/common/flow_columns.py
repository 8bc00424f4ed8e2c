"""VPC flow log records whose columns are in any order, to the same events as the default order's.

Fields: VPC user guide, "Flow log records" (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html), and
"Enforce VPC encryption in transit" for the encryption status
(https://docs.aws.amazon.com/vpc/latest/userguide/vpc-encryption-controls.html).
"""

from __future__ import annotations

from typing import NamedTuple

from common import flow_record
from common.columns import FLOW, MARK, divided, is_headed
from common.flow_formats import format_by_length, format_of
from common.ip_protocols import TRANSPORT
from common.kinds import IP, WORD
from common.logtype import JsonObject, Malformed, Stamp
from common.table import Table

_ACTIONS = {"ACCEPT": "accept", "REJECT": "reject"}
_OUTCOMES = {"accept": "success", "reject": "failure"}
#: Names that are shorter in the event.
_RENAMED = {"pkt-src-aws-service": "pkt_src_service", "pkt-dst-aws-service": "pkt_dst_service"}
_ABSENT = "-"

_FIELDS = {
    **flow_record.FIELDS,
    "action": "event.action",
    "instance-id": "cloud.instance.id",
    "az-id": "cloud.availability_zone",
}
_OWN = {name: f"aws.vpcflow.{_RENAMED.get(name, name.replace('-', '_'))}" for name in FLOW if name not in _FIELDS}


class Columns(NamedTuple):
    """What a line has."""

    names: tuple[str, ...]
    values: list[str]


def event(line: str, stamp: Stamp) -> JsonObject:
    """The event of a line under the names of its columns, of a configured format, or of as many columns as one. Raises Malformed
    for a line of none of these, and for a start that is no point in time."""
    return event_of(_columns(line), stamp)


def event_of(columns: Columns, stamp: Stamp) -> JsonObject:
    """The event of columns. Raises Malformed for a start that is no point in time.

    `@timestamp` is the start of the capture window, or its end where the format has no start. A field nobody knows is kept under
    its own name.
    """
    names, values = columns
    record: JsonObject = {name: value for name, value in zip(names, values, strict=False) if value != _ABSENT}
    if "start" not in names and flow_record.instant(record.get("end", "")):
        record["start"] = record["end"]
    if record.get("log-status") == "OK":  # as nearly every record says
        del record["log-status"]
    if record.get("version", "").isdigit():  # the format's
        del record["version"]
    if len(values) > len(names):
        record["extra"] = values[len(names) :]
    return TABLE.event(record, stamp)


def recognised(line: str) -> Columns | None:
    """The columns of a line that is headed, or of a configured format; None for any other."""
    if line.startswith(MARK):
        return Columns(*_headed(line)) if is_headed(line, "vpc_flow_custom") else None
    found = format_of(line)
    return Columns(found.names, line.split(" ")) if found else None


def _headed(record: str) -> tuple[tuple[str, ...], list[str]]:
    names, line = divided(record)
    return names, line.split(" ")


def _columns(record: str) -> Columns:
    names, values = _headed(record)
    if names:
        return Columns(names, values)
    found = format_of(record) or format_by_length(len(values))
    if found is None:
        raise Malformed(f"line: {len(values)} fields, as many as no format has of normalisation.vpc_flow_formats")
    return Columns(found.names, values)


def _complete(found: JsonObject, rest: JsonObject) -> None:
    found["event"]["outcome"] = _OUTCOMES.get(found["event"].get("action"), "unknown")
    flow_record.number_protocol(found, rest)


TABLE = Table(
    {**_FIELDS, **_OWN},
    own={path: IP if name in ("pkt-srcaddr", "pkt-dstaddr") else WORD for name, path in _OWN.items()},
    rest="aws.vpcflow.other",
    constants={"event.category": ["network"]},
    read={
        "start": flow_record.instant,
        "end": flow_record.instant,
        "action": _ACTIONS.get,
        "protocol": TRANSPORT.get,
        "type": str.lower,
    },
    complete=_complete,
)
