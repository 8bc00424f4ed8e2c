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
    source: str
    read: Read
    holders: tuple[str, ...]
    """Objects of the event that hold the field, outermost first."""
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
        self._tree: dict[str, Any] = {}
        for source, target in self.fields.items():
            kind = self.own.get(target) or ecs.FIELDS.get(target)
            if kind is None:
                raise ValueError(f"{source}: {target} is neither in common.ecs nor one of the type's own fields")
            *holders, name = target.split(".") if target != _TIME else [_TIME]
            reader = (read or {}).get(source, kind.read)
            if kind is KEY_INSTANT:
                reader = _required(source, reader)
            self._add(_Rule(source, reader, tuple(holders), name))
        for source in read or {}:
            if source not in self.fields:
                raise ValueError(f"{source}: read in a way of its own, but the table does not name it")
        self._constants = _nested(constants)

    def _add(self, rule: _Rule) -> None:
        *above, name = rule.source.split(".")
        node = self._tree
        for step in above:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise ValueError(f"{rule.source}: {step} is a field of the table already, so nothing in it can be another")
        if name in node:
            raise ValueError(f"{rule.source}: parts of it are fields of the table already")
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
        event.update(_copy(self._constants))
        rest = _placed(record, self._tree, event)
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


def _placed(record: JsonObject, tree: Mapping[str, Any], event: JsonObject) -> JsonObject:
    """Puts the fields of `record` that `tree` has rules for into `event`; returns the others."""
    rest: JsonObject = {}
    for name, value in record.items():
        if not value and value != 0:
            continue  # None, "", [] and {} say nothing
        rule = tree.get(name)
        if rule is None:
            rest[name] = value
        elif type(rule) is dict:
            if type(value) is dict:
                value = _placed(value, rule, event)
            if value:
                rest[name] = value
        else:
            found = rule[1](value)
            if found is None:
                rest[name] = value
                continue
            holder = event
            for step in rule[2]:
                inner = holder.get(step)
                if inner is None:
                    inner = holder[step] = {}
                holder = inner
            if holder.get(rule[3]) is None:
                holder[rule[3]] = found
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
