"""MySQL and MariaDB slow query log: an entry is several lines, and one record.

Fields: MySQL reference manual, "Slow Query Log Contents" (https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html), those
of log_slow_extra included; MariaDB, "Slow Query Log Overview"
(https://mariadb.com/kb/en/slow-query-log-overview/), whose comment lines have more of them.

The lines of comment say what the statement cost, `SET timestamp` when it began, and what follows is the statement.
"""

from __future__ import annotations

import re

from common.cache import Cache, remembered
from common.json_text import quoted
from common.kinds import NUMBER, TEXT, WHOLE, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_any, from_iso

_BEGINNING = re.compile(r"# (?:Time: [0-9]|User@Host: |Query_time: [0-9])")
_USER = re.compile(r"# User@Host: ([^\[]*)\[([^\]]*)\] @ ?([^\[]*)\[([^\]]*)\](?:\s+Id:\s*([0-9]+))?(.*)")
#: A name without a value, as MariaDB's Schema is outside of any database, is none.
_PAIR = re.compile(r"([A-Za-z][A-Za-z_]*): +(?![A-Za-z_]+: )(\S+)")
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
            _add_client(comment, record)
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


def _add_client(comment: str, record: JsonObject) -> None:
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
    if value[4:5] != "-":
        return _second(value)
    try:
        return from_iso(value)
    except ValueError:
        return None


@remembered(4_096)  # there are many entries of one second
def _second(value: str) -> str | None:
    """Of an epoch number, and of a time without the century."""
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
    if "Thread_id" in rest and rest["Thread_id"] == str(event.get("process", {}).get("thread", {}).get("id")):
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
    constants={"event.category": ["database"]},
    read={
        "Time": _time,
        "timestamp": _second,
        "Query_time": _nanoseconds,
        "Errno": lambda value: value if value.strip("0") else None,
    },
    complete=_complete,
)

# Nearly every entry is MySQL's, with or without log_slow_extra, or MariaDB's: each has its names in one order.
_WHOLE, _SECONDS = "0|[1-9][0-9]{0,17}", r"(?:0|[1-9][0-9]{0,7})(?:\.[0-9]{1,6})?"
_USUAL = re.compile(
    r"(?:# Time: ([0-9-]{10}T[0-9:]{8}\.[0-9]{3}(?=[0-9]{3}Z)|[0-9]{6} [ 0-9][0-9]:[0-9:]{5})(?:[0-9]{3}Z)?\n)?"
    rf"# (User@Host: [^\n]*\])(?:  Id: +({_WHOLE})|\n# Thread_id: ({_WHOLE})  Schema: ([\w$]*)  (QC_hit: (?:Yes|No)))?\n"
    rf"# Query_time: ({_SECONDS})  Lock_time: ({_SECONDS})  ?Rows_sent: ({_WHOLE})  Rows_examined: ({_WHOLE})"
    rf"(?:\n# Rows_affected: ({_WHOLE})  Bytes_sent: ({_WHOLE})"
    rf"| Thread_id: ([0-9]+) Errno: ({_WHOLE}) (Killed: [0-9]+ Bytes_received: [0-9]+) Bytes_sent: ({_WHOLE})"
    r"((?: (?:Read_|Sort_|Created_|Count_|Start|End)[a-z_]*: [0-9TZ.:-]+(?<!:))*+))?\n"
    r"(?:use ([\w$]+);\n)?SET timestamp=([0-9]{1,11});\n(.+)",
    re.DOTALL | re.ASCII,
)
_WHO = re.compile(r"User@Host: ([\w.-]*)\[([\w.-]+)\] @ (?:([A-Za-z][\w.-]*) | ?)\[([0-9a-f.:]*)\]", re.ASCII)


def _client(line: str) -> tuple[str, str] | None:
    """`user` and `source`, and a member of the others; None for a client that is read part by part."""
    match = _WHO.fullmatch(line)
    if match is None or (match[4] and not is_ip(match[4])):
        return None
    shown, user, host, ip = match.groups()
    members = ",".join(f'"{name}":"{value}"' for name, value in (("ip", ip), ("address", host)) if value)
    source = f',"source":{{{members}}}' if members else ""
    return f'"user":{{"name":"{user}"}}{source}', "" if shown in ("", user) else f'"privileged_user":"{shown}"'


_CLIENT = Cache(_client)


def quick(entry: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual entry; None for any other."""
    match = _USUAL.fullmatch(entry)
    if match is None:
        return None
    time, who, connection, thread, database, hit, took, locked, sent, examined, affected, size, *extra = match.groups()
    same_thread, code, killed, extra_size, more, schema, began, statement = extra
    client, start = _CLIENT[who], _second(began)
    at = _time(time) if time else start
    if client is None or start is None or at is None or same_thread not in (None, connection):
        return None
    said, other = client
    words = f"{killed}{more}" if code else hit
    if words:
        words = words.replace(": ", '":"').replace(" ", '","')
        other = f'{other},"{words}"' if other else f'"{words}"'
    rows = outcome = ""
    if affected:
        rows = f',"rows_affected":{affected},"bytes_sent":{size}'
    elif code:
        rows = f',"bytes_sent":{extra_size}'
        outcome = ',"outcome":"success"' if code == "0" else ',"type":["error"],"outcome":"failure"'
        if code != "0":
            said = f'{said},"error":{{"code":"{code}"}}'
    if connection or thread:
        said = f'{said},"process":{{"thread":{{"id":{connection or thread}}}}}'
    if schema or database:
        rows = f'{rows},"schema":"{schema or database}"'
    if other:
        rows = f'{rows},"other":{{{other}}}'
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"mysql.slow","category":["database"],'
        f'"duration":{round(float(took) * 1e9)},"start":"{start}"{outcome}{stamp.json},{said},"mysql":{{"lock_seconds":{locked},'
        f'"rows_sent":{sent},"rows_examined":{examined}{rows},"statement":{quoted(statement)}}}}}'
    ).encode()


LOG_TYPE = LineType(
    name="mysql_slow",
    dataset="mysql.slow",
    title="MySQL slow query log, of RDS and Aurora too",
    page="https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html",
    arrival="A subscription of the instance's or cluster's slowquery log group, or an agent that joins the lines of an entry.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="#",
)
