"""Authentication lines of Linux hosts, as syslog writes them to /var/log/auth.log or /var/log/secure: sshd, sudo, su, PAM
modules, logind and the tools that change accounts.

Messages: OpenSSH's auth.c and packet.c, sudoers manual, "Event logging" (https://www.sudo.ws/docs/man/sudoers.man/), and
pam_unix(8) (https://man7.org/linux/man-pages/man8/pam_unix.8.html). A message that is none of these is kept as it is in
`message`; of the others every value has a field, and the sentence around the values is left out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from common.kinds import LONG_WORD, WORD
from common.logtype import JsonObject, LineType, Stamp
from common.syslog_header import BEGINS, Header, header, header_fields
from common.syslog_senders import is_authentication
from common.table import Table

_FROM = r"(?P<source>[0-9a-fA-F.:]+|UNKNOWN|[\w.-]+)(?: port (?P<port>[0-9]+))?"
_WHO = r"(?:(?P<unknown>invalid|illegal) user )?(?P<user>\S*)"
_TAIL = r"(?: ssh2)?(?: (?P<phase>\[preauth\]))?"
_REASON = r"(?:(?::(?P<code>[0-9]+): ?|: ?)(?P<reason>.*?))?"


class _Form(NamedTuple):
    """A message and what it says of the event."""

    action: str
    types: tuple[str, ...]
    outcome: str | None
    pattern: re.Pattern[str]
    category: tuple[str, ...] = ("authentication",)


def _form(action: str, types: str, outcome: str | None, pattern: str, category: str = "authentication") -> _Form:
    return _Form(action, tuple(types.split()), outcome, re.compile(pattern, re.DOTALL), tuple(category.split()))


#: Forms by the first word of the message, without a colon.
_FORMS: dict[str, tuple[_Form, ...]] = {
    "Accepted": (
        _form(
            "ssh_login",
            "start",
            "success",
            rf"Accepted (?P<method>\S+) for (?P<user>\S*) from {_FROM}(?: ssh2)?(?:: (?P<key>.+))?",
        ),
    ),
    "Failed": (
        _form(
            "ssh_login", "start", "failure", rf"Failed (?P<method>\S+) for {_WHO} from {_FROM}(?: ssh2)?(?:: (?P<key>.+))?{_TAIL}"
        ),
        _form("ssh_login", "start", "failure", rf"Failed (?P<method>\S+) for {_WHO} from {_FROM}{_TAIL}"),
    ),
    "Invalid": (_form("ssh_login", "start", "failure", rf"(?P<unknown>Invalid) user (?P<user>.*?) ?from {_FROM}{_TAIL}"),),
    "input_userauth_request": (
        _form("ssh_login", "start", "failure", rf"input_userauth_request: (?P<unknown>invalid) user (?P<user>\S*){_TAIL}"),
    ),
    "error": (
        _form(
            "ssh_too_many_failures",
            "start",
            "failure",
            rf"error: (?P<reason>maximum authentication attempts exceeded) for {_WHO} from {_FROM}{_TAIL}",
        ),
    ),
    "Connection": (
        _form(
            "ssh_disconnect",
            "end",
            None,
            r"Connection (?P<reason>closed|reset) by (?:(?:authenticating|(?P<unknown>invalid)) user (?P<user>\S*) )?"
            rf"{_FROM}{_TAIL}",
        ),
        _form(
            "ssh_connect",
            "info",
            None,
            rf"Connection from {_FROM} on (?P<local>[0-9a-fA-F.:]+) port (?P<local_port>[0-9]+)(?: rdomain \"(?P<rdomain>.*)\")?",
        ),
    ),
    "Disconnected": (
        _form(
            "ssh_disconnect",
            "end",
            None,
            rf"Disconnected from (?:(?:authenticating |(?P<unknown>invalid) )?user (?P<user>\S*) )?{_FROM}{_TAIL}",
        ),
    ),
    "Received": (_form("ssh_disconnect", "end", None, rf"Received disconnect from {_FROM}{_REASON}{_TAIL}"),),
    "Disconnecting": (
        _form(
            "ssh_disconnect",
            "end",
            None,
            rf"Disconnecting (?:authenticating |(?P<unknown>invalid) )?(?:user )?(?P<user>\S+) {_FROM}: (?P<reason>.*?){_TAIL}",
        ),
        _form("ssh_disconnect", "end", None, rf"Disconnecting: (?P<reason>.*?){_TAIL}"),
    ),
    "User": (
        _form("ssh_login", "start", "failure", rf"User (?P<user>\S+) from {_FROM} not allowed because (?P<reason>.*?){_TAIL}"),
    ),
    "Did": (_form("ssh_connect", "info", None, rf"(?P<reason>Did not receive identification string) from {_FROM}{_TAIL}"),),
    "Successful": (_form("su", "start", "success", r"Successful su for (?P<target>\S+) by (?P<user>\S+)"),),
    "FAILED": (
        _form("su", "start", "failure", r"FAILED su for (?P<target>\S+) by (?P<user>\S+)"),
        _form("su", "start", "failure", r"FAILED SU \(to (?P<target>\S+)\) (?P<user>\S+) on (?P<tty>\S+)"),
    ),
    "New": (_form("session_opened", "start", "success", r"New session (?P<session>\S+) of user (?P<user>\S+?)\.", "session"),),
    "Removed": (_form("session_closed", "end", None, r"Removed session (?P<session>\S+?)\.", "session"),),
    "new": (
        _form(
            "user_added",
            "user creation",
            "success",
            r"new user: name=(?P<target>[^,]+), UID=(?P<target_id>[0-9]+), GID=(?P<group_id>[0-9]+), home=(?P<home>[^,]*), "
            r"shell=(?P<shell>[^,]*)(?:, from=(?P<tty>.*))?",
            "iam",
        ),
        _form("group_added", "group creation", "success", r"new group: name=(?P<group>[^,]+), GID=(?P<group_id>[0-9]+)", "iam"),
    ),
    "group": (
        _form(
            "group_added",
            "group creation",
            "success",
            r"group added to (?P<file>\S+): name=(?P<group>[^,]+)(?:, GID=(?P<group_id>[0-9]+))?",
            "iam",
        ),
    ),
    "delete": (_form("user_deleted", "user deletion", "success", r"delete user '(?P<target>[^']*)'", "iam"),),
    "removed": (
        _form(
            "group_deleted", "group deletion", "success", r"removed group '(?P<group>[^']*)' owned by '(?P<target>[^']*)'", "iam"
        ),
    ),
    "add": (
        _form(
            "user_added_to_group",
            "group change",
            "success",
            r"add '(?P<target>[^']*)' to (?P<file>(?:shadow )?group) '(?P<group>[^']*)'",
            "iam",
        ),
    ),
    "change": (_form("user_changed", "user change", "success", r"change user '(?P<target>[^']*)' (?P<changed>.+)", "iam"),),
}

_PAM = re.compile(r"(?P<module>pam_[a-z0-9_]+)\((?P<service>[^:)]*):(?P<phase>[^)]*)\): (?P<said>.*)", re.DOTALL)
_PAM_SESSION = re.compile(
    r"session (?P<change>opened|closed) for user (?P<target>[^\s(]+)(?:\(uid=(?P<target_id>[0-9]+)\))?"
    r"(?: by (?P<user>[^\s(]*)\(uid=(?P<id>[0-9]+)\))?"
)
_PAM_FAILURE = re.compile(
    r"authentication failure; logname=(?P<logname>\S*) uid=(?P<id>[0-9]*) euid=(?P<effective_id>[0-9]*) tty=(?P<tty>\S*) "
    r"ruser=(?P<remote_user>\S*) rhost=(?P<source>\S*)(?: +user=(?P<user>\S*))?"
)
_PAM_PASSWORD = re.compile(r"password changed for (?P<target>\S+)")
_SUDO = re.compile(r" *(?P<user>\S+) : (?:(?P<reason>[^=;]+) ; )?(?P<settings>[A-Z]+=.*)", re.DOTALL)
#: COMMAND comes last and may hold the separator.
_SETTING = re.compile(r"([A-Z]+)=((?<=COMMAND=).*|.*?)(?: ; |\Z)", re.DOTALL)
_SETTINGS = {"TTY": "tty", "PWD": "directory", "USER": "target", "GROUP": "group", "COMMAND": "command", "TSID": "session"}


def recognise(line: str) -> Header | None:
    found = header(line)
    return found if found is not None and is_authentication(found) else None


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`user` is who acted, `user.target` whose account it was about; for a login, `user` is the account."""
    found = header(line)
    return TABLE.event({"message": line}, stamp) if found is None else parse_match(found, stamp)


