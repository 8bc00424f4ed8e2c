"""MySQL error log in JSON, as component_log_sink_json writes it.

Fields: MySQL reference manual, "Error Event Fields" (https://dev.mysql.com/doc/refman/8.4/en/error-log-event-fields.html) and
"Error Log Output Format" (https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html). Filters may take any of them away, and
add fields of their own.
"""

from __future__ import annotations

from common.cache import remembered
from common.kinds import INSTANT, WORD
from common.logtype import JsonObject, Malformed, ObjectType, Stamp
from common.mysql_error_entry import CONSTANTS, OWN, REST, client, complete
from common.table import Table
from common.timestamps import from_iso

#: Of `prio`, by number.
_LEVELS = {0: "system", 1: "error", 2: "warning", 3: "note"}
#: Times that are believed where there is no `time`, in this order. An entry of the start, which waits for the sinks to be there,
#: is buffered, and `ts` is when this sink has written it.
_OTHER_TIMES = ("buffered", "ts")
#: Fields that only MySQL calls so, of which an entry has one.
_TELLING = frozenset(("err_symbol", "SQL_state", "subsystem"))


def recognise(entry: JsonObject) -> bool:
    return type(entry["prio"]) is int and type(entry["err_code"]) is int


def parse(entry: JsonObject, stamp: Stamp) -> JsonObject:
    """`event.code` is written as in the text format: MY-010051. `@timestamp` is the entry's."""
    event = TABLE.event(entry, stamp)
    return event if entry.get("time") else _timed(event, entry)


def _timed(event: JsonObject, entry: JsonObject) -> JsonObject:
    """The event of an entry without `time`, at another of its times if it has one."""
    name = next((name for name in _OTHER_TIMES if entry.get(name)), None)
    if name is not None:
        event["@timestamp"] = INSTANT.read(entry[name])
        if event["@timestamp"] is None:
            raise Malformed(f"{name}: {str(entry[name])[:60]!r} is no point in time")
        del event["mysql"]["other"][name]
        if not event["mysql"]["other"]:
            del event["mysql"]["other"]
    return event


_second = remembered(4_096)(from_iso)


def _time(value: object) -> str | None:
    """As INSTANT reads it, and sooner for the form the server writes: 2026-11-23T08:00:01.109022Z."""
    if type(value) is str and len(value) == 27 and value[19] + value[26] == ".Z" and value[20:26].isdecimal() and value.isascii():
        try:
            return f"{_second(value[:19])[:20]}{value[20:23]}Z"
        except ValueError:
            return None
    found: str | None = INSTANT.read(value)
    return found


_written = remembered(4_096)("MY-{:06}".format)


def _code(number: object) -> str | None:
    return _written(number) if type(number) is int else None


def _lower(label: object) -> str | None:
    return label.lower() if type(label) is str else WORD.read(label)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    number = rest.get("prio")
    level = _LEVELS.get(number) if type(number) is int else None
    if level is not None and event.setdefault("log", {}).setdefault("level", level) == level:
        del rest["prio"]  # it says the same
    complete(event, rest)
    if "host" in rest and type(host := rest["host"]) is str:
        source = event.setdefault("source", client(host))
        if host in source.values():
            del rest["host"]


TABLE = Table(
    {
        "time": "@timestamp",
        "thread": "process.thread.id",
        "label": "log.level",
        "err_code": "event.code",
        "subsystem": "mysql.subsystem",
        "err_symbol": "mysql.symbol",
        "user": "user.name",
        "msg": "message",
        "function": "log.origin.function",
        "source_file": "log.origin.file.name",
        "source_line": "log.origin.file.line",
    },
    own={**OWN, "mysql.symbol": WORD},
    rest=REST,
    constants=CONSTANTS,
    read={"time": _time, "label": _lower, "err_code": _code},
    complete=_complete,
)

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
    shape=lambda keys: not _TELLING.isdisjoint(keys),
)
