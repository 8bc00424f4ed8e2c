"""MySQL and MariaDB error log: 8.x with message codes and subsystems, 5.7 and MariaDB without, and in UTC or with an offset.

Fields: MySQL reference manual, "Error Log Output Format" (https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html); how
RDS and Aurora publish it: Amazon RDS user guide, "MySQL error logs"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.LogFileSize.html). A time without an offset,
which MariaDB and MySQL 5.6 write, is taken as UTC, in which RDS runs.
"""

from __future__ import annotations

import re

from common.json_text import quoted
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.mysql_error_entry import ABOUT_CLIENTS, CONSTANTS, OWN, REST, complete
from common.table import Table
from common.timestamps import from_iso

#: Of a time, what is finer than a millisecond does not reach the event.
_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?)(?:(?<=\.[0-9]{3})[0-9]{1,3})?"
_ENTRY = re.compile(
    _TIME + r"(Z|[+-][0-9]{2}:[0-9]{2})? +([0-9]{1,18}) \[(System|Error|ERROR|Warning|Note)\]"
    r"(?: \[(MY-[0-9]{6})\])?(?: \[([A-Za-z_]+)\])? ?(.*)",
    re.DOTALL,
)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """Raises Malformed for a line without a time, a thread and a priority."""
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise Malformed("line: does not begin with a time, a thread and a priority in brackets")
    return parse_match(match, stamp)


def parse_match(match: re.Match[str], stamp: Stamp) -> JsonObject:
    time, zone, thread, level, code, subsystem, message = match.groups()
    record: JsonObject = {"time": f"{time}{zone or ''}", "thread": int(thread), "level": level.lower()}
    if code is not None:
        record["code"] = code
    if subsystem is not None:
        record["subsystem"] = subsystem
    record["message"] = message
    return TABLE.event(record, stamp)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of an entry that tells of no client; None for any other."""
    match = _ENTRY.fullmatch(line)
    if match is None:
        return None
    time, zone, thread, level, code, subsystem, message = match.groups()
    if not message or message.startswith(ABOUT_CLIENTS):
        return None
    try:
        at = from_iso(f"{time}{zone or ''}")
    except ValueError:
        return None
    failed = ',"type":["error"],"outcome":"failure"' if level in ("Error", "ERROR") else ""
    coded = f',"code":"{code}"' if code else ""
    part = f',"mysql":{{"subsystem":"{subsystem}"}}' if subsystem else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"mysql.error","category":["database"]'
        f'{coded}{failed}{stamp.json},"process":{{"thread":{{"id":{int(thread)}}}}},"log":{{"level":"{level.lower()}"}}{part},'
        f'"message":{quoted(message)}}}'
    ).encode()


TABLE = Table(
    {
        "time": "@timestamp",
        "thread": "process.thread.id",
        "level": "log.level",
        "code": "event.code",
        "subsystem": "mysql.subsystem",
        "message": "message",
    },
    own=OWN,
    rest=REST,
    constants=CONSTANTS,
    complete=complete,
)

LOG_TYPE = LineType(
    name="mysql_error",
    dataset="mysql.error",
    title="MySQL error log, of RDS and Aurora too",
    page="https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html",
    arrival="A subscription of the instance's or cluster's error log group, or an agent that reads the log file.",
    recognise=_ENTRY.fullmatch,
    parse=parse,
    parse_match=parse_match,
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
