"""Filter criteria: which records of a stream a function is invoked with.

Sources in the Lambda developer guide: "Control which events Lambda sends to your function" (rule syntax, number of filters) and
"Using event filtering with a Kinesis event source" (only the key `data`, and what becomes of data that is not JSON); in its API
reference, "Filter" (length of a pattern). The syntax is EventBridge's ("Comparison operators for use in event patterns"), of
which Lambda lists the operators below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

#: Filters of one mapping (a quota that AWS raises to 10 on request), and characters of one pattern.
MOST_FILTERS = 5
MOST_CHARACTERS = 4_096

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}

Test = Callable[[Any], bool]
"""Whether a field matches; takes its decoded JSON value, or _ABSENT."""


class InvalidFilter(ValueError):
    """A pattern that Lambda refuses when the mapping is created."""


class _Number(str):
    """A number as it is written: 300, 300.0 and 3.0e2 are not equal."""

    __slots__ = ()


_ABSENT = object()
"""The value of a field that is not there."""


class Filters:
    """The filters of one mapping: a record is for the function when any of them matches, or when there are none."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """`patterns` are JSON texts such as `{"data": {"level": ["ERROR"]}}`. Raises InvalidFilter."""
        if len(patterns) > MOST_FILTERS:
            raise InvalidFilter(f"{len(patterns)} filters, Lambda takes {MOST_FILTERS} unless the account's quota is raised")
        self._tests = [_parse(pattern) for pattern in patterns]

    def match(self, data: bytes) -> bool:
        """Whether the function gets a record with this data. Data that is not JSON matches no filter."""
        if not self._tests:
            return True
        try:
            body = {"data": _decode(data)}
            return any(test(body) for test in self._tests)
        except (ValueError, RecursionError):  # not JSON, or nested deeper than any parser follows
            return False


def _decode(text: str | bytes) -> Any:
    return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_refuse_constant)


def _refuse_constant(text: str) -> NoReturn:
    """Python's parser takes NaN and Infinity, which are not JSON."""
    raise ValueError(f"{text} is not JSON")


def _parse(pattern: str) -> Test:
    if len(pattern) > MOST_CHARACTERS:
        raise InvalidFilter(f"a pattern of {len(pattern)} characters, Lambda takes {MOST_CHARACTERS}: {pattern[:60]}…")
    try:
        decoded = _decode(pattern)
    except (ValueError, RecursionError) as error:
        raise InvalidFilter(f"pattern {pattern} is not JSON: {error}") from error
    try:
        _only_data(decoded)
        return _object(decoded)
    except InvalidFilter as error:
        raise InvalidFilter(f"pattern {pattern}: {error}") from error


def _only_data(pattern: Any) -> None:
    if not isinstance(pattern, dict):
        raise InvalidFilter("not a JSON object")
    for name, part in pattern.items():
        if name == "$or":
            for alternative in part if isinstance(part, list) else ():
                _only_data(alternative)
        elif name != "data":
            raise InvalidFilter(f"{name}: a Kinesis mapping filters on the key data alone")
        elif not isinstance(part, dict):
            raise InvalidFilter("data: a Kinesis mapping filters JSON, so this must be an object of fields and their rules")


def _object(pattern: Any) -> Test:
    """All fields of a pattern match."""
    if not isinstance(pattern, dict) or not pattern:
        raise InvalidFilter("empty, or not an object of fields and their rules")
    fields: list[tuple[str, Test]] = []
    alternatives: list[Test] = []
    for name, part in pattern.items():
        if name == "$or":
            if not isinstance(part, list) or len(part) < 2:
                raise InvalidFilter("$or: not a list of at least two patterns")
            alternatives = [_object(alternative) for alternative in part]
        elif isinstance(part, dict):
            fields.append((name, _object(part)))
        elif isinstance(part, list) and part:
            fields.append((name, _any_of([_rule(name, rule) for rule in part])))
        else:
            raise InvalidFilter(f"{name}: neither an object nor a list of rules with one at least")

    def one(value: dict[str, Any]) -> bool:
        return all(test(value.get(name, _ABSENT)) for name, test in fields) and (
            not alternatives or any(test(value) for test in alternatives)
        )

    def test(value: Any) -> bool:
        if isinstance(value, dict):
            return one(value)
        objects = [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
        # Where there is no object its fields are absent, which a rule may ask for.
        return any(one(part) for part in objects or ({},))

    return test


def _any_of(rules: list[Test]) -> Test:
    """Any rule matches any value of the field."""

    def test(value: Any) -> bool:
        return any(rule(leaf) for leaf in _leaves(value) or [_ABSENT] for rule in rules)

    return test


def _leaves(value: Any) -> list[Any]:
    """The values of a field: itself, those in its array, none where it is an object. Rules see leaves only."""
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [] if isinstance(value, dict) or value is _ABSENT else [value]


def _rule(name: str, rule: Any) -> Test:
    if not isinstance(rule, dict):
        if isinstance(rule, list):
            raise InvalidFilter(f"{name}: a list within a list of rules")
        return lambda value: _equal(value, rule)
    if len(rule) != 1:
        raise InvalidFilter(f"{name}: a rule has one operator, not {len(rule)}")
    ((operator, operand),) = rule.items()
    make = _OPERATORS.get(operator)
    if make is None:
        raise InvalidFilter(f"{name}: unknown operator {operator}; Lambda knows {', '.join(_OPERATORS)}")
    try:
        return make(operand)
    except InvalidFilter as error:
        raise InvalidFilter(f"{name}: {operator}: {error}") from error


def _equal(value: Any, wanted: Any) -> bool:
    """The number 300 is not the string "300"."""
    return type(value) is type(wanted) and bool(value == wanted)


def _anything_but(operand: Any) -> Test:
    unwanted = operand if isinstance(operand, list) else [operand]
    if not unwanted or not all(isinstance(value, str) for value in unwanted):
        raise InvalidFilter("not a string, a number, or a list of them")
    return lambda value: value is not _ABSENT and not any(_equal(value, one) for one in unwanted)


def _numeric(operand: Any) -> Test:
    bounds = list(_pairs(operand)) if isinstance(operand, list) and len(operand) in (2, 4) else []
    if not bounds or (len(bounds) == 2 and {sign[0] for sign, _ in bounds} != {"<", ">"}):
        raise InvalidFilter('neither a comparison such as ["=", 100] nor a range such as [">", 10, "<=", 20]')

    def test(value: Any) -> bool:
        return isinstance(value, _Number) and all(_COMPARISONS[sign](float(value), bound) for sign, bound in bounds)

    return test


def _pairs(operand: Iterable[Any]) -> Iterator[tuple[str, float]]:
    parts = iter(operand)
    for sign, bound in zip(parts, parts, strict=True):
        if not isinstance(sign, str) or sign not in _COMPARISONS or not isinstance(bound, _Number):
            raise InvalidFilter(f"{sign} {bound}: not one of {' '.join(_COMPARISONS)} with a number")
        yield sign, float(bound)


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise InvalidFilter("neither true nor false")
    return lambda value: (value is not _ABSENT) is operand


def _text(matches: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """An operator on strings."""

    def make(operand: Any) -> Test:
        if type(operand) is not str:
            raise InvalidFilter("not a string")
        return lambda value: type(value) is str and matches(value, operand)

    return make


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "prefix": _text(str.startswith),
    "suffix": _text(str.endswith),
    "equals-ignore-case": _text(lambda value, wanted: value.lower() == wanted.lower()),
}
