"""Syslog lines as nearly all are, taken apart for the quick parsers of syslog's types.

Every value in them but the message is of characters that JSON has as they are, so that the event is put together as text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from common.learned_lines import Value
from common.logtype import NUMBER, Malformed, Stamp
from common.syslog_header import DATA, ISO, LEVELS, MONTH_FIRST, NO_LEVEL, instant

_PRIORITY = "<([1-9]?[0-9]|1[0-8][0-9]|19[01])>"
_HOST, _PROGRAM = r"[A-Za-z0-9][\w.-]*+", r"[\w/(][\w./()@+-]{0,127}+"
#: Without a program only behind a priority, as network devices write it.
_OLD = re.compile(
    rf"(?:{_PRIORITY})?({MONTH_FIRST}|{ISO}) {NO_LEVEL}({_HOST}) (?:({_PROGRAM})(?:\[({NUMBER})\])?: |(?(1)(?=: )|(?!)))"
)
_NEW = re.compile(
    rf"(?:{_PRIORITY})?1 (?:({ISO})|(?(1)-|(?!))) (?:-|({_HOST})) (?:-|({_PROGRAM})) (?:-|({NUMBER})) (?:-|([A-Za-z0-9_.]++)) "
    rf"(?:-|({DATA})) \ufeff?"
)
#: A message alone.
_BARE = re.compile(rf"{_PRIORITY}(?![A-Z0-9])")


class Usual(NamedTuple):
    """A line taken apart. What it does not tell is None."""

    time: str
    """ISO 8601 in UTC."""
    priority: str | None
    host: str | None
    program: str | None
    pid: str | None
    message_id: str | None
    data: str | None
    """Structured data as it stands."""
    message: str


@lru_cache(maxsize=4)  # as common.syslog_header.header
def usual(line: str, near: str) -> Usual | None:
    """`line` taken apart; None for a line that is unusual, or none of syslog's; `near` as in header_fields."""
    message_id = data = None
    if match := _OLD.match(line):
        priority, time, host, program, pid = match.groups()
    elif match := _NEW.match(line):
        priority, time, host, program, pid, message_id, data = match.groups()
    elif match := _BARE.match(line):
        priority = match[1]
        time = host = program = pid = None
    else:
        return None
    message = line[match.end() :]
    if not message:
        return None
    try:
        time = near if time is None else instant(time, near[:10])
    except Malformed:
        return None
    return Usual(time, priority, host, program, pid, message_id, data, message)


def header_values(line: str) -> tuple[list[Value], int] | None:
    """Those before the message of a line that has a time and no structured data, and where the message begins."""
    match = _OLD.match(line) or _NEW.match(line)
    if match is None or match[2] is None:
        return None
    values: list[Value] = []
    if match[1]:
        values += (Value(name, 0, 0, said=said) for name, said in zip(("facility", "severity"), _CODES[match[1]], strict=True))
    values.append(Value("time", *match.span(2), MONTH_FIRST if match[2][0].isalpha() else ISO, decode=_decoded_time))
    for place, name, pattern in ((3, "host", NO_LEVEL + _HOST), (4, "program", _PROGRAM), (5, "pid", NUMBER)):
        if match[place] is not None:
            values.append(Value(name, *match.span(place), pattern))
    return values, match.end()


def _decoded_time(text: str, stamp: Stamp) -> str:
    return instant(text, stamp.time[:10])


def record_of(found: Usual) -> dict[str, str]:
    """What stands before the message and is no data, under the names the tables of syslog's types know."""
    record = {"time": found.time}
    if found.priority is not None:
        record["facility"], record["severity"] = _CODES[found.priority]
    if found.host is not None:
        record["host"] = found.host
    if found.program is not None:
        record["program"] = found.program
    if found.pid is not None:
        record["pid"] = found.pid
    return record


def members(found: Usual) -> str:
    """JSON of the host and the process, each with a comma behind it."""
    _, _, host, program, pid, *_ = found
    named = "" if host is None else f'"host":{{"name":"{host}"}},'
    if pid is None:
        return named if program is None else f'{named}"process":{{"name":"{program}"}},'
    told = "" if program is None else f'"name":"{program}",'
    return f'{named}"process":{{{told}"pid":{pid}}},'


def _of_priority(priority: int) -> str:
    return f'"log":{{"syslog":{{"facility":{{"code":{priority >> 3}}},"severity":{{"code":{priority & 7}}}}}'


#: Facility and severity by priority.
_CODES = {str(found): (str(found >> 3), str(found & 7)) for found in range(192)}
#: The field `log` by priority.
LOG: dict[str | None, str] = {
    None: "",
    **{str(found): f'{_of_priority(found)},"level":"{LEVELS[found & 7]}"}},' for found in range(192)},
}
