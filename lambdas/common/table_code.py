"""Code for what a table says about records of one shape.

A service writes few shapes of record, over and over. For each, everything a table could ask of a record is known but its values,
so that a function of straight lines is made of it: it takes the values apart, asks each whether it is what it was in the record
the shape was learnt from, and writes the event down as one literal. It makes what the table makes, in a fraction of the time, or
None of a record that is of another shape after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from common.logtype import JsonObject, Stamp

#: What becomes of a value of the record; None where it is not of its kind.
Read = Callable[[Any], Any]
Make = Callable[[JsonObject, Stamp], JsonObject | None]

TIME = "@timestamp"


class Rule(NamedTuple):
    """What a table says about one name."""

    read: Read | None
    """None for an object whose members have rules of their own."""
    test: str
    """Kind.test, where nothing replaces the kind's reader."""
    parts: dict[str, Rule]
    """Those of an object's members."""
    holder: str
    """The event's object that holds the field; "" for the event itself."""
    further: tuple[str, ...]
    """Objects in it, to the one that holds the field."""
    name: str


class Is(Enum):
    """What a value of a record is to a table."""

    EMPTY = auto()
    OTHER = auto()
    """Under no rule: it goes to the rest, as the next and the last."""
    NO_OBJECT = auto()
    """Where there are rules for members."""
    OWN = auto()
    """Of its kind as it is."""
    READ = auto()
    """Of its kind once it is read."""
    UNREADABLE = auto()


#: Names of a record, each with what its value is; the shape of a value that is an object with rules for its members.
Shape = tuple[tuple[str, "Is | Shape"], ...]


def empty(value: Any) -> bool:
    """Whether it says nothing: None, "", [] or {}."""
    return not value and value != 0


def put(event: JsonObject, path: list[str], value: Any) -> None:
    """Sets the field at `path` of an event."""
    *holders, name = path
    for step in holders:
        event = event.setdefault(step, {})
    event[name] = value


def shape_of(record: JsonObject, rules: Mapping[str, Rule]) -> Shape:
    return tuple((name, _is(value, rules.get(name))) for name, value in record.items())


def size(shape: Shape) -> int:
    """Characters of all its names, and one for each."""
    return sum(len(name) + 1 + (size(what) if isinstance(what, tuple) else 0) for name, what in shape)


def _is(value: Any, rule: Rule | None) -> Is | Shape:
    if empty(value):
        return Is.EMPTY
    if rule is None:
        return Is.OTHER
    if rule.read is None:
        return shape_of(value, rule.parts) if type(value) is dict else Is.NO_OBJECT
    if rule.test and _tester(rule.test)(value):
        return Is.OWN
    return Is.UNREADABLE if rule.read(value) is None else Is.READ


@cache
def _tester(test: str) -> Callable[[Any], object]:
    asked: Callable[[Any], object] = eval(f"lambda value: {test.format('value')}")  # noqa: S307 - an expression of common.kinds
    return asked


def make_of(
    shape: Shape,
    rules: Mapping[str, Rule],
    constants: JsonObject,
    rest: list[str],
    complete: Callable[[JsonObject, JsonObject], None] | None,
) -> Make:
    """The function for records of `shape`."""
    code = Code(constants)
    others = code.object(shape, rules, "record.values()")
    code.event[TIME] = code.event[TIME] or "stamp.time"
    if complete is None:
        if others:
            put(code.event, rest, others)
        last = [f"return {_literal(code.event)}"]
    else:
        code.known["complete"] = complete
        holder = "".join(f".setdefault({name!r}, {{}})" for name in rest[:-1])
        last = [
            f"event, rest = {_literal(code.event)}, {_literal(others)}",
            "complete(event, rest)",
            f"if rest: event{holder}[{rest[-1]!r}] = rest",
            "return event",
        ]
    made: Make = code.compiled("record, stamp", last)
    return made


class Code:
    """Lines that look at the values of a record, and the event they make: objects of expressions."""

    def __init__(self, constants: JsonObject) -> None:
        self.looks: list[str] = []
        """At what tells in no time whether a record is of another shape."""
        self.reads: dict[str, str] = {}
        """By variable."""
        self.known: JsonObject = {}
        self.event: JsonObject = {TIME: None, **self._constants(constants)}
        self._numbers = count()

    def object(self, shape: Shape, rules: Mapping[str, Rule], source: str = "values") -> JsonObject:
        """Looks at all values of an object of `shape`, which the expression `source` gives; returns the others of them."""
        values = [f"v{next(self._numbers)}" for _ in shape]
        if values:
            self.looks.append(f"{', '.join(values)}, = {source}")
        rest: JsonObject = {}
        for value, (name, what) in zip(values, shape, strict=True):
            if isinstance(what, tuple):
                names = self._name(tuple(inner for inner, _ in what))
                self.only_if(f"type({value}) is dict and tuple({value}) == {names}")
                others = self.object(what, rules[name].parts, f"{value}.values()")
                if others:
                    rest[name] = others
            elif what is Is.EMPTY:
                self.only_if(f"not {value} and {value} != 0")
            elif not self._field(value, what, rules.get(name)):
                rest[name] = value
        return rest

    def _field(self, value: str, what: Is, rule: Rule | None) -> bool:
        """Looks at a value that is not empty; False where it goes to the rest."""
        if rule is not None and what is Is.OWN:
            self.only_if(rule.test.format(value))
            return self._placed(rule, value)
        self.only_if(f"{value} or {value} == 0")
        if rule is None or what is Is.OTHER:
            return False
        if what is Is.NO_OBJECT:
            self.only_if(f"type({value}) is not dict")
            return False
        found = f"r{value}"
        self.reads[found] = (
            f"{found} = {self._name(rule.read)}({value})\n    if {found} is {'' if what is Is.READ else 'not '}None: return None"
        )
        return what is Is.READ and self._placed(rule, found)

    def _placed(self, rule: Rule, found: str) -> bool:
        target = self.event
        for step in (rule.holder, *rule.further) if rule.holder else ():
            target = target.setdefault(step, {})
        if target.get(rule.name) is not None:
            return False
        target[rule.name] = found
        return True

    def compiled(self, parameters: str, last: list[str]) -> Any:
        """A function of the record and other parameters, with these lines behind those that look and read."""
        source = "\n    ".join((f"def make({parameters}):", *self.looks, *self.reads.values(), *last))
        names = dict(self.known)
        exec(compile(source, "<table>", "exec"), names)  # noqa: S102 - of names, as literals, and of the table's own expressions
        return names["make"]

    def only_if(self, condition: str) -> None:
        self.looks.append(f"if not ({condition}): return None")

    def _name(self, value: Any) -> str:
        """A name for `value` in the code."""
        name = f"k{len(self.known)}"
        self.known[name] = value
        return name

    def _constants(self, constants: JsonObject) -> JsonObject:
        return {
            name: self._constants(value) if isinstance(value, dict) else self._name(value) for name, value in constants.items()
        }


def _literal(tree: Any) -> str:
    """The source of an object of expressions."""
    return f"{{{', '.join(_members(tree))}}}" if isinstance(tree, dict) else tree


def _members(tree: JsonObject) -> Iterator[str]:
    for name, inner in tree.items():
        yield f"{name!r}: {_literal(inner)}"
