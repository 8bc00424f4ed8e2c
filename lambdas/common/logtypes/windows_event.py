"""Windows events as JSON, as agents write them: the Kinesis Agent for Windows, Winlogbeat, Fluent Bit's winevtlog and NXLog's
im_msvistalog.

Fields: Kinesis Agent for Windows user guide, "Source Declarations", WindowsEventLogSource
(https://docs.aws.amazon.com/kinesis-agent-windows/latest/userguide/source-object-declarations.html); Winlogbeat reference,
"Winlogbeat fields" (https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog); Fluent Bit manual, "Windows
Event logs (winevtlog)"; NXLog documentation, "Event Log for Windows", Fields. Their names differ, and hardly any stands for two
things, so that one table reads them all.
"""

from __future__ import annotations

from collections.abc import Set

from common import windows_fields
from common.kinds import INSTANT
from common.logtype import JsonObject, ObjectType
from common.table import Table

_KINESIS_AGENT = frozenset(("EventId", "LogName", "MachineName", "ProviderName", "TimeCreated"))
_FLUENT_BIT = frozenset(("EventID", "ProviderName", "Channel", "Computer", "TimeCreated", "EventRecordID"))
_WINLOGBEAT = frozenset(("winlog", "@timestamp"))
_NXLOG = frozenset(("EventID", "EventTime", "Hostname", "SourceName", "Channel"))


def shape(names: Set[str]) -> bool:
    """By what each of the agents writes in every event."""
    return names >= _KINESIS_AGENT or names >= _FLUENT_BIT or names >= _NXLOG or names >= _WINLOGBEAT


def recognise(record: JsonObject) -> bool:
    if "winlog" not in record:
        return True
    winlog = record["winlog"]
    return isinstance(winlog, dict) and "event_id" in winlog


def _complete(event: JsonObject, rest: JsonObject) -> None:
    windows_fields.complete(event, rest)
    windows_fields.leave_out_placeholders(event)
    winlog, happened = rest.get("winlog"), event["event"]
    if isinstance(winlog, dict):  # Winlogbeat says these twice
        for name, twin in (("event_id", "code"), ("provider_name", "provider")):
            if winlog.get(name) == happened.get(twin):
                winlog.pop(name, None)


#: What ECS names of Winlogbeat's own document are taken over as they are.
_ECS = (
    *("@timestamp", "event.code", "event.provider", "event.created", "event.action", "event.outcome", "message", "log.level"),
    *("host.name", "source.ip", "source.port", "source.domain", "user.id", "user.name", "user.domain"),
)

TABLE = Table(
    {
        "TimeCreated": "@timestamp",
        "EventTime": "@timestamp",
        "EventId": "event.code",
        "EventID": "event.code",
        "EventRecordID": "event.sequence",
        "RecordNumber": "event.sequence",
        "Index": "event.sequence",
        "ProviderName": "event.provider",
        "SourceName": "event.provider",
        "LevelDisplayName": "log.level",
        "Level": "log.level",
        "Severity": "log.level",
        "MachineName": "host.name",
        "Computer": "host.name",
        "Hostname": "host.name",
        "ProcessID": "process.pid",
        "ThreadID": "process.thread.id",
        "UserID": "user.id",
        "UserName": "user.name",
        "AccountName": "user.name",
        "Domain": "user.domain",
        "Description": "message",
        "Message": "message",
        "LogName": "windows.channel",
        "Channel": "windows.channel",
        "Keywords": "windows.keywords",
        "Task": "windows.task",
        "winlog.channel": "windows.channel",
        "winlog.event_id": "event.code",
        "winlog.record_id": "event.sequence",
        "winlog.provider_name": "event.provider",
        "winlog.computer_name": "host.name",
        "winlog.process.pid": "process.pid",
        "winlog.process.thread.id": "process.thread.id",
        "winlog.user.identifier": "user.id",
        "winlog.user.name": "user.name",
        "winlog.user.domain": "user.domain",
        "winlog.task": "windows.task",
        **{name: name for name in _ECS},
        **{f"winlog.event_data.{name}": field for name, field in windows_fields.DATA.items()},
        **windows_fields.DATA,
    },
    own=windows_fields.OWN,
    rest=windows_fields.REST,
    read={
        **dict.fromkeys(("LevelDisplayName", "Level", "Severity", "log.level"), windows_fields.level),
        **dict.fromkeys(("IpAddress", "winlog.event_data.IpAddress"), windows_fields.address),
        "event.created": INSTANT.read,
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="windows_event",
    dataset="windows.event",
    title="Windows event",
    page="https://docs.aws.amazon.com/kinesis-agent-windows/latest/userguide/source-object-declarations.html",
    arrival="The Kinesis Agent for Windows, Winlogbeat, Fluent Bit or NXLog on the machine.",
    recognise=recognise,
    shape=shape,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
)
