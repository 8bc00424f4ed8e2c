"""VPC flow log records, in the default format and with the fields of versions 3 to 11 after it, in the order AWS lists them.

Fields: VPC user guide, "Flow log records" (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html). Those in
another order are of the type vpc_flow_custom, and are read here too where it is this type that is named.

There are more of these than of anything else, so the document is small: the start of the window is `@timestamp` alone, a
protocol that has a name goes without its number, and a status of OK and the format's version are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from common import flow_columns
from common.cache import Cache
from common.columns import FLOW, FLOW_COUNTS, MARK
from common.flow_formats import format_of
from common.ip_protocols import TRANSPORT
from common.kinds import is_ip
from common.logtype import NUMBER, PORT, JsonObject, LineType, Malformed, Stamp, present
from common.timestamps import from_milliseconds

Value = TypeVar("Value")

_ABSENT = "-"

#: event.action and event.outcome.
_VERDICT = {"ACCEPT": ("accept", "success"), "REJECT": ("reject", "failure")}

_BEGINNING = re.compile(r"[2-9] (?:[0-9]{12}|unknown) (?:eni-|- )")
_ACCOUNT = re.compile(r"[0-9]{12}|unknown")
#: A version and a name hold nothing that JSON would have to escape.
_NAME = re.compile(r"[A-Za-z0-9_./:+=@-]{1,256}")
_NUMBER = re.compile(NUMBER)
#: From 1970 to 9999, in epoch seconds.
_SECONDS = re.compile(r"[0-9]{1,11}|1[0-9]{11}|2[0-4][0-9]{10}")

#: Nearly every line is of the default format with nothing absent. What its fields become is remembered with the JSON around it:
#: interfaces with their account, addresses, ports and capture windows with their verdict come again and again.
_LONGEST_NUMBER = 18


class _Unusual(ValueError):
    """A field of a line that is read field by field."""


def _fragment(template: str, read: Callable[[str], str], most: int = 16_384) -> Cache[str, str]:
    return Cache(lambda value: template % read(value), most)


def _checked(pattern: str) -> Callable[[str], str]:
    matches = re.compile(pattern, re.ASCII).fullmatch

    def read(value: str) -> str:
        if not matches(value):
            raise _Unusual(value)
        return value

    return read


def _address(value: str) -> str:
    if not is_ip(value):
        raise _Unusual(value)
    return value


def _head(value: str) -> str:
    """Version, account and interface."""
    match = _HEAD_COLUMNS.fullmatch(value)
    if match is None:
        raise _Unusual(value)
    account, interface = match.groups()
    account = f',"cloud":{{"account":{{"id":"{account}"}}}}'
    return f'{account},"aws":{{"vpcflow":{{"interface_id":"{interface}"}}}},"source":{{"ip":"'


def _tail(value: str) -> str:
    """Start, end, action and status."""
    match = _TAIL_COLUMNS.fullmatch(value)
    if match is None:
        raise _Unusual(value)
    start, end, action = match.groups()
    verdict, outcome = _VERDICT[action]
    moment, until = (from_milliseconds(int(seconds) * 1_000) for seconds in (start, end))
    return (
        f'{{"@timestamp":"{moment}","event":{{"dataset":"aws.vpcflow","category":["network"],'
        f'"action":"{verdict}","outcome":"{outcome}","end":"{until}","id":"'
    )


_HEAD_COLUMNS = re.compile(r"[2-9] ([0-9]{12}) (eni-[0-9a-z]{1,32})")
_TAIL_COLUMNS = re.compile(r"([0-9]{1,11}) ([0-9]{1,11}) (ACCEPT|REJECT) OK")
_FIRST_OF_INTERFACE = len("2 123456789012 ")
_BETWEEN = 7  # columns between the interface and the start
_HEAD = Cache(_head)
_TAIL = Cache(_tail)
_ADDRESS = _fragment('%s","port":', _address)
_SOURCE_PORT = _fragment('%s},"destination":{"ip":"', _checked(PORT), 65_536)
_DESTINATION_PORT = _fragment('%s},"network":{"transport":"', _checked(PORT), 65_536)
_PACKETS = _fragment('%s,"bytes":', _checked("[1-9][0-9]{0,17}"))
_PROTOCOL = _fragment('%s","packets":', lambda value: TRANSPORT[_checked("1|6|17|58")(value)], 16)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    interface_end = line.find(" ", _FIRST_OF_INTERFACE)
    columns = line[interface_end + 1 :].split(" ", _BETWEEN)
    if len(columns) <= _BETWEEN or not line.isascii():
        return None
    source, destination, from_port, to_port, protocol, packets, octets, tail = columns
    # Bytes differ from line to line, and are JSON's as they are unless they begin with a zero, or are too long for the index.
    if not octets.isdigit() or octets[0] == "0" or len(octets) > _LONGEST_NUMBER:
        return None
    try:
        return (
            f'{_TAIL[tail]}{event_id}"{stamp.json}{_HEAD[line[:interface_end]]}'
            f"{_ADDRESS[source]}{_SOURCE_PORT[from_port]}{_ADDRESS[destination]}{_DESTINATION_PORT[to_port]}"
            f"{_PROTOCOL[protocol]}{_PACKETS[packets]}{octets}}}}}"
        ).encode()
    except _Unusual:
        return None


def parse(line: str, stamp: Stamp) -> JsonObject:
    """The event of any line, field by field; Malformed says which field is wrong.

    `@timestamp` is the start of the capture window. A rejected flow is an outcome of failure.
    """
    if line.startswith(MARK) or format_of(line) is not None:
        return flow_columns.event(line, stamp)
    values = line.split(" ")
    if len(values) not in FLOW_COUNTS:
        counts = ", ".join(map(str, FLOW_COUNTS))
        raise Malformed(f"line: {len(values)} fields, but a flow log record of default order has one of {counts}")
    record = {name: value for name, value in zip(FLOW, values, strict=False) if value != _ABSENT}

    start = _take(record, "start", _epoch)
    end = _take(record, "end", _epoch)
    status = _take(record, "log-status", _log_status)
    if start is None or end is None or status is None:
        raise Malformed("start, end and log-status: a record has all three")
    action = _take(record, "action", _action)
    named, outcome = _VERDICT[action] if action else (None, "unknown")
    protocol = _take(record, "protocol", _protocol)
    kind = _take(record, "type", _name)

    source = present(ip=_take(record, "srcaddr", _ip), port=_take(record, "srcport", _port))
    destination = present(ip=_take(record, "dstaddr", _ip), port=_take(record, "dstport", _port))
    network = present(
        transport=TRANSPORT.get(protocol) if protocol else None,
        iana_number=protocol if protocol not in TRANSPORT else None,
        packets=_take(record, "packets", _number),
        bytes=_take(record, "bytes", _number),
        type=kind.lower() if kind else None,
        direction=_take(record, "flow-direction", _name),
    )
    account, instance = _take(record, "account-id", _account), _take(record, "instance-id", _name)
    cloud = present(
        account=present(id=account),
        instance=present(id=instance),
        region=_take(record, "region", _name),
        availability_zone=_take(record, "az-id", _name),
    )
    flow = present(
        log_status=status if status != "OK" else None,
        pkt_srcaddr=_take(record, "pkt-srcaddr", _ip),
        pkt_dstaddr=_take(record, "pkt-dstaddr", _ip),
        pkt_src_service=_take(record, "pkt-src-aws-service", _name),
        pkt_dst_service=_take(record, "pkt-dst-aws-service", _name),
    )
    _take(record, "version", _number)
    # What is left has the documentation's own name.
    flow |= {name.replace("-", "_"): _take(record, name, _name) for name in tuple(record)}
    event = present(
        category=["network"],
        action=named,
        outcome=outcome,
        end=end,
    )
    ends = present(source=source, destination=destination, network=network)
    return {"@timestamp": start, "event": event, "cloud": cloud, **ends, "aws": {"vpcflow": flow}}


def _take(record: dict[str, str], name: str, read: Callable[[str], Value]) -> Value | None:
    value = record.pop(name, None)
    if value is None:
        return None
    try:
        return read(value)
    except ValueError as error:
        raise Malformed(f"{name}: {value[:60]!r} is not {error}") from None


def _matching(pattern: re.Pattern[str], wanted: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if pattern.fullmatch(value) is None:
            raise ValueError(wanted)
        return value

    return read


_name = _matching(_NAME, "a name")
_account = _matching(_ACCOUNT, "an account number")
_action = _matching(re.compile("ACCEPT|REJECT"), "ACCEPT or REJECT")
_log_status = _matching(re.compile("OK|NODATA|SKIPDATA"), "OK, NODATA or SKIPDATA")


def _number(value: str) -> int:
    if _NUMBER.fullmatch(value) is None:
        raise ValueError("a whole number")
    return int(value)


def _port(value: str) -> int:
    number = _number(value)
    if number > 65_535:
        raise ValueError("a port")
    return number


def _protocol(value: str) -> str:
    if _number(value) > 255:
        raise ValueError("a protocol number")
    return value


def _ip(value: str) -> str:
    if not is_ip(value):
        raise ValueError("an IP address")
    return value


def _epoch(value: str) -> str:
    if _SECONDS.fullmatch(value) is None:
        raise ValueError("a time in epoch seconds")
    return from_milliseconds(int(value) * 1_000)


def recognise(line: str) -> bool:
    """A line that begins like one of the default format, unless it is of a format the environment names."""
    return _BEGINNING.match(line) is not None and format_of(line) is None


LOG_TYPE = LineType(
    name="vpc_flow",
    dataset="aws.vpcflow",
    title="VPC flow log record",
    page="https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
    arrival="A subscription of the flow log's log group, or its files in S3.",
    recognise=recognise,
    parse=parse,
    quick=quick,
    own=flow_columns.TABLE.own,
    begins="23456789",
)
