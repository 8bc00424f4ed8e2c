"""PostgreSQL server log in the CSV format (log_destination csvlog), of RDS and Aurora, or of a server one runs oneself.

Columns: PostgreSQL documentation, "Using CSV-Format Log Output"
(https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG); versions before 14 end
earlier. A value in quotes may have several lines: an entry with all its lines is one record.
"""

from __future__ import annotations

import csv
import re

from common.cache import Cache
from common.json_text import quoted
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.postgresql_entry import TABLE, endpoint, say
from common.postgresql_usual import Session, members, session, written

_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} (?:[A-Z]{2,5}|[+-][0-9:]{2,6}),"
    r'(?:"[^"\n]*+(?:""[^"\n]*+)*+")?,(?:"[^"\n]*+(?:""[^"\n]*+)*+")?,[0-9]+,'
)
_COLUMNS = (
    "time",
    "user",
    "database",
    "pid",
    "connection_from",
    "session_id",
    "line_num",
    "command_tag",
    "session_start",
    "vxid",
    "txid",
    "error_severity",
    "sqlstate",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_position",
    "context",
    "query",
    "cursor_position",
    "location",
    "application",
    "backend_type",
    "leader_pid",
    "query_id",
)
_NOTHING = {"sqlstate": "00000", "txid": "0", "query_id": "0"}


def split(line: str) -> JsonObject:
    """The columns of an entry by name. Raises Malformed for what has no four of them."""
    try:
        values = next(csv.reader([line]), [])
    except csv.Error as error:
        raise Malformed(f"line: no CSV: {error}") from None
    if len(values) < 4:
        raise Malformed(f"line: {len(values)} columns, but an entry has at least a time, a user, a database and a process id")
    named = zip(_COLUMNS, values, strict=False)
    record: JsonObject = {name: value for name, value in named if value != _NOTHING.get(name, "")}
    record["extra"] = values[len(_COLUMNS) :]
    host, _, port = record.pop("connection_from", "").rpartition(":")
    if host:
        record["port"] = port
    endpoint(record, host or port)
    query = record.pop("query", None)
    say(record, record.pop("error_severity", ""), record.pop("message", ""))
    record["query" if "statement" in record else "statement"] = query
    return record


_NO_COLUMNS = [""] * len(_COLUMNS)
#: Columns that rarely say something.
_RARE = ("detail", "hint", "internal_query", "internal_position", "context", "cursor_position", "location", "leader_pid", "extra")


def _session(told: tuple[str, ...]) -> Session | None:
    user, database, pid, client, number, start, backend, application = told
    host, _, port = client.rpartition(":")
    other = {"session_id": number, "session_start": start, "backend_type": backend}
    return session(host or port, port if host else None, user, database, pid, application, other)


#: A session has many entries.
_SESSIONS = Cache(_session)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual entry; None for any other."""
    if _BEGINNING.match(line) is None:
        return None
    try:
        values = next(csv.reader([line]))
    except csv.Error:
        return None
    extra: list[str] = []
    if len(values) != len(_COLUMNS):
        values, extra = (values + _NO_COLUMNS)[: len(_COLUMNS)], values[len(_COLUMNS) :]
    time, user, database, pid, client, session_id, number, tag, start, vxid, txid, level, code = values[:13]
    said, detail, hint, inner, inner_position, context, query, position, location, application, backend, leader, query_id = (
        values[13:]
    )
    about = _SESSIONS[user, database, pid, client, session_id, start, backend, application]
    other = f'"line_num":{quoted(number)},' if number else ""
    if tag:
        other += f'"command_tag":{quoted(tag)},'
    if vxid:
        other += f'"vxid":{quoted(vxid)},'
    if txid and txid != "0":
        other += f'"txid":{quoted(txid)},'
    if query_id and query_id != "0":
        other += f'"query_id":{quoted(query_id)},'
    if detail or hint or inner or inner_position or context or position or location or leader or extra:
        rare = (detail, hint, inner, inner_position, context, position, location, leader, extra)
        other += members({name: value for name, value in zip(_RARE, rare, strict=True) if value})
    begun = f'"id":"{event_id}","dataset":"postgresql.csvlog"'
    return written(begun, stamp, time, about, code, level, said, query, other)


LOG_TYPE = LineType(
    name="postgresql_csv",
    dataset="postgresql.csvlog",
    title="PostgreSQL log in CSV format, of RDS and Aurora too",
    page="https://www.postgresql.org/docs/current/runtime-config-logging.html",
    arrival="An agent that reads the .csv log file and joins the lines of an entry.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
