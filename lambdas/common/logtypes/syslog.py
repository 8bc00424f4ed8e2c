"""Syslog lines of any program: RFC 3164 and RFC 5424, from the network with a priority or from a file such as
/var/log/messages without one.

Formats: RFC 5424, "The Syslog Protocol" (https://www.rfc-editor.org/rfc/rfc5424), and RFC 3164, "The BSD syslog Protocol"
(https://www.rfc-editor.org/rfc/rfc3164). Lines of authentication are of the type linux_auth, and those of HAProxy of haproxy.
"""

from __future__ import annotations

from common.kinds import OPEN, WORD
from common.logtype import JsonObject, LineType, Stamp
from common.syslog_header import BEGINS, header, header_fields
from common.syslog_senders import is_authentication, is_haproxy
from common.table import Table

#: Severity codes up to this one tell of an error.
_ERROR = 3


def recognise(line: str) -> bool:
    found = header(line)
    return found is not None and not is_authentication(found) and not is_haproxy(found)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the time in the header, UTC where it has no offset. A line without a header is all message."""
    found = header(line)
    if found is None:
        return TABLE.event({"message": line}, stamp)
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
    constants={"event.kind": "event", "event.category": ["host"]},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="syslog",
    dataset="linux.syslog",
    title="Syslog line",
    page="https://www.rfc-editor.org/rfc/rfc5424",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of its files, or a relay those "
    "of the network.",
    recognise=recognise,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=BEGINS,
)