def parse_match(found: Header, stamp: Stamp) -> JsonObject:
    fields = header_fields(found, stamp.time)
    fields.pop("level", None)  # that of every line is the severity's name, and says nothing of a login
    understood = _sudo(found.message) if found.program == "sudo" else None
    understood = understood or _pam(found.message) or _by_form(found.message)
    return TABLE.event({**fields, **(understood or {"message": found.message})}, stamp)


def _by_form(message: str) -> JsonObject | None:
    for form in _FORMS.get(message.partition(" ")[0].rstrip(":"), ()):
        match = form.pattern.fullmatch(message)
        if match is not None:
            fields: JsonObject = match.groupdict()
            if fields.pop("unknown", None):
                fields["reason"] = fields.get("reason") or "invalid user"
            if fields.get("phase"):
                fields["phase"] = "preauth"
            return {**fields, **_verdict(form.action, form.types, form.outcome, form.category)}
    return None


def _pam(message: str) -> JsonObject | None:
    match = _PAM.fullmatch(message)
    if match is None:
        return None
    said = match["said"]
    fields: JsonObject = {"module": match["module"], "service": match["service"], "phase": match["phase"]}
    if session := _PAM_SESSION.fullmatch(said):
        opened = session["change"] == "opened"
        types = ("start",) if opened else ("end",)
        verdict = _verdict(f"session_{session['change']}", types, "success" if opened else None, ("session",))
        return {**fields, **session.groupdict(), "phase": None, "change": None, **verdict}
    if failure := _PAM_FAILURE.fullmatch(said):
        return {**fields, **failure.groupdict(), **_verdict("authentication", ("start",), "failure", ("authentication",))}
    if changed := _PAM_PASSWORD.fullmatch(said):
        return {**fields, **changed.groupdict(), **_verdict("password_changed", ("user", "change"), "success", ("iam",))}
    return {**fields, "message": said}


