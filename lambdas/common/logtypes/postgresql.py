"""PostgreSQL server log (log_destination stderr): of RDS and Aurora, and of a server one runs oneself.

Levels and statement durations: PostgreSQL documentation, "Error Reporting and Logging"
(https://www.postgresql.org/docs/current/runtime-config-logging.html); prefixes of RDS, `%t:%r:%u@%d:[%p]:` and the longer
`%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a`: Amazon RDS user guide, "RDS for PostgreSQL database log files"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html); elsewhere `%m [%p] `, the
default, with `%q%u@%d ` after it as Debian has it. Audit entries: pgAudit, "Format" (https://github.com/pgaudit/pgaudit).

SQL stands in `postgresql.statement` and not in `message` too. A line that continues another, and comes as a record of its own,
begins with a tab and says nothing of where it belongs: send an entry with all its lines as one record.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache

from common.kinds import TEXT, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table
from common.timestamps import from_iso

#: Abbreviations that mean one zone to PostgreSQL (timezonesets/Default) and to everyone: hours from UTC.
_ZONES = {"UTC": "Z", "GMT": "Z", "WET": "Z", "WEST": "+01", "BST": "+01", "CET": "+01", "CEST": "+02", "EET": "+02"}
_ZONES |= {"EEST": "+03", "MSK": "+03", "SGT": "+08", "JST": "+09", "KST": "+09", "AEST": "+10", "AEDT": "+11"}
_ZONES |= {"NZST": "+12", "NZDT": "+13", "EST": "-05", "EDT": "-04", "CDT": "-05", "CST": "-06", "MDT": "-06", "MST": "-07"}
_ZONES |= {"PDT": "-07", "PST": "-08", "AKDT": "-08", "AKST": "-09"}

_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? (?:[A-Z]{2,5}|[+-][0-9:]{2,6}))"
_LEVEL = r"(DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|BACKTRACE|STATEMENT):\s+(.*)"
#: %r: nothing, [local], or an address or a name with its port.
_CLIENT = r"(?:\[local\]|([^\s()]+)\(([0-9]{1,5})\)|)"
_RDS_BEGINNING = rf"{_TIME}:{_CLIENT}:([^@:\n]{{0,63}})@"
_RDS = re.compile(
    _RDS_BEGINNING + r"([^:\n]{0,63}):\[([0-9]+)\]:"
    r"(?:([0-9]+):([0-9A-Z]{5}):([0-9-]+ [0-9:]+ \S+):([0-9/-]*):([0-9]+):([0-9a-f.]+):([^\n]{0,64}?))?" + _LEVEL,
    re.DOTALL,
)
_CUT = re.compile(_RDS_BEGINNING + r"([^:\n]{0,63}(?=:))?:?(?:\[([0-9]+)\]:)?(.*)", re.DOTALL)
_PLAIN = re.compile(rf"{_TIME} \[([0-9]+)\] (?:([^\s@]{{0,63}})@(\S{{0,63}}) )?{_LEVEL}", re.DOTALL)
_BEGINNING = re.compile(rf"{_RDS_BEGINNING}|{_TIME} \[[0-9]+\] (?:[^\s@]{{0,63}}@\S{{0,63}} )?{_LEVEL}")

_UNKNOWN = "[unknown]"
_DURATION = re.compile(
    r"duration: ([0-9]{1,12}\.[0-9]{1,6}) ms"
    r"(?:\s+(statement|parse|bind|execute|fastpath function call|plan)( [^:\n]*)?:\s?(.*))?",
    re.DOTALL,
)
_SESSION = re.compile(r"disconnection: session time: ([0-9]{1,6}):([0-9]{2}):([0-9]{2}\.[0-9]+)")
#: Beginnings of messages: event.action, what it is about besides the database, event.type and event.outcome.
_CONNECTIONS = {
    "connection received": ("connection-received", "network", "connection", None),
    "connection authorized": ("connection-authorized", "authentication", "start", "success"),
    "connection authenticated": ("connection-authenticated", "authentication", "start", "success"),
    "replication connection authorized": ("connection-authorized", "authentication", "start", "success"),
    "disconnection": ("disconnection", "session", "end", None),
}
_DENIED = re.compile(
    r"[A-Za-z0-9]+ authentication failed for user |no pg_hba\.conf entry for |pg_hba\.conf rejects |role \".*\" does not exist"
)
_ERRORS = frozenset(("error", "fatal", "panic"))
_AUDIT = (
    "audit_type",
    "statement_id",
    "substatement_id",
    "class",
    "command",
    "object_type",
    "object_name",
    "statement",
    "parameter",
    "rows",
)


def split(line: str) -> JsonObject:
    """The parts of an entry by name. Raises Malformed for a line without a prefix."""
    match = _RDS.fullmatch(line)
    if match is not None:
        time, host, port, user, database, pid, number, code, start, virtual, transaction, session, application, level, said = (
            match.groups()
        )
        record: JsonObject = {"time": time, "port": port, "user": user, "database": database, "pid": pid}
        if number:
            record |= {"line_number": number, "session_start": start, "virtual_transaction": virtual}
            record |= {"session_id": session, "application": application}
            record["transaction"] = transaction if transaction != "0" else None
            record["sqlstate"] = code if code != "00000" else None  # no error
    elif (match := _PLAIN.fullmatch(line)) is not None:
        time, pid, user, database, level, said = match.groups()
        host = None
        record = {"time": time, "pid": pid, "user": user, "database": database}
    elif (match := _CUT.fullmatch(line)) is not None:
        time, host, port, user, database, pid, said = match.groups()
        level = ""
        record = {"time": time, "port": port, "user": user, "database": database, "pid": pid}
    else:
        raise Malformed("line: begins with neither of the prefixes %t:%r:%u@%d:[%p]: and %m [%p]")
    if host:
        record["ip" if is_ip(host) else "address"] = host
    if user == _UNKNOWN:
        del record["user"]
    if database == _UNKNOWN:
        del record["database"]
    record["level"] = level.lower()
    _say(record, level, said.replace("\n\t", "\n"))  # the server's own indentation
    return record


def _say(record: JsonObject, level: str, said: str) -> None:
    if level in ("STATEMENT", "QUERY"):
        record["statement"] = said
    elif said.startswith("duration: ") and (timed := _DURATION.fullmatch(said)) is not None:
        milliseconds, action, prepared, statement = timed.groups()
        record["duration"] = round(float(milliseconds) * 1e6)
        record["action"] = action
        record["prepared"] = prepared.strip() if prepared else None
        record["message" if action == "plan" else "statement"] = statement
    elif said.startswith("AUDIT: "):
        _audit(record, said)
    else:
        record["message"] = said


def _audit(record: JsonObject, said: str) -> None:
    try:
        values = next(csv.reader([said.removeprefix("AUDIT: ")]))
    except csv.Error:  # longer than the module takes
        record["message"] = said
        return
    record |= {name: value for name, value in zip(_AUDIT, values, strict=False) if value != "<none>"}
    record |= {"action": "audit", "extra": values[len(_AUDIT) :]}


@lru_cache(maxsize=4_096)  # entries of one second are many
def _time(text: str) -> str | None:
    date, clock, zone = text.split(" ")
    offset = _ZONES.get(zone, zone)
    try:
        return from_iso(f"{date}T{clock}{offset}")
    except ValueError:
        return None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: failure for an error and for a refused connection. A session's duration is what its end tells."""
    happened, said = event["event"], event.get("message", "")
    level = event.get("log", {}).get("level")
    if level in _ERRORS:
        happened["type"] = ["error"]
        happened["outcome"] = "failure"
        if level == "fatal" and _DENIED.match(said):
            happened |= {"action": "authentication-failed", "category": ["database", "authentication"], "type": ["start"]}
    elif level == "log":
        found = _CONNECTIONS.get(said.partition(":")[0])
        if found is not None:
            action, category, kind, outcome = found
            happened |= {"action": action, "category": ["database", category], "type": [kind]}
            if outcome:
                happened["outcome"] = outcome
            if (session := _SESSION.match(said)) is not None:
                hours, minutes, seconds = session.groups()
                happened["duration"] = round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1e9)


TABLE = Table(
    {
        "time": "@timestamp",
        "ip": "source.ip",
        "address": "source.address",
        "port": "source.port",
        "user": "user.name",
        "database": "postgresql.database",
        "application": "postgresql.application",
        "pid": "process.pid",
        "level": "log.level",
        "sqlstate": "error.code",
        "action": "event.action",
        "duration": "event.duration",
        "statement": "postgresql.statement",
        "class": "postgresql.audit.class",
        "command": "postgresql.audit.command",
        "object_name": "postgresql.audit.object_name",
        "message": "message",
    },
    own={
        "postgresql.database": WORD,
        "postgresql.application": WORD,
        "postgresql.statement": TEXT,
        "postgresql.audit.class": WORD,
        "postgresql.audit.command": WORD,
        "postgresql.audit.object_name": WORD,
    },
    rest="postgresql.other",
    constants={"event.kind": "event", "event.category": ["database"]},
    read={"time": _time},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="postgresql",
    dataset="postgresql.log",
    title="PostgreSQL log, of RDS and Aurora too",
    page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html",
    arrival="A subscription of the instance's or cluster's postgresql log group, or an agent that reads the log file.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
