"""File access audit events of FSx for Windows File Server: Windows security events as XML.

Fields: FSx for Windows File Server user guide, "Logging end user access with file access auditing"
(https://docs.aws.amazon.com/fsx/latest/WindowsGuide/file-access-auditing.html). The computer of an event is the file system's
endpoint, amznfsx…, by which its events are told from those of other Windows machines: an event cut off before it must name its
type.
"""

from __future__ import annotations

import html
import re

from common import windows_event
from common.cache import remembered
from common.kinds import WORD, WORDS
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

#: An element with text in it, which may be cut off, and one with attributes. Possessive: a failed try goes back no step.
_TEXT = re.compile(r"<([A-Za-z]++)(?: [^<>]*+)?+>([^<]*+)(?:</|\Z)")
_ATTRIBUTED = re.compile(r"<(?!Event )([A-Za-z]++) ([^<>]++)>")
_ATTRIBUTE = re.compile(r"""([A-Za-z]+)=['"]([^'"]*)['"]""")
_DATA = re.compile(r"""<Data Name=['"]([^'"<>]*+)['"]>([^<]*+)""")
_ABSENT = frozenset(("", "-", "{00000000-0000-0000-0000-000000000000}"))
#: One of these elements is in every event, though it may be empty.
_NEEDED = frozenset(("EventID", "Computer"))

#: event.action and event.type of an event id.
_EVENTS = {
    "4656": ("handle-requested", "access"),
    "4658": ("handle-closed", "access"),
    "4659": ("delete-requested", "deletion"),
    "4660": ("object-deleted", "deletion"),
    "4663": ("object-accessed", "access"),
    "4664": ("hard-link-requested", "creation"),
    "4670": ("permissions-changed", "change"),
    "5140": ("share-accessed", "access"),
    "5142": ("share-added", "creation"),
    "5143": ("share-changed", "change"),
    "5144": ("share-deleted", "deletion"),
    "5145": ("share-access-checked", "access"),
}
#: The page's table of access types.
_ACCESS = {
    "%%4416": "ReadData",
    "%%4417": "WriteData",
    "%%4418": "AppendData",
    "%%4419": "ReadExtendedAttributes",
    "%%4420": "WriteExtendedAttributes",
    "%%4421": "Execute",
    "%%4422": "DeleteChild",
    "%%4423": "ReadAttributes",
    "%%4424": "WriteAttributes",
    "%%1537": "Delete",
    "%%1538": "ReadAcl",
    "%%1539": "WriteAcl",
    "%%1540": "WriteOwner",
    "%%1541": "Synchronize",
    "%%1542": "AccessSecurityAcl",
}
_WRITES = frozenset(name for name in _ACCESS.values() if name.startswith(("Write", "Append")))
_OUTCOMES = {"0x8020000000000000": "success", "0x8010000000000000": "failure"}


def recognise(line: str) -> bool:
    """Whether it is an event of a file system's endpoint."""
    return line.startswith("<Event ") and windows_event.of_file_system(line)


def split(line: str) -> JsonObject:
    """The elements by name, `Data` by its own; an attribute has its element's name before its own. Raises Malformed for what has
    no event."""
    system, _, data = line.partition("<EventData>")
    found, named = _rendered(system) or _elements(system), dict(_DATA.findall(data))
    if "EventID" not in found and "Computer" not in found and _NEEDED.isdisjoint(dict(_TEXT.findall(system))):
        raise Malformed("line: no XML of a Windows event, with an EventID and a Computer")
    if not found.keys().isdisjoint(named):  # what the data says goes before, and be it that there is no value
        found = {name: value for name, value in found.items() if name not in named}
    return {**found, **_present(named, data)}


def _rendered(system: str) -> JsonObject | None:
    """As `_elements`, of what Windows renders: what is of this event alone stands between what comes again and is remembered."""
    provider, _, rest = system.partition("<TimeCreated ")
    own, found, channel = rest.partition("<Channel>")
    match = windows_event.OWN.fullmatch(own)
    if match is None or not found or not provider.endswith("</Keywords>"):
        return None
    time, number, activity, related, process, thread = match.groups()
    alone = {
        "TimeCreatedSystemTime": time,
        "EventRecordID": int(number),
        "CorrelationActivityID": activity,
        "CorrelationRelatedActivityID": related,
        "ExecutionProcessID": process,
        "ExecutionThreadID": thread,
    }
    before, after = _remembered(provider), _remembered(f"<Channel>{channel}")
    record = {**before, **alone, **after}
    # Of a name that stands in two of the parts, one has to give way.
    return record if len(record) == len(before) + len(alone) + len(after) else None


def _elements(system: str) -> JsonObject:
    found = dict(_TEXT.findall(system))
    for name, attributes in _ATTRIBUTED.findall(system):
        for attribute, value in _ATTRIBUTE.findall(attributes):
            found[name + attribute] = value
    return _present(found, system)


_remembered = remembered(4_096)(_elements)


def _present(found: dict[str, str], written: str) -> JsonObject:
    """The values that stand for one, as they are meant."""
    values = {name: value for name, text in found.items() if (value := text.strip()) not in _ABSENT}
    return {name: html.unescape(value) for name, value in values.items()} if "&" in written else values


def _access(value: str) -> list[str] | None:
    return [_ACCESS.get(code, code) for code in value.split()] or None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened = event["event"]
    code, accesses = happened.get("code"), event.get("aws", {}).get("fsx", {}).get("access", ())
    if code in _EVENTS:
        action, kind = _EVENTS[code]
        if code == "4663" and not _WRITES.isdisjoint(accesses):
            kind = "change"
        happened |= {"action": action, "type": [kind]}
    outcome = _OUTCOMES.get(rest.get("Keywords", ""))
    if outcome is not None:
        happened["outcome"] = outcome
        del rest["Keywords"]


TABLE = Table(
    {
        "TimeCreatedSystemTime": "@timestamp",
        "EventID": "event.code",
        "EventRecordID": "event.sequence",
        "ProviderName": "event.provider",
        "Computer": "host.name",
        "SubjectUserSid": "user.id",
        "SubjectUserName": "user.name",
        "SubjectDomainName": "user.domain",
        "IpAddress": "source.ip",
        "IpPort": "source.port",
        "ObjectName": "file.path",
        "RelativeTargetName": "file.path",
        "ShareName": "aws.fsx.share",
        "ObjectType": "aws.fsx.object_type",
        "AccessList": "aws.fsx.access",
        "AccessMask": "aws.fsx.access_mask",
        "HandleId": "aws.fsx.handle_id",
        "SubjectLogonId": "aws.fsx.logon_id",
    },
    own={
        "aws.fsx.share": WORD,
        "aws.fsx.object_type": WORD,
        "aws.fsx.access": WORDS,
        "aws.fsx.access_mask": WORD,
        "aws.fsx.handle_id": WORD,
        "aws.fsx.logon_id": WORD,
    },
    rest="aws.fsx.other",
    constants={"event.kind": "event", "event.category": ["file"], "cloud.provider": "aws"},
    read={"AccessList": _access},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="fsx_audit",
    dataset="aws.fsx",
    title="FSx for Windows File Server audit event",
    page="https://docs.aws.amazon.com/fsx/latest/WindowsGuide/file-access-auditing.html",
    arrival="The file system delivers it to a log group or to Data Firehose.",
    recognise=recognise,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="<",
)
