"""MySQL error log in JSON, as component_log_sink_json writes it.

Fields: MySQL reference manual, "Error Event Fields" (https://dev.mysql.com/doc/refman/8.4/en/error-log-event-fields.html) and
"Error Log Output Format" (https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html). Filters may take any of them away, and
add fields of their own.
"""

from __future__ import annotations

from common.logtype import JsonObject, ObjectType, Stamp
from common.mysql_error_entry import TABLE, client, say

#: Fields the table takes as they are, and its names of them.
_NAMES = {
    **{name: name for name in ("time", "thread", "subsystem", "user", "function")},
    **{"label": "level", "err_symbol": "symbol", "source_file": "file", "source_line": "line"},
}
#: Where fields of a filter stay whose names the table has for others.
_OTHERS = "user-defined fields"
#: Of `prio`, by number.
_LEVELS = ("system", "error", "warning", "note")
#: Times in the order in which they are believed. An entry of the start, which waits for the sinks to be there, is buffered, and
#: `ts` is when this sink has written it.
_TIMES = ("time", "buffered", "ts")
#: A field that only MySQL calls so.
_TELLING = frozenset(("err_symbol", "SQL_state", "subsystem"))


def recognise(entry: JsonObject) -> bool:
    return type(entry["prio"]) is int and type(entry["err_code"]) is int and not _TELLING.isdisjoint(entry)


def parse(entry: JsonObject, stamp: Stamp) -> JsonObject:
    """`event.code` is written as in the text format: MY-010051. `@timestamp` is the entry's."""
    record: JsonObject = {}
    for name, value in entry.items():
        if name in _NAMES:
            record[_NAMES[name]] = value
        elif name in TABLE.fields:
            record.setdefault(_OTHERS, {})[name] = value
        else:
            record[name] = value
    record["time"] = next((record.pop(name) for name in _TIMES if record.get(name)), None)
    _level(record)
    code = record.get("err_code")
    if type(code) is int:
        record["code"] = f"MY-{record.pop('err_code'):06}"
    if "host" in record:
        client(record, record.pop("host"))
    if isinstance(record.get("msg"), str):
        say(record, record.pop("msg"))
    return TABLE.event(record, stamp)


def _level(record: JsonObject) -> None:
    """The label, or else the name of the priority, which says the same."""
    level, number = record.get("level"), record.get("prio")
    named = _LEVELS[number] if type(number) is int and 0 <= number < len(_LEVELS) else None
    if isinstance(level, str):
        record["level"] = level.lower()
    elif level is None:
        record["level"] = named
    if named and record["level"] == named:
        del record["prio"]


LOG_TYPE = ObjectType(
    name="mysql_error_json",
    dataset="mysql.error",
    title="MySQL error log in JSON format",
    page="https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html",
    arrival="An agent that reads the .json log file.",
    recognise=recognise,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("prio", "err_code", "msg"),
)