def _sudo(message: str) -> JsonObject | None:
    """A user who ran a command, or who was refused, with the reason before the settings."""
    match = _SUDO.fullmatch(message)
    if match is None:
        return None
    settings = {_SETTINGS.get(name, name): value for name, value in _SETTING.findall(match["settings"])}
    if "command" not in settings:
        return None
    verdict = _verdict("sudo", ("start",), "failure" if match["reason"] else "success", ("authentication",))
    return {"user": match["user"], "reason": match["reason"], **settings, **verdict}


def _verdict(action: str, types: tuple[str, ...], outcome: str | None, category: tuple[str, ...]) -> JsonObject:
    return {"action": action, "type": list(types), "outcome": outcome, "category": list(category)}


def _complete(event: JsonObject, rest: JsonObject) -> None:
    auth = event.get("auth", {})
    if auth.get("service") == event.get("process", {}).get("name"):
        auth.pop("service", None)  # a module speaks in the name of its service, nearly always
    event["event"].setdefault("category", ["authentication"])
    event["event"].setdefault("type", ["info"])
    address = rest.pop("source", None)  # not of an IP address's kind
    if address is not None:
        event.setdefault("source", {})["domain"] = address


TABLE = Table(
    {
        "time": "@timestamp",
        "action": "event.action",
        "category": "event.category",
        "type": "event.type",
        "outcome": "event.outcome",
        "code": "event.code",
        "reason": "event.reason",
        "facility": "log.syslog.facility.code",
        "severity": "log.syslog.severity.code",
        "host": "host.name",
        "program": "process.name",
        "pid": "process.pid",
        "user": "user.name",
        "id": "user.id",
        "target": "user.target.name",
        "target_id": "user.target.id",
        "group": "group.name",
        "source": "source.ip",
        "port": "source.port",
        "local": "destination.ip",
        "local_port": "destination.port",
        "command": "process.command_line",
        "message": "message",
        "method": "auth.method",
        "key": "auth.key",
        "module": "auth.module",
        "service": "auth.service",
        "phase": "auth.phase",
        "tty": "auth.tty",
        "directory": "auth.directory",
        "session": "auth.session",
    },
    own={
        **{f"auth.{name}": WORD for name in ("method", "key", "module", "service", "phase", "tty", "session")},
        "auth.directory": LONG_WORD,
    },
    rest="auth.other",
    constants={"event.kind": "event"},
    read={"time": str},  # as header_fields made it
    complete=_complete,
)

LOG_TYPE = LineType(
    name="linux_auth",
    dataset="linux.auth",
    title="Linux authentication line",
    page="https://man7.org/linux/man-pages/man8/pam_unix.8.html",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of /var/log/auth.log or "
    "/var/log/secure.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=BEGINS,
)
