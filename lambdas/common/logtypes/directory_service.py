"""Security events of the domain controllers of AWS Managed Microsoft AD, forwarded as the XML of Windows events.

Source: AWS Directory Service administration guide, "Enabling Amazon CloudWatch Logs log forwarding for AWS Managed Microsoft AD"
(https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_enable_log_forwarding.html), and for the data of the events
Microsoft's "Advanced security audit policy settings". Nothing in an event tells a domain controller from another Windows machine:
the type must be named.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from common import windows_event
from common.kinds import IP, WORD
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table


class _Meaning(NamedTuple):
    action: str
    category: list[str]
    type: list[str]


_SIGN_IN = ["authentication"]
_ACCOUNT = ["iam"]
_MEANINGS = {
    "1102": _Meaning("audit-log-cleared", ["iam"], ["admin", "change"]),
    "4624": _Meaning("logged-in", _SIGN_IN, ["start"]),
    "4625": _Meaning("logon-failed", _SIGN_IN, ["start"]),
    "4634": _Meaning("logged-out", _SIGN_IN, ["end"]),
    "4647": _Meaning("logged-out", _SIGN_IN, ["end"]),
    "4648": _Meaning("logged-in-explicit", _SIGN_IN, ["start"]),
    "4662": _Meaning("object-operation-performed", _ACCOUNT, ["info"]),
    "4672": _Meaning("logged-in-special", _ACCOUNT, ["admin"]),
    "4720": _Meaning("added-user-account", _ACCOUNT, ["user", "creation"]),
    "4722": _Meaning("enabled-user-account", _ACCOUNT, ["user", "change"]),
    "4723": _Meaning("changed-password", _ACCOUNT, ["user", "change"]),
    "4724": _Meaning("reset-password", _ACCOUNT, ["user", "change"]),
    "4725": _Meaning("disabled-user-account", _ACCOUNT, ["user", "change"]),
    "4726": _Meaning("deleted-user-account", _ACCOUNT, ["user", "deletion"]),
    "4728": _Meaning("added-member-to-group", _ACCOUNT, ["group", "change"]),
    "4729": _Meaning("removed-member-from-group", _ACCOUNT, ["group", "change"]),
    "4732": _Meaning("added-member-to-group", _ACCOUNT, ["group", "change"]),
    "4733": _Meaning("removed-member-from-group", _ACCOUNT, ["group", "change"]),
    "4738": _Meaning("modified-user-account", _ACCOUNT, ["user", "change"]),
    "4740": _Meaning("locked-out-user-account", _ACCOUNT, ["user", "change"]),
    "4756": _Meaning("added-member-to-group", _ACCOUNT, ["group", "change"]),
    "4757": _Meaning("removed-member-from-group", _ACCOUNT, ["group", "change"]),
    "4767": _Meaning("unlocked-user-account", _ACCOUNT, ["user", "change"]),
    "4768": _Meaning("kerberos-authentication-ticket-requested", _SIGN_IN, ["start"]),
    "4769": _Meaning("kerberos-service-ticket-requested", _SIGN_IN, ["start"]),
    "4771": _Meaning("kerberos-preauth-failed", _SIGN_IN, ["start"]),
    "4776": _Meaning("credential-validated", _SIGN_IN, ["start"]),
    "5136": _Meaning("directory-object-modified", _ACCOUNT, ["change"]),
}
_UNKNOWN = _Meaning("", ["iam"], ["info"])
#: The audit bits of an event's keywords.
_SUCCESS, _FAILURE = 0x20000000000000, 0x10000000000000
_MAPPED = "::ffff:"


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened = event["event"]
    meaning = _MEANINGS.get(happened.get("code"), _UNKNOWN)
    happened["category"], happened["type"] = meaning.category, meaning.type
    if meaning.action:
        happened["action"] = meaning.action
    user = event.get("user", {})
    if meaning.category is _SIGN_IN and "target" in user:
        # Who signs in is the target of the event; its subject is the machine's own account.
        subject = {name: value for name, value in user.items() if name != "target"}
        event["user"] = user["target"]
        if subject:
            rest["Subject"] = subject
    keywords = rest.get("Keywords")
    if isinstance(keywords, str):
        bits = _bits(keywords)
        happened["outcome"] = "success" if bits & _SUCCESS else "failure" if bits & _FAILURE else "unknown"


def _bits(keywords: str) -> int:
    try:
        return int(keywords, 16)
    except ValueError:
        return 0


def _address(value: Any) -> Any:
    """An IPv4 address stands in its IPv6 form."""
    return IP.read(value.removeprefix(_MAPPED) if isinstance(value, str) else value)


def _split(line: str) -> JsonObject:
    record = windows_event.split(line)
    if "EventID" not in record:
        raise Malformed("line: no XML of a Windows event, with an EventID")
    return record


TABLE = Table(
    {
        "TimeCreated SystemTime": "@timestamp",
        "EventID": "event.code",
        "EventRecordID": "event.sequence",
        "Provider Name": "event.provider",
        "Computer": "host.name",
        "Message": "message",
        "Channel": "aws.directory_service.channel",
        # An event of the log service itself has its data in elements.
        "SubjectUserSid": "user.id",
        "SubjectUserName": "user.name",
        "SubjectDomainName": "user.domain",
        "EventData.SubjectUserSid": "user.id",
        "EventData.SubjectUserName": "user.name",
        "EventData.SubjectDomainName": "user.domain",
        "EventData.TargetUserSid": "user.target.id",
        "EventData.TargetSid": "user.target.id",
        "EventData.TargetUserName": "user.target.name",
        "EventData.TargetDomainName": "user.target.domain",
        "EventData.IpAddress": "source.ip",
        "EventData.IpPort": "source.port",
        "EventData.WorkstationName": "source.domain",
        "EventData.Workstation": "source.domain",
        "EventData.ServiceName": "service.name",
        "EventData.ProcessName": "process.executable",
        "EventData.LogonType": "aws.directory_service.logon_type",
        "EventData.Status": "aws.directory_service.status",
        "EventData.SubStatus": "aws.directory_service.sub_status",
        "EventData.ObjectDN": "aws.directory_service.object_dn",
    },
    own={f"aws.directory_service.{name}": WORD for name in ("channel", "logon_type", "status", "sub_status", "object_dn")},
    rest="aws.directory_service.other",
    read={"EventData.IpAddress": _address},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="directory_service",
    dataset="aws.directory_service",
    title="Directory Service security event",
    page="https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_enable_log_forwarding.html",
    arrival="An envelope that names the type, around the events of the directory's log group.",
    recognise=lambda _: False,
    parse=TABLE.lines(_split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="<",
)
