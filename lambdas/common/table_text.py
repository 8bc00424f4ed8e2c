"""What a table says about lines of one shape, as the text of their finished events.

Where common.table_code makes an object, this writes the JSON at once: a text with the values of a line in their places. What
completes an event runs when the code is made, on an event whose values are unknown, but for the few that decide what becomes of
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any, NoReturn

import orjson

from common import kinds
from common.logtype import NUMBER, PORT, JsonObject, Stamp
from common.table_code import TIME, Code, Rule, Shape, put, shape_of

Write = Callable[[Iterable[str], str, Stamp], str | None]
"""The event of a record's values, in their order, of its id and the stamp; None for a record of another shape."""
#: Readers whose number is what the text is already, by the regular expression that the text matches.
_NUMBERS = {NUMBER: (kinds.WHOLE.read,), PORT: (kinds.WHOLE.read, kinds.PORT.read)}


class TextWriter:
    """Writes the finished events of a type's lines (LineType.quick)."""

    def __init__(
        self,
        dataset: str,
        decides: tuple[str, ...],
        rules: Mapping[str, Rule],
        constants: JsonObject,
        rest: list[str],
        complete: Callable[[JsonObject, JsonObject], None] | None,
    ) -> None:
        """As Table.text_writer has it."""
        self.decides = decides
        self._dataset, self._rules = dataset, rules
        self._constants, self._rest, self._complete = constants, rest, complete

    def shape(self, record: dict[str, str]) -> Shape:
        """What `record`, whose values are text and none of them empty, is to the table."""
        return shape_of(record, self._rules)

    def code(self, record: dict[str, str], patterns: Mapping[str, str]) -> Write:
        """For records of the shape of this one whose values match `patterns`, by name, and are the same where there is none. The
        others are given to it, and written as they are: JSON must have them so."""
        code = _TextCode(self._constants, {f"v{place}" for place, name in enumerate(record) if name in patterns})
        rest = code.object(self.shape(record), self._rules)
        known = code.values(record)
        names = list(record)
        written = {f"rv{names.index(name)}" for name, pattern in patterns.items() if self._is_written(name, pattern)}

        def leaf(expression: str) -> Any:
            value = known[expression]
            if expression.removeprefix("r") in code.given:
                return _Unknown(expression[1:] if expression in written else expression, value)
            return value

        event, others = _each(code.event, leaf), _each(rest, leaf)
        event.setdefault(TIME, _Unknown("stamp.time", ""))
        try:
            if self._complete is not None:
                self._complete(event, others)
            if others:
                put(event, self._rest, others)
            body = "".join(self._members(event))
        except _LookedInto:
            return lambda *_: None
        return code.function(f"f{body!r}", written)

    def _is_written(self, name: str, pattern: str) -> bool:
        """Whether the number that is read of a text is the text."""
        rule = self._rules.get(name)
        return rule is not None and rule.read in _NUMBERS.get(pattern, ())

    def _members(self, event: JsonObject) -> Iterator[str]:
        """The template of the whole event."""
        happened = "".join(f",{_literal(name)}:{_template(value)}" for name, value in event.pop("event").items())
        yield f'{{{{"{TIME}":{_template(event.pop(TIME))},"event":{{{{"id":"{{event_id}}","dataset":"{self._dataset}"'
        yield f"{happened}{{stamp.json}}"
        for name, value in event.items():
            yield f",{_literal(name)}:{_template(value)}"
        yield "}}"


class _LookedInto(Exception):
    """What completes an event looked into a value that does not decide."""


class _Unknown:
    """A value of which is known what it is of, and nothing else."""

    def __init__(self, expression: str, example: Any) -> None:
        self.expression, self.example = expression, example

    def _refuse(self, *_: Any) -> NoReturn:
        raise _LookedInto

    __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = __int__ = __str__ = (
        _refuse
    )
    __contains__ = __add__ = __getattr__ = _refuse


class _TextCode(Code):
    """Of records whose values are all text, and none of them empty: there is nothing to look at before they are read."""

    def __init__(self, constants: JsonObject, given: Set[str]) -> None:
        """`given` are the variables of values that differ from record to record."""
        super().__init__(constants)
        self.given = given

    def only_if(self, condition: str) -> None:
        pass

    def values(self, record: dict[str, str]) -> JsonObject:
        """Those of the variables for a record, and of the constants."""
        found: JsonObject = self.compiled("values", ["return locals()"])(record.values())
        return {**self.known, **found}

    def function(self, text: str, unread: Set[str]) -> Write:
        """What returns `text`, an expression, of what is given, without reading the variables in `unread`."""
        self.looks = [f"{', '.join(sorted(self.given, key=_number))}, = values"] if self.given else []
        self.reads = {name: read for name, read in self.reads.items() if name[1:] in self.given and name not in unread}
        made: Write = self.compiled("values, event_id, stamp", [f"return {text}"])
        return made


def _number(variable: str) -> int:
    return int(variable[1:])


def _each(tree: Mapping[str, Any], leaf: Callable[[str], Any]) -> JsonObject:
    return {
        name: _each(inner, leaf) if isinstance(inner, dict) else leaf(inner) for name, inner in tree.items() if inner is not None
    }


def _template(value: Any) -> str:
    """JSON as the inside of a formatted text."""
    if type(value) is dict:
        return f"{{{{{','.join(f'{_literal(name)}:{_template(inner)}' for name, inner in value.items())}}}}}"
    if type(value) is not _Unknown:
        return _literal(value)
    if isinstance(value.example, str):
        return f'"{{{value.expression}}}"'
    if type(value.example) in (int, float):
        return f"{{{value.expression}}}"
    raise _LookedInto


def _literal(value: Any) -> str:
    return orjson.dumps(value).decode().replace("{", "{{").replace("}", "}}")
