"""PostgreSQL server log in the CSV format (log_destination csvlog), of RDS and Aurora, or of a server one runs oneself.

Columns: PostgreSQL documentation, "Using CSV-Format Log Output"
(https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG); versions before 14 end
earlier. A value in quotes may have several lines: an entry with all its lines is one record.
"""

from __future__ import annotations

import csv
import re

from common.logtype import JsonObject, LineType, Malformed
from common.postgresql_entry import TABLE, endpoint, say

_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} (?:[A-Z]{2,5}|[+-][0-9:]{2,6}),"
    r'(?:"(?:[^"\n]|"")*")?,(?:"(?:[^"\n]|"")*")?,[0-9]+,'
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


LOG_TYPE = LineType(
    name="postgresql_csv",
    dataset="postgresql.csvlog",
    title="PostgreSQL log in CSV format, of RDS and Aurora too",
    page="https://www.postgresql.org/docs/current/runtime-config-logging.html",
    arrival="An agent that reads the .csv log file and joins the lines of an entry.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
