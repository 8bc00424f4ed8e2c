"""Code for application logs of one shape.

An application writes few shapes of log, over and over, and of each it is known where its fields stand (common.app_log). So a
function of straight lines is made of it, which reads the values and writes the event's fields down as one literal: what
`app_log.read` and `app_log.put` make, in the same order and half the time, or None of a log that is another after all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from common.logtype import JsonObject


class Read(NamedTuple):
    """A field that is read from a key of the log."""

    field: str
    key: str
    reader: Callable[[Any], Any]


#: The log's time, if it has one, and the event's fields.
Found = tuple[str | None, JsonObject]
Make = Callable[[JsonObject], Found | None]

#: Expressions of `{0}` that are true only for values the field's reader gives as they are, and cheaper than to ask it.
_WORD = "type({0}) is str and {0}"
_TESTS = {
    **dict.fromkeys(("service", "trace", "span", "user", "user_id", "error_type", "error_message", "stack_trace"), _WORD),
    "message": "type({0}) is str",
    "status": "type({0}) is int and 100 <= {0} <= 599",
    "latency_ms": "type({0}) is float and 0 <= {0} <= 3.2e10",
}
#: Their readers raise ValueError for what is none, and never give None.
_ALWAYS_READ = frozenset(("time", "level"))


def make_of(
    names: Sequence[str],
    fields: Sequence[Read],
    objects: Sequence[str],
    others: Sequence[str],
    targets: Mapping[str, tuple[str, str]],
    failing: Collection[str],
) -> Make:
    """The function for logs with these `names`, of which `objects` hold none.

    `others` are names of no field. `targets` are the object and the name in it at which the event has a field, `failing` the
    levels of a failure.
    """
    value = {name: f"v{number}" for number, name in enumerate(names)}
    known: JsonObject = {"failing": failing}
    reads = []
    for field, key, reader in fields:
        known[f"read_{field}"] = reader
        read, test = f"read_{field}({value[key]})", _TESTS.get(field)
        reads.append(f"{field} = {f'{value[key]} if {test.format(value[key])} else ' if test else ''}{read}")
    found = [read.field for read in fields]
    lines = [
        *([f"{', '.join(value.values())}, = record.values()"] if value else []),
        *(f"if type({value[name]}) is dict: return None" for name in objects),
        "try:",
        *(f"    {line}" for line in reads or ["pass"]),
        "except ValueError:",
        "    return None",
        *(f"if {field} is None: return None" for field in found if field not in _ALWAYS_READ),
        f"failed = {_failed(found)}",
        f"fields = {_event(found, targets)}",
        *(["if message: fields['message'] = message"] if "message" in found else []),
        *_app({name: value[name] for name in others}),
        f"return {'time' if 'time' in found else None}, fields",
    ]
    source = "\n    ".join(("def make(record):", *lines))
    exec(compile(source, "<app log>", "exec"), known)  # noqa: S102 - of names, as literals, and of the fields' own names
    made: Make = known["make"]
    return made


def _failed(found: Collection[str]) -> str:
    asked = [*(["level in failing"] if "level" in found else []), *(["status >= 500"] if "status" in found else [])]
    return " or ".join(asked) or "False"


def _event(found: Sequence[str], targets: Mapping[str, tuple[str, str]]) -> str:
    """The source of the event's fields but the message and the others."""
    happened: dict[str, str] = {}
    objects = {"event": happened}
    if "status" in found:
        happened["category"] = "['web']"
        objects["http"] = {"response": "{'status_code': status}"}
    happened |= {"type": "['error'] if failed else ['info']", "outcome": "'failure' if failed else 'success'"}
    if "latency_ms" in found:
        happened["duration"] = "round(latency_ms * 1e6)"
    for field in found:
        if field in targets:
            holder, name = targets[field]
            objects.setdefault(holder, {})[name] = field
    return _literal({holder: _literal(members) for holder, members in objects.items()})


def _literal(members: Mapping[str, str]) -> str:
    """The source of an object of expressions."""
    return f"{{{', '.join(f'{name!r}: {value}' for name, value in members.items())}}}"


def _app(values: Mapping[str, str]) -> list[str]:
    """Lines that keep what has no field and is not null."""
    if not values:
        return []
    return [
        f"app = {_literal(values)}",
        f"if {' or '.join(f'{value} is None' for value in values.values())}:",
        "    app = {name: value for name, value in app.items() if value is not None}",
        "if app: fields['app'] = app",
    ]
