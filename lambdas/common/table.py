"""Records to events by a table: which field of the record becomes which field of the event.

A type that says more than names and kinds adds a function that completes the event. What the table does not name, and what is
not of its field's kind, stays under its own name in one open object: nothing of a record is lost, and no value of it can keep
the event out of the index or the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from common import ecs
from common.kinds import KEY_INSTANT, OPEN, Kind
from common.logtype import JsonObject, Malformed, Stamp

#: What becomes of a value of the record; None where it is not of its kind.
Read = Callable[[Any], Any]
Complete = Callable[[JsonObject, JsonObject], None]

_TIME = "@timestamp"


class _Rule(NamedTuple):
    read: Read | None
    """None for an object whose members have rules of their own."""
    parts: dict[str, Any]
    """Those rules, by name."""
    holder: str
    """The event's object that holds the field; "" for the event itself."""
    further: tuple[str, ...]
    """Objects in it, to the one that holds the field."""
    name: str


class Table:
    """The table of one log type."""

    def __init__(
        self,
        fields: Mapping[str, str],
        *,
        rest: str,
        constants: Mapping[str, Any],
        own: Mapping[str, Kind] | None = None,
        read: Mapping[str, Read] | None = None,
        complete: Complete | None = None,
    ) -> None:
        """`fields` maps the record's names ("a.b" is "b" in the object at "a") to the event's. Two may become one: the first in
        the record is taken.

        `rest` is the event's field for all others, `own` the kinds of fields that are not in common.ecs. `read` replaces the
        kind's reader for a name of the record: what it gives must be of the kind. `constants` are fields every event has.
        `complete(event, rest)` runs last and may change both. Raises ValueError for a table that contradicts itself.
        """
        self.fields = dict(fields)
        self.own: dict[str, Kind] = {**(own or {}), rest: OPEN}
        self._rest = rest.split(".")
        self._complete = complete
        self._rules: dict[str, _Rule] = {}
        for source, target in self.fields.items():
            kind = self.own.get(target) or ecs.FIELDS.get(target)
            if kind is None:
                raise ValueError(f"{source}: {target} is neither in common.ecs nor one of the type's own fields")
            *holders, name = target.split(".") if target != _TIME else [_TIME]
            reader = (read or {}).get(source, kind.read)
            if kind is KEY_INSTANT:
                reader = _required(source, reader)
            self._add(source, _Rule(reader, {}, holders[0] if holders else "", tuple(holders[1:]), name))
        for source in read or {}:
            if source not in self.fields:
                raise ValueError(f"{source}: read in a way of its own, but the table does not name it")
        self._constants = [
            (name, held, any(type(value) is dict for value in held.values())) for name, held in _nested(constants).items()
        ]

    def _add(self, source: str, rule: _Rule) -> None:
        *above, name = source.split(".")
        node = self._rules
        for step in above:
            found = node.setdefault(step, _Rule(None, {}, "", (), ""))
            if found.read is not None:
                raise ValueError(f"{source}: {step} is a field of the table already, so nothing in it can be another")
            node = found.parts
        if name in node:
            raise ValueError(f"{source}: it, or a part of it, is a field of the table already")
        node[name] = rule

    def lines(self, split: Callable[[str], JsonObject]) -> Callable[[str, Stamp], JsonObject]:
        """The parser of lines that `split` takes apart into the table's names. It leaves out what stands for nothing, such as
        `-`, and raises Malformed for a line that is none."""

        def parse(line: str, stamp: Stamp) -> JsonObject:
            return self.event(split(line), stamp)

        return parse

    def event(self, record: JsonObject, stamp: Stamp) -> JsonObject:
        """The event of a record, which is left as it is. Raises Malformed where its time is none."""
        event: JsonObject = {_TIME: None}
        for name, constant, deep in self._constants:
            event[name] = _copy(constant) if deep else constant.copy()
        rest = _placed(record, self._rules, event)
        if event[_TIME] is None:
            event[_TIME] = stamp.time
        if self._complete is not None:
            self._complete(event, rest)
        if rest:
            put(event, self._rest, rest)
        return event


def put(event: JsonObject, path: list[str], value: Any) -> None:
    """Sets the field at `path` of an event."""
    *holders, name = path
    for step in holders:
        event = event.setdefault(step, {})
    event[name] = value


def _placed(record: JsonObject, rules: Mapping[str, _Rule], event: JsonObject) -> JsonObject:
    """Puts the fields of `record` that `rules` are for into `event`; returns the others."""
    rest: JsonObject = {}
    for name, value in record.items():
        if not value and value != 0:
            continue  # None, "", [] and {} say nothing
        rule = rules.get(name)
        if rule is None:
            rest[name] = value
            continue
        read, parts, holder, further, leaf = rule
        if read is None:
            if type(value) is dict:
                value = _placed(value, parts, event)
            if value:
                rest[name] = value
            continue
        found = read(value)
        if found is None:
            rest[name] = value
            continue
        target = event
        if holder:
            held: JsonObject | None = event.get(holder)
            if held is None:
                held = event[holder] = {}
            target = held
            for step in further:
                target = target.setdefault(step, {})
        if target.get(leaf) is None:
            target[leaf] = found
        else:
            rest[name] = value
    return rest


def _required(source: str, read: Read) -> Read:
    def reader(value: Any) -> Any:
        found = read(value)
        if found is None:
            raise Malformed(f"{source}: {str(value)[:60]!r} is no point in time")
        return found

    return reader


def _nested(fields: Mapping[str, Any]) -> JsonObject:
    nested: JsonObject = {}
    for name, value in fields.items():
        put(nested, name.split("."), value)
    return nested


def _copy(constants: JsonObject) -> JsonObject:
    return {name: _copy(value) if type(value) is dict else value for name, value in constants.items()}
