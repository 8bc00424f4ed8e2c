"""PostgreSQL server log (log_destination stderr): of RDS and Aurora, and of a server one runs oneself.

Prefixes of RDS, `%t:%r:%u@%d:[%p]:` and the longer `%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a`, which some end with a colon:
Amazon RDS user guide, "RDS for PostgreSQL database log files"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html). Elsewhere `%m [%p] `, the
default, with `%q%u@%d ` after it as Debian has it. What an entry says: common.postgresql_entry.

A line that continues another, and comes as a record of its own, begins with a tab and says nothing of where it belongs: send an
entry with all its lines as one record. The other formats are `postgresql_csv` and `postgresql_json`.
"""

from __future__ import annotations

import re

from common.cache import Cache
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.postgresql_entry import TABLE, endpoint, say
from common.postgresql_usual import Session, session, written

_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? (?:[A-Z]{2,5}|[+-][0-9:]{2,6}))"
_LEVEL = r"(DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|BACKTRACE|STATEMENT):\s+(.*)"
#: %r: nothing, [local], or an address or a name with its port.
_CLIENT = r"(?:\[local\]|([^\s()]+)\(([0-9]{1,5})\)|)"
_RDS_BEGINNING = rf"{_TIME}:{_CLIENT}:([^@:\n]{{0,63}})@"
_RDS = re.compile(
    _RDS_BEGINNING + r"([^:\n]{0,63}):\[([0-9]+)\]:"
    r"(?:([0-9]+):([0-9A-Z]{5}):([0-9-]+ [0-9:]+ \S+):([0-9/-]*):([0-9]+):([0-9a-f.]+):([^\n]{0,64}?):?)?" + _LEVEL,
    re.DOTALL,
)
_CUT = re.compile(_RDS_BEGINNING + r"([^:\n]{0,63}(?=:))?:?(?:\[([0-9]+)\]:)?(.*)", re.DOTALL)
_PLAIN = re.compile(rf"{_TIME} \[([0-9]+)\] (?:([^\s@]{{0,63}})@(\S{{0,63}}) )?{_LEVEL}", re.DOTALL)
_BEGINNING = re.compile(rf"{_RDS_BEGINNING}|{_TIME} \[[0-9]+\] (?:[^\s@]{{0,63}}@\S{{0,63}} )?{_LEVEL}")


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
    endpoint(record, host)
    say(record, level, said.replace("\n\t", "\n"))  # the server's own indentation
    return record


def _session(told: tuple[str | None, ...]) -> Session | None:
    host, port, user, database, pid, application, number, start = told
    return session(host, port, user, database, pid, application, {"session_id": number, "session_start": start})


#: A session has many entries.
_SESSIONS = Cache(_session)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual entry; None for any other."""
    other = ""
    if (match := _RDS.fullmatch(line)) is not None:
        time, host, port, user, database, pid, number, code, start, virtual, transaction, session_id, application, level, said = (
            match.groups()
        )
        about = _SESSIONS[host, port, user, database, pid, application, session_id, start]
        if number:
            virtually = f'"virtual_transaction":"{virtual}",' if virtual else ""
            within = f'"transaction":"{transaction}",' if transaction != "0" else ""
            other = f'"line_number":"{number}",{virtually}{within}'
    elif (match := _PLAIN.fullmatch(line)) is not None:
        time, pid, user, database, level, said = match.groups()
        about, code = _SESSIONS[None, None, user, database, pid, None, None, None], None
    else:
        return None
    begun = f'"id":"{event_id}","dataset":"postgresql.log"'
    return written(begun, stamp, time, about, code, level, said.replace("\n\t", "\n"), "", other)


LOG_TYPE = LineType(
    name="postgresql",
    dataset="postgresql.log",
    title="PostgreSQL log, of RDS and Aurora too",
    page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html",
    arrival="A subscription of the instance's or cluster's postgresql log group, or an agent that reads the log file.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
