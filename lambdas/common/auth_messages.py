"""What messages of authentication say: those of sshd, sudo, su, PAM modules, logind and the tools that change accounts.

Source: OpenSSH's auth.c and packet.c, sudoers manual, "Event logging" (https://www.sudo.ws/docs/man/sudoers.man/), and
pam_unix(8) (https://man7.org/linux/man-pages/man8/pam_unix.8.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from common.logtype import JsonObject

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

#: Of events by their action: types and categories.
MEANINGS: dict[str | None, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **{form.action: (form.types, form.category) for forms in _FORMS.values() for form in forms},
    "session_opened": (("start",), ("session",)),
    "session_closed": (("end",), ("session",)),
    "authentication": (("start",), ("authentication",)),
    "password_changed": (("user", "change"), ("iam",)),
    "sudo": (("start",), ("authentication",)),
    None: (("info",), ("authentication",)),
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


def understood(program: str | None, message: str) -> JsonObject:
    """The values in a message, or all of it."""
    understood = _sudo(message) if program == "sudo" else None
    return understood or _pam(message) or _by_form(message) or {"message": message}


def places(program: str | None, message: str) -> Iterator[tuple[str, int, int]]:
    """Groups of what a message is understood by, and where they are in it."""
    if (match := _PAM.fullmatch(message)) is not None:
        yield from _groups(match)
        said = match["said"]
        inner = _PAM_SESSION.fullmatch(said) or _PAM_FAILURE.fullmatch(said) or _PAM_PASSWORD.fullmatch(said)
        if inner is not None:
            yield from _groups(inner, match.start("said"))
    elif program == "sudo" and (match := _SUDO.fullmatch(message)) is not None:
        yield from _groups(match)
        for setting in _SETTING.finditer(message, match.start("settings")):
            yield _SETTINGS.get(setting[1], setting[1]), *setting.span(2)
    else:
        matches = (form.pattern.fullmatch(message) for form in _forms_of(message))
        yield from _groups(next(filter(None, matches)))


def _groups(match: re.Match[str], start: int = 0) -> Iterator[tuple[str, int, int]]:
    for name in match.re.groupindex:
        if match[name]:
            yield name, start + match.start(name), start + match.end(name)


def _by_form(message: str) -> JsonObject | None:
    for form in _forms_of(message):
        match = form.pattern.fullmatch(message)
        if match is not None:
            fields: JsonObject = match.groupdict()
            if fields.pop("unknown", None):
                fields["reason"] = fields.get("reason") or "invalid user"
            if fields.get("phase"):
                fields["phase"] = "preauth"
            return {**fields, "action": form.action, "outcome": form.outcome}
    return None


def _forms_of(message: str) -> tuple[_Form, ...]:
    return _FORMS.get(message.partition(" ")[0].rstrip(":"), ())


def _pam(message: str) -> JsonObject | None:
    match = _PAM.fullmatch(message) if message.startswith("pam_") else None
    if match is None:
        return None
    said = match["said"]
    fields: JsonObject = {"module": match["module"], "service": match["service"], "phase": match["phase"]}
    if session := _PAM_SESSION.fullmatch(said):
        opened = session["change"] == "opened"
        verdict = {"action": f"session_{session['change']}", "outcome": "success" if opened else None}
        return {**fields, **session.groupdict(), "phase": None, "change": None, **verdict}
    if failure := _PAM_FAILURE.fullmatch(said):
        return {**fields, **failure.groupdict(), "action": "authentication", "outcome": "failure"}
    if changed := _PAM_PASSWORD.fullmatch(said):
        return {**fields, **changed.groupdict(), "action": "password_changed", "outcome": "success"}
    return {**fields, "message": said}


def _sudo(message: str) -> JsonObject | None:
    """A user who ran a command, or who was refused, with the reason before the settings."""
    match = _SUDO.fullmatch(message)
    if match is None:
        return None
    settings = {_SETTINGS.get(name, name): value for name, value in _SETTING.findall(match["settings"])}
    if "command" not in settings:
        return None
    outcome = "failure" if match["reason"] else "success"
    return {"user": match["user"], "reason": match["reason"], **settings, "action": "sudo", "outcome": outcome}
