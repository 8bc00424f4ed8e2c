"""MySQL error log in JSON, as component_log_sink_json writes it.

Fields: MySQL reference manual, "Error Event Fields" (https://dev.mysql.com/doc/refman/8.4/en/error-log-event-fields.html) and
"Error Log Output Format" (https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html). Filters may take any of them away, and
add fields of their own.
"""

from __future__ import annotations

from common.cache import Cache, remembered
from common.logtype import JsonObject, ObjectType, Stamp
from common.mysql_error_entry import TABLE, client, say

#: Fields the table takes as they are, and its names of them.
_NAMES = {
    **{name: name for name in ("time", "thread", "subsystem", "user", "function")},
    **{"label": "level", "err_symbol": "symbol", "source_file": "file", "source_line": "line"},
}
#: Names the table has for others, and where fields of a filter stay that have them.
_TAKEN = TABLE.fields.keys() - _NAMES.keys()
_OTHERS = "user-defined fields"
#: Of `prio`, by number.
_LEVELS = ("system", "error", "warning", "note")
#: Times that are believed where there is no `time`, in this order. An entry of the start, which waits for the sinks to be there,
#: is buffered, and `ts` is when this sink has written it.
_OTHER_TIMES = ("buffered", "ts")
#: A field that only MySQL calls so.
_TELLING = frozenset(("err_symbol", "SQL_state", "subsystem"))


def recognise(entry: JsonObject) -> bool:
    return type(entry["prio"]) is int and type(entry["err_code"]) is int and not _TELLING.isdisjoint(entry)


#: The table's names of those of an entry, in their order.
_RENAMED: Cache[tuple[str, ...], tuple[str, ...]] = Cache(
    lambda names: tuple(_OTHERS if name in _TAKEN else _NAMES.get(name, name) for name in names), 4_096
)
_code = remembered(4_096)("MY-{:06}".format)


def parse(entry: JsonObject, stamp: Stamp) -> JsonObject:
    """`event.code` is written as in the text format: MY-010051. `@timestamp` is the entry's."""
    names = _RENAMED[tuple(entry)]
    record: JsonObject = dict(zip(names, entry.values(), strict=True))
    if _OTHERS in names:
        record[_OTHERS] = {name: value for name, value in entry.items() if name in _TAKEN}
    if not record.get("time"):
        record["time"] = next((record.pop(name) for name in _OTHER_TIMES if record.get(name)), None)
    _level(record)
    if type(record.get("err_code")) is int:
        record["code"] = _code(record.pop("err_code"))
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
