"""File access audit events of FSx for Windows File Server: Windows security events as XML.

Fields: FSx for Windows File Server user guide, "Logging end user access with file access auditing"
(https://docs.aws.amazon.com/fsx/latest/WindowsGuide/file-access-auditing.html). The computer of an event is the file system's
endpoint, amznfsx…, by which its events are told from those of other Windows machines: an event cut off before it must name its
type.
"""

from __future__ import annotations

from common import windows_event
from common.cache import remembered
from common.kinds import WORD, WORDS
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

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
    """The elements under the table's names. Raises Malformed for what has no event."""
    record = windows_event.split(line)
    if "EventID" not in record and "Computer" not in record:
        raise Malformed("line: no XML of a Windows event, with an EventID or a Computer")
    return record


@remembered(4_096)
def _access(value: str) -> list[str]:
    return [_ACCESS.get(code, code) for code in value.split()]


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
        "TimeCreated SystemTime": "@timestamp",
        "EventID": "event.code",
        "EventRecordID": "event.sequence",
        "Provider Name": "event.provider",
        "Computer": "host.name",
        "EventData.SubjectUserSid": "user.id",
        "EventData.SubjectUserName": "user.name",
        "EventData.SubjectDomainName": "user.domain",
        "EventData.IpAddress": "source.ip",
        "EventData.IpPort": "source.port",
        "EventData.ObjectName": "file.path",
        "EventData.RelativeTargetName": "file.path",
        "EventData.ShareName": "aws.fsx.share",
        "EventData.ObjectType": "aws.fsx.object_type",
        "EventData.AccessList": "aws.fsx.access",
        "EventData.AccessMask": "aws.fsx.access_mask",
        "EventData.HandleId": "aws.fsx.handle_id",
        "EventData.SubjectLogonId": "aws.fsx.logon_id",
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
    constants={"event.category": ["file"]},
    read={"EventData.AccessList": _access},
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
