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

import orjson

from common.cache import remembered
from common.json_text import quoted
from common.kinds import PORT, TEXT, WHOLE, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_any, from_iso, from_milliseconds

#: What an operation is, beside one of the database.
_SESSIONS = {
    "CONNECT": ("authentication", "start"),
    "FAILED_CONNECT": ("authentication", "start"),
    "CHANGEUSER": ("authentication", "start"),
    "DISCONNECT": ("session", "end"),
}
_TYPES = {"READ": "access", "WRITE": "change", "CREATE": "creation", "ALTER": "change", "RENAME": "change", "DROP": "deletion"}
_OPERATIONS = ("QUERY", "TABLE", *_SESSIONS, *_TYPES)

_BEGINNING = re.compile(
    r"(?:20[0-9]{6} [0-9]{1,2}:[0-9]{2}:[0-9]{2}|1[0-9]{15}),[^,\n]*,[^,\n]*,[^,\n]*,[0-9]+,[0-9]+,"
    rf"(?:{'|'.join(_OPERATIONS)})(?:,|\Z)"
)
_FIRST = ("timestamp", "serverhost", "username", "host", "connectionid", "queryid", "operation", "database")
_LAST = ("retcode", "connection_type")
_PORT = re.compile(r"(.+):([0-9]{1,5})")


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
    record.update(_client(record.pop("host")))
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


def _client(host: str) -> JsonObject:
    """The host is an address or a name, and has a port from MariaDB 12 on."""
    port: JsonObject = {}
    if not is_ip(host) and (match := _PORT.fullmatch(host)) is not None:
        host, port["port"] = match.groups()
    return {"ip" if is_ip(host) else "address": host, **port}


@remembered(4_096)  # records of one second are many
def _second(value: str) -> str | None:
    date, _, clock = value.partition(" ")
    try:
        return from_iso(f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock:0>8}")
    except ValueError:
        return None


def _time(value: str) -> str | None:
    if " " in value:
        return _second(value)
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
    constants={"event.category": ["database"]},
    read={"timestamp": _time, "queryid": _query},
    complete=_complete,
)

# Nearly every record has its columns with nothing in them that JSON escapes, but for what the operation was about.
_WHOLE = "0|[1-9][0-9]{0,17}"
_USUAL = re.compile(
    r"(?:(20[0-9]{6} [0-9]{2}:[0-9]{2}:[0-9]{2})|(1[0-9]{12})[0-9]{3}),([\w.-]++),([\w.-]*+),([\w.:-]++),"
    rf"({_WHOLE}),({_WHOLE}),([A-Z_]++),([\w$]*+),",
    re.ASCII,
)


def _happened(operation: str) -> str:
    category, kind = _SESSIONS.get(operation, ("", _TYPES.get(operation, "")))
    categories = f'"database","{category}"' if category else '"database"'
    typed = f',"type":["{kind}"]' if kind else ""
    return f'"category":[{categories}],"action":"{operation.lower()}"{typed}'


_SAID = {operation: _happened(operation) for operation in _OPERATIONS}


@remembered(16_384)
def _source(host: str) -> str | None:
    """The object `source`; None where the port is none."""
    client = _client(host)
    if "port" in client:
        client["port"] = PORT.read(client["port"])
    return None if None in client.values() else orjson.dumps(client).decode()


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual record; None for any other."""
    usual = _USUAL.match(line)
    if usual is None:
        return None
    second, milliseconds, server, user, host, connection, query, operation, database = usual.groups()
    said = _SAID.get(operation)
    about, after = _object(line[usual.end() :])
    columns = len(after)
    at = _second(second) if second else from_milliseconds(int(milliseconds))
    source = _source(host)
    if said is None or at is None or source is None or (columns > len(_LAST) and any(after[len(_LAST) :])):
        return None
    code, security = after[0] if columns else "", after[1] if columns > 1 else ""
    if query != "0":
        said = f'{said},"sequence":{query}'
    error = ""
    if operation == "FAILED_CONNECT" or (code and code != "0"):
        said = f'{said},"outcome":"failure"'
        error = f',"error":{{"code":{quoted(code)}}}' if code and code != "0" else ""
    elif code:
        said = f'{said},"outcome":"success"'
    held = f',"schema":"{database}"' if database else ""
    if about:
        held = f'{held},"{"statement" if operation == "QUERY" else "object"}":{quoted(about)}'
    if security:
        held = f'{held},"other":{{"connection_type":{quoted(security)}}}'
    named = f',"user":{{"name":"{user}"}}' if user else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"mysql.audit",{said}{stamp.json},'
        f'"host":{{"name":"{server}"}}{named},"source":{source}{error},"mysql":{{"connection":{connection}{held}}}}}'
    ).encode()


LOG_TYPE = LineType(
    name="mysql_audit",
    dataset="mysql.audit",
    title="MySQL audit log of RDS and Aurora",
    page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html",
    arrival="A subscription of the instance's or cluster's audit log group.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
