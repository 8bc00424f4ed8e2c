"""Records to events by a table: which field of the record becomes which field of the event.

A type that says more than names and kinds adds a function that completes the event. What the table does not name, and what is
not of its field's kind, stays under its own name in one open object: nothing of a record is lost, and no value of it can keep
the event out of the index or the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from common import ecs
from common.kinds import KEY_INSTANT, OPEN, Kind
from common.learned import Learned
from common.logtype import JsonObject, Malformed, Stamp
from common.table_code import TIME, Make, Read, Rule, empty, make_of, put, shape_of, size
from common.table_text import TextWriter

Complete = Callable[[JsonObject, JsonObject], None]
#: Of a record, and behind None of each of its objects that has rules for its members.
_Names = tuple[str | None, ...]


class Table:
    """The table of one log type."""

    def __init__(
        self,
        fields: Mapping[str, str],
        *,
        rest: str,
        constants: Mapping[str, Any] | None = None,
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
        self._rules: dict[str, Rule] = {}
        for source, target in self.fields.items():
            kind = self.own.get(target) or ecs.FIELDS.get(target)
            if kind is None:
                raise ValueError(f"{source}: {target} is neither in common.ecs nor one of the type's own fields")
            *holders, name = target.split(".") if target != TIME else [TIME]
            reader = (read or {}).get(source, kind.read)
            test = kind.test if reader is kind.read else ""
            if kind is KEY_INSTANT:
                reader = _required(source, reader)
            self._add(source, Rule(reader, test, {}, holders[0] if holders else "", tuple(holders[1:]), name))
        for source in read or {}:
            if source not in self.fields:
                raise ValueError(f"{source}: read in a way of its own, but the table does not name it")
        #: Every event has an object `event`, whose other fields come later.
        self._constants = {"event": {}, **_nested(constants or {})}
        #: Names of objects with rules for their members.
        self._inner = tuple(name for name, rule in self._rules.items() if rule.parts)
        self._learned: Learned[_Names, Make] = Learned()

    def _add(self, source: str, rule: Rule) -> None:
        *above, name = source.split(".")
        node = self._rules
        for step in above:
            found = node.setdefault(step, Rule(None, "", {}, "", (), ""))
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
        names: _Names = tuple(record)
        for name in self._inner:
            value = record.get(name)
            if type(value) is dict:
                names += (None, *value)
        for make in self._learned.told(names):
            event = make(record, stamp)
            if event is not None:
                return event
        shape = shape_of(record, self._rules)
        code = self._learned.of_shape(
            names, shape, size(shape), lambda: make_of(shape, self._rules, self._constants, self._rest, self._complete)
        )
        return (code and code(record, stamp)) or self.by_rules(record, stamp)

    def text_writer(self, dataset: str, *decides: str) -> TextWriter:
        """What writes the finished events of lines. `complete` must look into no value but those of the names in `decides`,
        which are few in each: what has one that it is not told to decide, is not written."""
        return TextWriter(dataset, decides, self._rules, self._constants, self._rest, self._complete)

    def by_rules(self, record: JsonObject, stamp: Stamp) -> JsonObject:
        """As `event`, and what it has to be: one name of the record at a time, without code."""
        event: JsonObject = {TIME: None, **_copy(self._constants)}
        rest = _placed(record, self._rules, event)
        if event[TIME] is None:
            event[TIME] = stamp.time
        if self._complete is not None:
            self._complete(event, rest)
        if rest:
            put(event, self._rest, rest)
        return event


def _placed(record: JsonObject, rules: Mapping[str, Rule], event: JsonObject) -> JsonObject:
    """Puts the fields of `record` that `rules` are for into `event`; returns the others."""
    rest: JsonObject = {}
    for name, value in record.items():
        if empty(value):
            continue
        rule = rules.get(name)
        if rule is None:
            rest[name] = value
            continue
        read, _, parts, holder, further, leaf = rule
        if read is None:
            others = _placed(value, parts, event) if type(value) is dict else value
            if not empty(others):
                rest[name] = others
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
