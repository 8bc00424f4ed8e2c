"""MySQL and MariaDB error log: 8.x with message codes and subsystems, 5.7 and MariaDB without, and in UTC or with an offset.

Fields: MySQL reference manual, "Error Log Output Format" (https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html); how
RDS and Aurora publish it: Amazon RDS user guide, "MySQL error logs"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.LogFileSize.html). A time without an offset,
which MariaDB and MySQL 5.6 write, is taken as UTC, in which RDS runs.
"""

from __future__ import annotations

import re

from common.logtype import JsonObject, LineType, Malformed
from common.mysql_error_entry import TABLE, say

_PREFIX = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?) +([0-9]{1,18}) "
    r"\[(System|Error|ERROR|Warning|Note)\]"
)
_ENTRY = re.compile(_PREFIX + r"(?: \[(MY-[0-9]{6})\])?(?: \[([A-Za-z_]+)\])? ?(.*)", re.DOTALL)
_BEGINNING = re.compile(_PREFIX)


def split(line: str) -> JsonObject:
    """The parts of an entry by name. Raises Malformed for a line without a time, a thread and a priority."""
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise Malformed("line: does not begin with a time, a thread and a priority in brackets")
    time, thread, level, code, subsystem, message = match.groups()
    record = {"time": time, "thread": thread, "level": level.lower(), "code": code, "subsystem": subsystem}
    say(record, message)
    return record


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
