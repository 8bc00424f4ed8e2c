"""Syslog lines of any program: RFC 3164 and RFC 5424, from the network with a priority or from a file such as
/var/log/messages without one.

Formats: RFC 5424, "The Syslog Protocol" (https://www.rfc-editor.org/rfc/rfc5424), and RFC 3164, "The BSD syslog Protocol"
(https://www.rfc-editor.org/rfc/rfc3164). Lines of authentication are of the type linux_auth, and those of HAProxy of haproxy.
"""

from __future__ import annotations

from orjson import dumps

from common.kinds import OPEN, WORD
from common.logtype import JsonObject, LineType, Stamp
from common.syslog_header import BEGINS, Header, header, header_fields, structured_data
from common.syslog_senders import has_no_type
from common.syslog_usual import LOG, members, usual
from common.table import Table

#: Severity codes up to this one tell of an error.
_ERROR = 3


def recognise(line: str) -> Header | None:
    found = header(line)
    return found if found is not None and has_no_type(found) else None


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the time in the header, UTC where it has no offset. A line without a header is all message."""
    found = header(line)
    return TABLE.event({"message": line}, stamp) if found is None else parse_match(found, stamp)


def parse_match(found: Header, stamp: Stamp) -> JsonObject:
    fields = header_fields(found, stamp.time)
    fields["message"] = found.message
    return TABLE.event(fields, stamp)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    code = event.get("log", {}).get("syslog", {}).get("severity", {}).get("code")
    event["event"]["type"] = ["error"] if code is not None and code <= _ERROR else ["info"]


TABLE = Table(
    {
        "time": "@timestamp",
        "facility": "log.syslog.facility.code",
        "severity": "log.syslog.severity.code",
        "level": "log.level",
        "host": "host.name",
        "program": "process.name",
        "pid": "process.pid",
        "message_id": "event.code",
        "message": "message",
        "version": "syslog.version",
        "structured_data": "syslog.structured_data",
    },
    own={"syslog.version": WORD, "syslog.structured_data": OPEN},
    rest="syslog.other",
    constants={"event.category": ["host"]},
    read={"time": str},  # as header_fields made it
    complete=_complete,
)

#: Priorities whose severity tells of an error.
_ERRORS = frozenset(str(priority) for priority in range(192) if priority & 7 <= _ERROR)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    found = usual(line, stamp.time)
    if found is None or not has_no_type(found):
        return None
    time, priority, _, _, _, message_id, data, message = found
    code = "" if message_id is None else f',"code":"{message_id}"'
    kind = "error" if priority in _ERRORS else "info"
    told = "" if data is None else f'"syslog":{{"structured_data":{dumps(structured_data(data)).decode()}}},'
    return (
        f'{{"@timestamp":"{time}","event":{{"id":"{event_id}","dataset":"linux.syslog","category":["host"]{code},'
        f'"type":["{kind}"]{stamp.json},{LOG[priority]}{members(found)}{told}"message":{dumps(message).decode()}}}'
    ).encode()


LOG_TYPE = LineType(
    name="syslog",
    dataset="linux.syslog",
    title="Syslog line",
    page="https://www.rfc-editor.org/rfc/rfc5424",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of its files, or a relay those "
    "of the network.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=BEGINS,
)
