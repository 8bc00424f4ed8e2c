"""MySQL and MariaDB error log: 8.x with message codes and subsystems, 5.7 and MariaDB without, and in UTC or with an offset.

Fields: MySQL reference manual, "Error Log Output Format" (https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html); how
RDS and Aurora publish it: Amazon RDS user guide, "MySQL error logs"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.LogFileSize.html). A time without an offset,
which MariaDB and MySQL 5.6 write, is taken as UTC, in which RDS runs.
"""

from __future__ import annotations

import re

from common.kinds import WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_PREFIX = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?) +([0-9]{1,18}) "
    r"\[(System|Error|ERROR|Warning|Note)\]"
)
_ENTRY = re.compile(_PREFIX + r"(?: \[(MY-[0-9]{6})\])?(?: \[([A-Za-z_]+)\])? ?(.*)", re.DOTALL)
_BEGINNING = re.compile(_PREFIX)
_DENIED = re.compile(r"Access denied for user '([^']*)'@'([^']*)'")
_ABORTED = re.compile(r"Aborted connection [0-9]+ to db: '([^']*)' user: '([^']*)' host: '([^']*)'")


def split(line: str) -> JsonObject:
    """The parts of an entry by name. Raises Malformed for a line without a time, a thread and a priority."""
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise Malformed("line: does not begin with a time, a thread and a priority in brackets")
    time, thread, level, code, subsystem, message = match.groups()
    record = {"time": time, "thread": thread, "level": level.lower(), "code": code, "subsystem": subsystem, "message": message}
    if message.startswith("Access denied") and (denied := _DENIED.match(message)) is not None:
        user, host = denied.groups()
    elif message.startswith("Aborted connection") and (aborted := _ABORTED.match(message)) is not None:
        record["schema"], user, host = (value if value != "unconnected" else None for value in aborted.groups())
    else:
        return record
    record["user"] = user
    record["ip" if is_ip(host) else "address"] = host
    return record


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: failure for an error, a refused log-in and a connection that broke off."""
    happened, message = event["event"], event.get("message", "")
    if event.get("log", {}).get("level") == "error":
        happened |= {"type": ["error"], "outcome": "failure"}
    if "user" in event or "source" in event:
        if message.startswith("Access denied"):
            happened |= {"action": "access-denied", "category": ["database", "authentication"], "type": ["start"]}
        else:
            happened |= {"action": "aborted-connection", "category": ["database", "session"], "type": ["end"]}
        happened["outcome"] = "failure"


TABLE = Table(
    {
        "time": "@timestamp",
        "thread": "process.thread.id",
        "level": "log.level",
        "code": "event.code",
        "subsystem": "mysql.subsystem",
        "schema": "mysql.schema",
        "user": "user.name",
        "ip": "source.ip",
        "address": "source.address",
        "message": "message",
    },
    own={"mysql.subsystem": WORD, "mysql.schema": WORD},
    rest="mysql.other",
    constants={"event.kind": "event", "event.category": ["database"]},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="mysql_error",
    dataset="mysql.error",
    title="MySQL error log, of RDS and Aurora too",
    page="https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html",
    arrival="A subscription of the instance's or cluster's error log group, or an agent that reads the log file.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
