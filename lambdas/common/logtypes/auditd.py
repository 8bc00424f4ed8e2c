"""Records of the Linux audit system, as auditd writes them to /var/log/audit/audit.log.

Fields: Red Hat Enterprise Linux, Security Guide, "Understanding Audit Log Files"
(https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/7/html/security_guide/sec-understanding_audit_log_files).

One event is several records with one serial number, each of which becomes an event here; `auditd.serial` has the number. Text
that a user may choose comes in quotes, or in hexadecimal where it holds a space or a quote, and is read back.
"""

from __future__ import annotations

import re

from common.kinds import WORD
from common.learned_lines import LearnedLines, Value
from common.logtype import NUMBER, JsonObject, LineType, Malformed, Stamp
from common.table import Table

_BEGINNING = re.compile(r"(?:node=\S+ )?type=[A-Z][A-Z0-9_]* msg=audit\([0-9]+(?:\.[0-9]+)?:[0-9]+\)")
_LINE = re.compile(r"(?:node=(\S+) )?type=([^ ]+) msg=audit\(([0-9.]+):([0-9]+)\):?(?: (.*))?", re.DOTALL)
#: A value is in quotes, in apostrophes, or ends at a space; what the daemon adds in clear stands after a group separator.
_PAIR = re.compile(r"([A-Za-z_][\w-]*)=(?:\"([^\"]*)\"?|'([^']*)'?|([^\s\x1d]*))")
_SPACE = re.compile(r"[\s\x1d]*+")
#: As nearly all records are: what comes before the pairs, and a pair of values that JSON has as they are.
_HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>[A-Z][A-Z0-9_]*) msg=audit\((?P<time>[0-9]+\.[0-9]+):(?P<serial>[0-9]+)\): "
)
_HEAD_VALUES = {"node": r"[^\s\"\\\x00-\x1f]++", "type": "", "time": r"[0-9]++\.[0-9]++", "serial": "[0-9]++"}
_QUOTED, _BARE = r"""[^"'\\\x00-\x1f]*+""", r"""[^\s"'\\\x00-\x1f]*+"""
_USUAL_PAIR = re.compile(rf"""(?:[ \x1d]|(?<= ))(?:msg=')?([A-Za-z_][\w-]*)=(?:"({_QUOTED})"|({_BARE}))(?='?(?:[ \x1d]|$))'?""")
_NUMBERS = frozenset(("pid", "ppid"))
_HEX = "(?:[0-9A-F]{2})++"
#: Unquoted, these are in hexadecimal.
_ENCODED = frozenset(("acct", "cmd", "comm", "cwd", "exe", "name", "proctitle"))
#: Stands for no user, no session or nothing.
_NOTHING = frozenset(("", "?", "(none)", "(null)", "4294967295", "unset"))

