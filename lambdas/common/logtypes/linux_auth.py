"""Authentication lines of Linux hosts, as syslog writes them to /var/log/auth.log or /var/log/secure: sshd, sudo, su, PAM
modules, logind and the tools that change accounts.

A message that common.auth_messages does not understand is kept as it is in `message`; of the others every value has a field, and
the sentence around the values is left out.
"""

from __future__ import annotations

from common.auth_messages import MEANINGS, places, understood
from common.kinds import LONG_WORD, WORD
from common.learned_lines import LearnedLines, Value, said_by_all
from common.logtype import NUMBER, PORT, JsonObject, LineType, Stamp
from common.syslog_header import BEGINS, Header, header, header_fields
from common.syslog_senders import is_authentication
from common.syslog_usual import header_values, record_of, usual
from common.table import Table

#: Values of lines that are learnt: a word, an address, a host, and what may have spaces and comes last, or before _PHASE.
_WORD, _ADDRESS, _HOST = r"[^\s\"'\\()\[\]{},;:=\x00-\x1f]++", "[0-9a-fA-F.:]++", r"[\w.-]++"
_WORDS = frozenset(
    (
        *("user", "remote_user", "logname", "target", "group", "method"),
        *("service", "tty", "session", "directory", "home", "shell"),
    )
)
_SPACED = {
    **dict.fromkeys(("command", "key"), r"[^\"\\\[\x00-\x1f]+"),
    "reason": r"[^\"\\\[:\x00-\x1f]+",
}
_PHASE = " [preauth]"


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
    return TABLE.event({**fields, **understood(found.program, found.message)}, stamp)


def _record(line: str, stamp: Stamp) -> JsonObject:
    """What the table is given of a usual line; nothing of any other."""
    found = usual(line, stamp.time)
    if found is None or found.data or found.message_id or not is_authentication(found):
        return {}
    return {**record_of(found), **understood(found.program, found.message)}


def _values(line: str, stamp: Stamp) -> list[Value] | None:
    """Those of a line whose message is understood."""
    record = {name: value for name, value in _record(line, stamp).items() if value}
    if "action" not in record:
        return None
    found = header_values(line)
    if found is None:
        return None
    values, start = found
    for name, first, end in places(record.get("program"), line[start:]):
        if name in record:
            begin, finish = start + first, start + end
            values.append(Value(name, begin, finish, _pattern(line, name, begin, finish), record[name]))
    # What all lines of a kind say stands nowhere in them.
    values += (said_by_all(name, record[name], len(line)) for name in sorted(record.keys() - {value.name for value in values}))
    return sorted(values, key=lambda value: value.start)


def _pattern(line: str, name: str, start: int, end: int) -> str:
    if name in _SPACED and line[end:] in ("", _PHASE):
        return _SPACED[name]
    if name in _WORDS:
        return _WORD
    text = line[start:end]
    if name in ("source", "local"):
        return _ADDRESS if ":" in text else _HOST
    return "" if not text.isdigit() else PORT if name == "port" else NUMBER


def _complete(event: JsonObject, rest: JsonObject) -> None:
    auth = event.get("auth", {})
    if auth.get("service") == event.get("process", {}).get("name"):
        auth.pop("service", None)  # a module speaks in the name of its service, nearly always
    types, category = MEANINGS[event["event"].get("action")]
    event["event"] |= {"category": list(category), "type": list(types)}
    address = rest.pop("source", None)  # not of an IP address's kind
    if address is not None:
        event.setdefault("source", {})["domain"] = address


TABLE = Table(
    {
        "time": "@timestamp",
        "action": "event.action",
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
    read={"time": str},  # as header_fields made it
    complete=_complete,
)


def _told(line: str) -> tuple[int, str]:
    """How many words there are, and the last letters of the program and the first of the message."""
    end = line.find(": ")
    return line.count(" "), line[end - 1 : end + 10]


_LINES = LearnedLines(
    TABLE.text_writer("linux.auth", "facility", "severity", "program", "service", "action", "outcome"), _told, _values, _record
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
    quick=_LINES.quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=BEGINS,
)
