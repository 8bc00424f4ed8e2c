"""What a Windows event says, whichever program sent it: fields, levels, keywords, and the meaning of well-known event ids.

Sources: Windows Event Log, "Event Schema" (https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema), and
"Appendix L: Events to Monitor" (https://learn.microsoft.com/en-us/windows-server/identity/ad-ds/plan/appendix-l--events-to-monitor).
"""

from __future__ import annotations

from typing import Any

from common.cache import remembered
from common.kinds import IP, WORD, Kind
from common.logtype import JsonObject

REST = "windows.other"
OWN: dict[str, Kind] = {
    f"windows.{name}": WORD for name in ("channel", "logon_type", "logon_id", "status", "sub_status", "task", "keywords")
}

#: An event's data by its names, which are the same in every channel of an event id.
DATA = {
    "SubjectUserSid": "user.id",
    "SubjectUserName": "user.name",
    "SubjectDomainName": "user.domain",
    "TargetUserSid": "user.target.id",
    "TargetSid": "user.target.id",
    "TargetUserName": "user.target.name",
    "TargetDomainName": "user.target.domain",
    "IpAddress": "source.ip",
    "IpPort": "source.port",
    "WorkstationName": "source.domain",
    "Workstation": "source.domain",
    "LogonType": "windows.logon_type",
    "TargetLogonId": "windows.logon_id",
    "Status": "windows.status",
    "SubStatus": "windows.sub_status",
    "NewProcessName": "process.executable",
    "CommandLine": "process.command_line",
    "ParentProcessName": "process.parent.executable",
    "ObjectName": "file.path",
}

_LEVELS = {"0": "information", "1": "critical", "2": "error", "3": "warning", "4": "information", "5": "verbose"}
_WRITTEN_LEVELS = {"info": "information", "informational": "information", "warn": "warning"}
_FAILING = ("critical", "error")
#: The audit bits of the keywords, and what programs write for them.
_SUCCESS, _FAILURE = 0x20000000000000, 0x10000000000000
_AUDITS = {"audit_success": "success", "auditsuccess": "success", "audit_failure": "failure", "auditfailure": "failure"}

_SIGN_IN, _ACCOUNT, _PROCESS = ["authentication"], ["iam"], ["process"]
#: Action, category and type of event ids of the Security channel.
_MEANINGS: dict[str, tuple[str, list[str], list[str]]] = {
    "1102": ("audit-log-cleared", _ACCOUNT, ["admin", "change"]),
    "4624": ("logged-in", _SIGN_IN, ["start"]),
    "4625": ("logon-failed", _SIGN_IN, ["start"]),
    "4634": ("logged-out", _SIGN_IN, ["end"]),
    "4647": ("logged-out", _SIGN_IN, ["end"]),
    "4648": ("logged-in-explicit", _SIGN_IN, ["start"]),
    "4672": ("logged-in-special", _ACCOUNT, ["admin"]),
    "4688": ("created-process", _PROCESS, ["start"]),
    "4689": ("exited-process", _PROCESS, ["end"]),
    "4720": ("added-user-account", _ACCOUNT, ["user", "creation"]),
    "4722": ("enabled-user-account", _ACCOUNT, ["user", "change"]),
    "4723": ("changed-password", _ACCOUNT, ["user", "change"]),
    "4724": ("reset-password", _ACCOUNT, ["user", "change"]),
    "4725": ("disabled-user-account", _ACCOUNT, ["user", "change"]),
    "4726": ("deleted-user-account", _ACCOUNT, ["user", "deletion"]),
    "4728": ("added-member-to-group", _ACCOUNT, ["group", "change"]),
    "4732": ("added-member-to-group", _ACCOUNT, ["group", "change"]),
    "4738": ("modified-user-account", _ACCOUNT, ["user", "change"]),
    "4740": ("locked-out-user-account", _ACCOUNT, ["user", "change"]),
    "4756": ("added-member-to-group", _ACCOUNT, ["group", "change"]),
    "4776": ("credential-validated", _SIGN_IN, ["start"]),
}
_SECURITY = "Security"
#: Stands for a name that an event does not tell.
_NOTHING = "-"
_MAPPED = "::ffff:"
#: In place of an object of the event that is not there.
_NONE: JsonObject = {}


def level(value: Any) -> str | None:
    """A level's number, or its name, as a name in small letters."""
    written = str(value).lower() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return _LEVELS.get(written) or _WRITTEN_LEVELS.get(written) or (written if written.isalpha() else None)


def address(value: Any) -> str | None:
    """An IPv4 address may stand in its IPv6 form."""
    found: str | None = IP.read(value.removeprefix(_MAPPED) if isinstance(value, str) else value)
    return found


def complete(event: JsonObject, rest: JsonObject) -> None:
    """Sets category, type, action and outcome by event id, channel, keywords and level."""
    windows, log, happened = event.get("windows", _NONE), event.get("log", _NONE), event["event"]
    happened |= _meaning((happened.get("code"), windows.get("channel"), windows.get("keywords"), log.get("level")))


def leave_out_placeholders(event: JsonObject) -> None:
    """Of names and addresses that an event does not tell."""
    user = event.get("user", _NONE)
    for holder in (user, user.get("target", _NONE), event.get("source", _NONE)):
        for name in [name for name, value in holder.items() if value == _NOTHING]:
            del holder[name]


@remembered(16_384)
def _meaning(found: tuple[str | None, str | None, str | None, str | None]) -> JsonObject:
    """Fields of `event` by code, channel, keywords and level, of which an event may have some."""
    code, channel, keywords, level = found
    if channel == _SECURITY and code in _MEANINGS:
        action, category, kind = _MEANINGS[code]
        fields: JsonObject = {"action": action, "category": category, "type": kind}
    else:
        fields = {"category": ["host"], "type": ["error" if level in _FAILING else "info"]}
    outcome = _outcome(keywords or "")
    return fields if outcome is None else {**fields, "outcome": outcome}


def _outcome(keywords: str) -> str | None:
    """None where the keywords have none of the audit bits. The bits come as hexadecimal or, signed, as a decimal number."""
    written = keywords.strip().lower().replace(" ", "_")
    if written in _AUDITS:
        return _AUDITS[written]
    try:
        bits = int(written, 16) if written.startswith("0x") else int(written)
    except ValueError:
        return None
    return "success" if bits & _SUCCESS else "failure" if bits & _FAILURE else None
