"""MySQL and MariaDB slow query log: an entry is several lines, and one record.

Fields: MySQL reference manual, "Slow Query Log Contents" (https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html), those
of log_slow_extra included; MariaDB, "Slow Query Log Overview"
(https://mariadb.com/kb/en/slow-query-log-overview/), whose comment lines have more of them.

The lines of comment say what the statement cost, `SET timestamp` when it began, and what follows is the statement.
"""

from __future__ import annotations

import re

from common.kinds import NUMBER, TEXT, WHOLE, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table
from common.timestamps import from_any

_BEGINNING = re.compile(r"# (?:Time: [0-9]|User@Host: |Query_time: [0-9])")
_USER = re.compile(r"# User@Host: ([^\[]*)\[([^\]]*)\] @ ?([^\[]*)\[([^\]]*)\](?:\s+Id:\s*([0-9]+))?(.*)")
_PAIR = re.compile(r"([A-Za-z][A-Za-z_]*): +(\S+)")
#: # Time: 260123  8:00:01, of MySQL 5.6 and MariaDB.
_OLD_TIME = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2}) +([0-9]{1,2})(:[0-9]{2}:[0-9]{2})")
_USE = re.compile(r"use ([^;\n]+);\n?", re.IGNORECASE)
_BEGAN = re.compile(r"SET timestamp=([0-9]{1,11}(?:\.[0-9]{1,9})?);\n?")


def split(entry: str) -> JsonObject:
    """The parts of an entry by name. Raises Malformed for what has no line of comment that tells of a query."""
    if _BEGINNING.match(entry) is None:
        raise Malformed("line: an entry begins with # Time:, # User@Host: or # Query_time:")
    record: JsonObject = {}
    position = 0
    while entry.startswith("#", position):
        end = entry.find("\n", position)
        comment = entry[position:] if end < 0 else entry[position:end]
        position = len(entry) if end < 0 else end + 1
        if comment.startswith("# Time: "):
            record["Time"] = comment[8:].strip()
        elif comment.startswith("# User@Host: "):
            _client(comment, record)
        elif pairs := _PAIR.findall(comment):
            record.update(pairs)
        else:
            record.setdefault("comments", []).append(comment)
    if (use := _USE.match(entry, position)) is not None:
        record["Schema"] = use[1].strip("` ")
        position = use.end()
    if (began := _BEGAN.match(entry, position)) is not None:
        record["timestamp"] = began[1]
        position = began.end()
    record.setdefault("Time", record.get("timestamp"))
    record["statement"] = entry[position:]
    return record


def _client(comment: str, record: JsonObject) -> None:
    match = _USER.fullmatch(comment)
    if match is None:
        record["User@Host"] = comment[13:]
        return
    shown, user, host, ip, connection, more = match.groups()
    user, host = user or shown, host.strip()
    record |= {"user": user, "ip": ip, "Id": connection}
    if host != ip:
        record["ip" if is_ip(host) and not ip else "host"] = host
    if shown != user and shown:
        record["privileged_user"] = shown  # whose rights it has, where that is somebody else
    record.update(_PAIR.findall(more))


def _time(value: str) -> str | None:
    old = _OLD_TIME.fullmatch(value)
    if old is not None:
        year, month, day, hour, rest = old.groups()
        value = f"20{year}-{month}-{day}T{hour:0>2}{rest}"
    try:
        return from_any(value)
    except (ValueError, OverflowError):
        return None


def _nanoseconds(value: str) -> int | None:
    seconds = NUMBER.read(value)
    return round(seconds * 1e9) if seconds is not None and 0 <= seconds < 1e9 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: failure where the entry has an error number; only log_slow_extra tells."""
    if "error" in event:
        event["event"] |= {"type": ["error"], "outcome": "failure"}
    elif rest.get("Errno") == "0":
        event["event"]["outcome"] = "success"
        del rest["Errno"]
    if rest.get("Thread_id") == str(event.get("process", {}).get("thread", {}).get("id")):
        del rest["Thread_id"]  # stands on two lines


TABLE = Table(
    {
        "Time": "@timestamp",
        "timestamp": "event.start",
        "Query_time": "event.duration",
        "user": "user.name",
        "ip": "source.ip",
        "host": "source.address",
        "Id": "process.thread.id",
        "Thread_id": "process.thread.id",
        "Schema": "mysql.schema",
        "Lock_time": "mysql.lock_seconds",
        "Rows_sent": "mysql.rows_sent",
        "Rows_examined": "mysql.rows_examined",
        "Rows_affected": "mysql.rows_affected",
        "Bytes_sent": "mysql.bytes_sent",
        "Errno": "error.code",
        "statement": "mysql.statement",
    },
    own={
        "mysql.schema": WORD,
        "mysql.lock_seconds": NUMBER,
        "mysql.rows_sent": WHOLE,
        "mysql.rows_examined": WHOLE,
        "mysql.rows_affected": WHOLE,
        "mysql.bytes_sent": WHOLE,
        "mysql.statement": TEXT,
    },
    rest="mysql.other",
    constants={"event.kind": "event", "event.category": ["database"]},
    read={"Time": _time, "Query_time": _nanoseconds, "Errno": lambda value: value if value.strip("0") else None},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="mysql_slow",
    dataset="mysql.slow",
    title="MySQL slow query log, of RDS and Aurora too",
    page="https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html",
    arrival="A subscription of the instance's or cluster's slowquery log group, or an agent that joins the lines of an entry.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="#",
)
