"""PostgreSQL server log in the JSON format (log_destination jsonlog), from version 15.

Keys: PostgreSQL documentation, "Using JSON-Format Log Output"
(https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG). Keys without a value are
not written.
"""

from __future__ import annotations

from common.logtype import JsonObject, ObjectType, Stamp, text
from common.postgresql_entry import TABLE, endpoint, say

#: The table's names of jsonlog's keys.
_NAMES = {
    "timestamp": "time",
    "dbname": "database",
    "remote_port": "port",
    "state_code": "sqlstate",
    "application_name": "application",
}
_NOTHING = {"state_code": "00000", "txid": 0, "query_id": 0}


def parse(entry: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the entry's."""
    record = {_NAMES.get(name, name): value for name, value in entry.items() if name not in _NOTHING or value != _NOTHING[name]}
    level, said = text(record, "error_severity") or "", text(record, "message") or ""
    for name in ("error_severity", "message"):
        record.pop(name, None)
    statement = record.pop("statement", None)
    if isinstance(host := record.get("remote_host"), str):
        del record["remote_host"]
        endpoint(record, host)
    say(record, level, said)
    record["query" if "statement" in record else "statement"] = statement
    return TABLE.event(record, stamp)


LOG_TYPE = ObjectType(
    name="postgresql_json",
    dataset="postgresql.jsonlog",
    title="PostgreSQL log in JSON format",
    page="https://www.postgresql.org/docs/current/runtime-config-logging.html",
    arrival="An agent that reads the .json log file.",
    recognise=lambda entry: isinstance(entry["pid"], int) and isinstance(entry["line_num"], int),
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("timestamp", "pid", "session_id", "line_num", "error_severity"),
)
