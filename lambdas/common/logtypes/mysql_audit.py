"""Audit log of MySQL and MariaDB: the MariaDB Audit Plugin's CSV of RDS, and Aurora's Advanced Auditing, which writes the same.

Columns: Amazon RDS user guide, "MariaDB Audit Plugin support for MySQL"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html); Aurora user guide, "Using
Advanced Auditing" (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html), whose times are
microseconds since 1970; MariaDB, "Audit Plugin Log Format"
(https://mariadb.com/kb/en/mariadb-audit-plugin-log-format/). A query is in single quotes with its own escaped by a backslash,
and holds commas: the columns after it are found from the end. Its form for syslog is not read.
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.kinds import TEXT, WHOLE, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table
from common.timestamps import from_any

_BEGINNING = re.compile(
    r"(?:20[0-9]{6} [0-9]{1,2}:[0-9]{2}:[0-9]{2}|1[0-9]{15}),[^,\n]*,[^,\n]*,[^,\n]*,[0-9]+,[0-9]+,"
    r"(?:CONNECT|DISCONNECT|FAILED_CONNECT|CHANGEUSER|QUERY|TABLE|READ|WRITE|CREATE|ALTER|RENAME|DROP)(?:,|\Z)"
)
_FIRST = ("timestamp", "serverhost", "username", "host", "connectionid", "queryid", "operation", "database")
_LAST = ("retcode", "connection_type")
_PORT = re.compile(r"(.+):([0-9]{1,5})")
#: What an operation is, beside one of the database.
_SESSIONS = {
    "CONNECT": ("authentication", "start"),
    "FAILED_CONNECT": ("authentication", "start"),
    "CHANGEUSER": ("authentication", "start"),
    "DISCONNECT": ("session", "end"),
}
_TYPES = {"READ": "access", "WRITE": "change", "CREATE": "creation", "ALTER": "change", "RENAME": "change", "DROP": "deletion"}


def split(line: str) -> JsonObject:
    """The columns of a line by name. Raises Malformed for a line of fewer than its first seven."""
    *columns, tail = line.split(",", len(_FIRST))
    if len(columns) < len(_FIRST):  # cut off before the object
        columns, tail = [*columns, tail], ""
        if len(columns) < 7:
            raise Malformed(f"line: {len(columns)} columns, but an audit record has at least the 7 up to its operation")
    record: JsonObject = dict(zip(_FIRST, columns, strict=False))
    found, after = _object(tail)
    record |= {"object": found, **dict(zip(_LAST, after, strict=False))}
    record["extra"] = [value for value in after[len(_LAST) :] if value]
    if record["operation"] == "QUERY":
        record["statement"] = record.pop("object")
    _client(record)
    return record


def _object(tail: str) -> tuple[str, list[str]]:
    """The object, and the columns after it; none of them where the line is cut off inside the quotes."""
    if not tail.startswith("'"):
        found, *after = tail.split(",")
        return found, after
    end = tail.rfind("',")
    after = tail[end + 2 :].split(",")
    if end < 1 or not after[0].isdigit():
        return (tail[1:-1] if len(tail) > 1 and tail.endswith("'") else tail[1:]).replace("\\'", "'"), []
    return tail[1:end].replace("\\'", "'"), after


def _client(record: JsonObject) -> None:
    """The host is an address or a name, and has a port from MariaDB 12 on."""
    host = record.pop("host")
    if not is_ip(host) and (match := _PORT.fullmatch(host)) is not None:
        host, record["port"] = match.groups()
    record["ip" if is_ip(host) else "address"] = host


@remembered(4_096)  # records of one second are many
def _time(value: str) -> str | None:
    if " " in value:
        date, _, clock = value.partition(" ")
        value = f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock:0>8}"
    try:
        return from_any(value)
    except (ValueError, OverflowError):
        return None


def _query(value: str) -> int | None:
    return WHOLE.read(value) if value != "0" else None  # no query


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: success where the return code is 0."""
    happened = event["event"]
    operation = happened.get("action")
    if operation is not None:
        happened["action"] = operation.lower()
        if operation in _SESSIONS:
            category, kind = _SESSIONS[operation]
            happened |= {"category": ["database", category], "type": [kind]}
        elif operation in _TYPES:
            happened["type"] = [_TYPES[operation]]
    if rest.get("queryid") == "0":
        del rest["queryid"]
    code = event.get("error", {}).get("code")
    if operation == "FAILED_CONNECT" or code not in (None, "0"):
        happened["outcome"] = "failure"
    elif code == "0":
        happened["outcome"] = "success"
    if code == "0":
        del event["error"]


TABLE = Table(
    {
        "timestamp": "@timestamp",
        "serverhost": "host.name",
        "username": "user.name",
        "ip": "source.ip",
        "address": "source.address",
        "port": "source.port",
        "connectionid": "mysql.connection",
        "queryid": "event.sequence",
        "operation": "event.action",
        "database": "mysql.schema",
        "object": "mysql.object",
        "statement": "mysql.statement",
        "retcode": "error.code",
    },
    own={"mysql.connection": WHOLE, "mysql.schema": WORD, "mysql.object": WORD, "mysql.statement": TEXT},
    rest="mysql.other",
    constants={"event.kind": "event", "event.category": ["database"]},
    read={"timestamp": _time, "queryid": _query},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="mysql_audit",
    dataset="mysql.audit",
    title="MySQL audit log of RDS and Aurora",
    page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html",
    arrival="A subscription of the instance's or cluster's audit log group.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
