"""A PostgreSQL log entry as an event, whichever of its formats the server wrote it in: stderr, csvlog or jsonlog.

Levels, fields and statement durations: PostgreSQL documentation, "Error Reporting and Logging"
(https://www.postgresql.org/docs/current/runtime-config-logging.html); audit entries: pgAudit, "Format"
(https://github.com/pgaudit/pgaudit). SQL stands in `postgresql.statement` and not in `message` too. A time in a
zone whose abbreviation has more than one meaning, such as IST, is none: set the server's log_timezone to UTC, which RDS has.
"""

from __future__ import annotations

import csv
import re
from typing import Any

from common.cache import remembered
from common.kinds import TEXT, WORD, is_ip
from common.logtype import JsonObject
from common.table import Table
from common.timestamps import from_iso

#: Offsets from UTC of abbreviations that mean one zone to PostgreSQL (timezonesets/Default) and to everyone.
_ABBREVIATIONS = {
    "Z": ("UTC", "GMT", "WET"),
    "+01": ("WEST", "BST", "CET"),
    "+02": ("CEST", "EET"),
    "+03": ("EEST", "MSK"),
    "+08": ("SGT",),
    "+09": ("JST", "KST"),
    "+10": ("AEST",),
    "+11": ("AEDT",),
    "+12": ("NZST",),
    "+13": ("NZDT",),
    "-04": ("EDT",),
    "-05": ("EST", "CDT"),
    "-06": ("CST", "MDT"),
    "-07": ("MST", "PDT"),
    "-08": ("PST", "AKDT"),
    "-09": ("AKST",),
}
_ZONES = {name: offset for offset, names in _ABBREVIATIONS.items() for name in names}

#: What stands for a user or a database that is not known yet.
UNKNOWN = "[unknown]"
DURATION = re.compile(
    r"duration: ([0-9]{1,12}\.[0-9]{1,6}) ms"
    r"(?:\s+(statement|parse|bind|execute|fastpath function call|plan)( [^:\n]*)?:\s?(.*))?",
    re.DOTALL,
)
_SESSION = re.compile(r"disconnection: session time: ([0-9]{1,6}):([0-9]{2}):([0-9]{2}\.[0-9]+)")
#: Beginnings of messages: event.action, what it is about besides the database, event.type and event.outcome.
CONNECTIONS = {
    "connection received": ("connection-received", "network", "connection", None),
    "connection authorized": ("connection-authorized", "authentication", "start", "success"),
    "connection authenticated": ("connection-authenticated", "authentication", "start", "success"),
    "replication connection authorized": ("connection-authorized", "authentication", "start", "success"),
    "disconnection": ("disconnection", "session", "end", None),
}
DENIED = re.compile(
    r"[A-Za-z0-9]+ authentication failed for user |no pg_hba\.conf entry for |pg_hba\.conf rejects |role \".*\" does not exist"
)
ERRORS = frozenset(("error", "fatal", "panic"))
AUDIT = (
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


def say(record: JsonObject, level: str, said: str) -> None:
    """Adds the level and what the entry says to `record`, whose names are the table's, and takes out what is not known."""
    for name in ("user", "database"):
        if record.get(name) == UNKNOWN:
            del record[name]
    record["level"] = level.lower()
    if level in ("STATEMENT", "QUERY"):
        record["statement"] = said
    elif said.startswith("duration: ") and (timed := DURATION.fullmatch(said)) is not None:
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
    record |= {name: value for name, value in zip(AUDIT, values, strict=False) if value != "<none>"}
    record |= {"action": "audit", "audit_extra": values[len(AUDIT) :]}


@remembered(4_096)  # entries of one second are many
def instant(text: str) -> str | None:
    """A time as a server writes it, of three words; None where it is no point in time."""
    date, clock, zone = text.split(" ")
    offset = _ZONES.get(zone, zone)
    try:
        return from_iso(f"{date}T{clock}{offset}")
    except ValueError:
        return None


def endpoint(record: JsonObject, host: str | None) -> None:
    """Adds the client, which is an address or, with log_hostname, a name; a socket's is [local] and none."""
    if host and host != "[local]":
        record["ip" if is_ip(host) else "address"] = host


def session_time(said: str) -> int | None:
    """Nanoseconds of a session, of the message at its end."""
    match = _SESSION.match(said)
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1e9)


def _time(value: Any) -> str | None:
    return instant(value) if isinstance(value, str) and value.count(" ") == 2 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: failure for an error and for a refused connection. A session's duration is what its end tells."""
    happened, said = event["event"], event.get("message", "")
    level = event.get("log", {}).get("level")
    if level in ERRORS:
        happened["type"] = ["error"]
        happened["outcome"] = "failure"
        if level == "fatal" and DENIED.match(said):
            happened |= {"action": "authentication-failed", "category": ["database", "authentication"], "type": ["start"]}
    elif level == "log":
        found = CONNECTIONS.get(said.partition(":")[0])
        if found is not None:
            action, category, kind, outcome = found
            happened |= {"action": action, "category": ["database", category], "type": [kind]}
            if outcome:
                happened["outcome"] = outcome
            if (took := session_time(said)) is not None:
                happened["duration"] = took


#: The names are those of jsonlog where the formats differ.
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
        "func_name": "log.origin.function",
        "file_name": "log.origin.file.name",
        "file_line_num": "log.origin.file.line",
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
    constants={"event.category": ["database"]},
    read={"time": _time},
    complete=_complete,
)
