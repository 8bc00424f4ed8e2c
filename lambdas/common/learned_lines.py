"""Lines read the quick way (LineType.quick), by one regular expression for each kind of line.

A program writes few kinds of line, over and over: the same words, with other values between them. Of a kind that comes often a
regular expression is made that takes the values out at once, and a text to put them in (common.table_text).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from json.encoder import encode_basestring
from typing import NamedTuple

import orjson

from common.learned import Learned
from common.logtype import JsonObject, Malformed, Stamp
from common.table_text import TextWriter

_Quick = Callable[[str, str, Stamp], str | None]
#: Lines one after the other that are told alike and cannot be learnt, after which such are not looked at; kinds of them.
_UNUSUAL, _MOST = 64, 512


class Value(NamedTuple):
    """Where a line has a value of its record."""

    name: str
    """Empty for one that is read, and that the record goes without."""
    start: int
    end: int
    pattern: str = ""
    """A regular expression without groups for other values in its place, of characters that JSON has as they are, or as their
    escapes, unless they are decoded: it must match none that the type's own parser would not find there. Empty for one that all
    lines of a kind have."""
    said: str | None = None
    """What the record has, if it is not what stands there, nor what `decode` makes of it."""
    decode: Callable[[str, Stamp], str] | None = None


def as_it_is(text: str, _: Stamp) -> str:
    """To decode what may be any text."""
    return text


def said_by_all(name: str, said: str, end: int) -> Value:
    """Of what all lines of a kind say, and that stands nowhere in them: at the end of a line."""
    return Value(name, end, end, said=said)


class LearnedLines:
    """The quick parser of a type whose lines are words and values."""

    def __init__(
        self,
        write: TextWriter,
        told: Callable[[str], Hashable],
        values: Callable[[str, Stamp], Sequence[Value] | None],
        split: Callable[[str, Stamp], JsonObject],
        nothing: frozenset[str] = frozenset(),
    ) -> None:
        """`told` is what tells lines of other kinds in no time. `values` finds those of a usual line, in its order; one of
        `nothing` has no value. `split` is the type's own, and says what the record has to be."""
        self._write, self._told, self._values, self._split, self._nothing = write, told, values, split, nothing
        self._learned: Learned[Hashable, _Quick] = Learned()
        self._unusual: Counter[Hashable] = Counter()

    def quick(self, line: str, event_id: str, stamp: Stamp) -> bytes | None:
        """As LineType.quick."""
        told = self._told(line)
        try:
            kinds = self._learned.told(told)
            for made in kinds:
                text = made(line, event_id, stamp)
                if text is not None:
                    if made is not kinds[0]:
                        kinds.remove(made)  # lines of a kind come together
                        kinds.insert(0, made)
                    return text.encode()
            learnt = self._learn(told, line, stamp)
            text = learnt and learnt(line, event_id, stamp)
        except Malformed:  # the table says it again
            return None
        return text.encode() if text else None

    def _learn(self, told: Hashable, line: str, stamp: Stamp) -> _Quick | None:
        if self._unusual[told] >= _UNUSUAL:
            return None
        if len(self._unusual) >= _MOST:
            self._unusual.clear()
        self._unusual[told] += 1
        values = self._values(line, stamp)
        if values is None or not all(_is_json(line, value) for value in values if self._differs(value)):
            return None
        record = {value.name: _said(line, value, stamp) for value in values if value.name}
        if record != {name: value for name, value in self._split(line, stamp).items() if value}:
            return None
        del self._unusual[told]
        pattern = self._pattern(line, values)
        shape = pattern, self._write.shape(record)
        return self._learned.of_shape(told, shape, len(pattern), lambda: self._quick(pattern, values, record))

    def _pattern(self, line: str, values: Sequence[Value]) -> str:
        pattern, end = "", 0
        for value in values:
            if self._differs(value):
                pattern += f"{re.escape(line[end : value.start])}({value.pattern})"
                end = value.end
        return pattern + re.escape(line[end:])

    def _differs(self, value: Value) -> bool:
        """Whether it does from line to line of a kind."""
        return bool(value.pattern) and value.name not in self._write.decides

    def _quick(self, pattern: str, values: Sequence[Value], record: dict[str, str]) -> _Quick:
        given = [value for value in values if self._differs(value)]
        patterns = {value.name: value.pattern for value in given if value.name}
        match, write, nothing = re.compile(pattern).fullmatch, self._write.code(record, patterns), self._nothing
        decoded = [(place, value.name, value.decode) for place, value in enumerate(given) if value.decode]
        decoded.reverse()  # what is left out moves those behind it

        def quick(line: str, event_id: str, stamp: Stamp) -> str | None:
            found = match(line)
            if found is None:
                return None
            texts: Sequence[str] = found.groups()
            if decoded:
                texts = list(texts)
                for place, name, decode in decoded:
                    said = decode(texts[place], stamp)
                    if name:
                        texts[place] = encode_basestring(said)[1:-1]
                    else:
                        del texts[place]
            return write(texts, event_id, stamp) if nothing.isdisjoint(texts) else None

        return quick


def _is_json(line: str, value: Value) -> bool:
    """Whether what is written of a value says the same in JSON, as it does of all that its pattern matches."""
    text = line[value.start : value.end]
    if re.fullmatch(value.pattern, text) is None:
        return False
    said = text if value.said is None else value.said
    try:
        return value.decode is not None or orjson.loads(f'"{text}"') == said
    except orjson.JSONDecodeError:
        return False


def _said(line: str, value: Value, stamp: Stamp) -> str:
    text = line[value.start : value.end]
    return value.decode(text, stamp) if value.decode else text if value.said is None else value.said
