"""Windows events as the XML that Windows itself renders, which the CloudWatch agent (`event_format: xml`), the Kinesis Agent for
Windows and Windows Event Forwarding send.

Fields: Windows Event Log, "Event Schema" (https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema). Events of FSx
file systems, which their computer's name tells, are of the type fsx_audit.
"""

from __future__ import annotations

import re

from common import windows_event, windows_fields
from common.cache import remembered
from common.kinds import PORT, WHOLE
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_BEGINNING = re.compile(r"<Event(?: [^<>]*)?>\s*<System>\s*<Provider\b")


def recognise(line: str) -> bool:
    return _BEGINNING.match(line) is not None and not windows_event.of_file_system(line)


def split(line: str) -> JsonObject:
    """The elements under the table's names. Raises Malformed for what has no event id."""
    record = windows_event.split(line)
    if "EventID" not in record and "Provider Name" not in record:
        raise Malformed("line: no XML of a Windows event, with a provider and an EventID")
    return record


TABLE = Table(
    {
        "TimeCreated SystemTime": "@timestamp",
        "EventID": "event.code",
        "EventRecordID": "event.sequence",
        "Provider Name": "event.provider",
        "Level": "log.level",
        "Computer": "host.name",
        "Execution ProcessID": "process.pid",
        "Execution ThreadID": "process.thread.id",
        "Security UserID": "user.id",
        "Message": "message",
        "Channel": "windows.channel",
        "Task": "windows.task",
        "Keywords": "windows.keywords",
        **{f"EventData.{name}": field for name, field in windows_fields.DATA.items()},
    },
    own=windows_fields.OWN,
    rest=windows_fields.REST,
    # What comes again and again.
    read={
        "Level": remembered(256)(windows_fields.level),
        "Execution ProcessID": remembered(16_384)(WHOLE.read),
        "Execution ThreadID": remembered(16_384)(WHOLE.read),
        "EventData.IpAddress": remembered(16_384)(windows_fields.address),
        "EventData.IpPort": remembered(65_536)(PORT.read),
    },
    complete=windows_fields.complete,
)

LOG_TYPE = LineType(
    name="windows_event_xml",
    dataset="windows.event_xml",
    title="Windows event as XML",
    page="https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema",
    arrival="The CloudWatch agent with the event format xml, or another agent that sends events as Windows renders them.",
    recognise=recognise,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="<",
)