_CATEGORIES = {
    name: category
    for category, names in {
        "authentication": ("USER_AUTH", "USER_LOGIN", "USER_LOGOUT", "USER_ERR", "USER_ACCT", "LOGIN"),
        "session": ("USER_START", "USER_END"),
        "iam": ("ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "USER_MGMT", "USER_CHAUTHTOK", "ACCT_LOCK"),
        "process": ("SYSCALL", "EXECVE", "PROCTITLE", "USER_CMD"),
        "file": ("PATH", "CWD"),
        "configuration": ("CONFIG_CHANGE", "DAEMON_START", "DAEMON_END", "DAEMON_CONFIG"),
    }.items()
    for name in names
}
_OUTCOMES = {"yes": "success", "no": "failure", "success": "success", "failed": "failure", "1": "success", "0": "failure"}


def split(line: str) -> JsonObject:
    """The fields by their names; of those in `msg='…'`, which programs write, too. Placeholders are left out."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise Malformed("line: not an audit record: a type, a time and a serial number")
    fields: JsonObject = {"type": match[2], "time": match[3], "serial": match[4]}
    if match[1]:
        fields["node"] = match[1]
    extra: list[str] = []
    _read(match[5] or "", fields, extra)
    if extra:
        fields["extra"] = extra
    return fields


def _read(text: str, fields: JsonObject, extra: list[str]) -> None:
    end = 0
    while end < len(text):
        pair = _PAIR.match(text, end)
        if pair is None:
            stop = _next(text, end)
            if word := text[end:stop].strip(" \x1d"):
                extra.append(word)
        else:
            stop = pair.end()
            name, value = pair[1], pair[2] or pair[3] or (_decoded(pair[4] or "") if pair[1] in _ENCODED else pair[4]) or ""
            if name == "msg" and pair[3] is not None:
                _read(value, fields, extra)
            elif value not in _NOTHING:
                if name in fields or name == "extra":
                    extra.append(pair[0])
                else:
                    fields[name] = value
        space = _SPACE.match(text, stop)
        end = stop if space is None else space.end()


def _decoded(value: str) -> str:
    """Arguments are apart by a null byte, which becomes a space. What is not hexadecimal text is left as it is."""
    try:
        return bytes.fromhex(value).decode().replace("\0", " ")
    except ValueError:
        return value


def _values(line: str, _: Stamp) -> list[Value] | None:
    head = _HEAD.match(line)
    if head is None:
        return None
    values = [Value(name, *head.span(name), pattern) for name, pattern in _HEAD_VALUES.items() if head[name]]
    end = head.end()
    while end < len(line):
        found = _USUAL_PAIR.match(line, end)
        if found is None:
            return None
        name, quoted, bare = found.groups()
        end = found.end()
        if (quoted or bare or "") in _NOTHING:
            continue
        if quoted:
            values.append(Value(name, *found.span(2), _QUOTED))
        elif name in _ENCODED:
            values.append(Value(name, *found.span(3), _HEX, decode=lambda value, _: _decoded(value)))
        else:
            values.append(Value(name, *found.span(3), NUMBER if name in _NUMBERS and bare.isdigit() else _BARE))
    return values


def _told(line: str) -> tuple[str, int, int]:
    """The type, and how many pairs and texts there are."""
    start = line.find("type=")
    return line[start : line.find(" ", start)], line.count("="), line.count('"')


def _next(text: str, start: int) -> int:
    found = text.find(" ", start + 1)
    return len(text) if found < 0 else found


def _complete(event: JsonObject, rest: JsonObject) -> None:
    kind = event["event"].get("action", "")
    category = _CATEGORIES.get(kind, "host")
    event["event"]["category"] = [category]
    user = event.get("user", {})
    if category in ("authentication", "session") and "target" in user:
        event["user"] = user.pop("target")  # who signs in is the account, and not whom the daemon runs as
        if "id" in user:
            rest["uid"] = user["id"]
    for name in ("res", "success", "result"):
        outcome = _OUTCOMES.get(rest.get(name, ""))
        if outcome is not None:
            event["event"]["outcome"] = outcome
            del rest[name]
            break


TABLE = Table(
    {
        "time": "@timestamp",
        "type": "event.action",
        "node": "host.name",
        "pid": "process.pid",
        "ppid": "process.parent.pid",
        "comm": "process.name",
        "exe": "process.executable",
        "cmd": "process.command_line",
        "name": "file.path",
        "uid": "user.id",
        "acct": "user.target.name",
        "addr": "source.ip",
        "serial": "auditd.serial",
        "auid": "auditd.auid",
        "ses": "auditd.session",
        "syscall": "auditd.syscall",
        "key": "auditd.key",
        "op": "auditd.op",
    },
    own={f"auditd.{name}": WORD for name in ("serial", "auid", "session", "syscall", "key", "op")},
    rest="auditd.other",
    complete=_complete,
)

_LINES = LearnedLines(
    TABLE.text_writer("linux.audit", "type", "res", "success", "result"), _told, _values, lambda line, _: split(line), _NOTHING
)

LOG_TYPE = LineType(
    name="auditd",
    dataset="linux.audit",
    title="Linux audit record",
    page="https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/7/html/security_guide/sec-understanding_audit_log_files",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of /var/log/audit/audit.log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=_LINES.quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="nt",
)
