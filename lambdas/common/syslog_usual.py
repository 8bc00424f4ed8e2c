"""Syslog lines as nearly all are, taken apart for the quick parsers of syslog's types.

Every value in them but the message is of characters that JSON has as they are, so that the event is put together as text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from common.logtype import NUMBER, Malformed
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
    """A line taken apart. What it does not tell is None, and empty where it is JSON."""

    time: str
    """ISO 8601 in UTC."""
    priority: str | None
    host: str
    """JSON, with a comma behind it."""
    program: str | None
    process: str
    """As `host`: `program` and its process id."""
    message_id: str | None
    data: str | None
    """Structured data as it stands."""
    message: str


@lru_cache(maxsize=4)  # as common.syslog_header.header
def usual(line: str, near: str) -> Usual | None:
    """`line` taken apart; None for a line that is unusual, or none of syslog's; `near` as in header_fields."""
    process: str | None
    message_id = data = None
    if match := _OLD.match(line):
        priority, time, host, program, process = match.groups()
    elif match := _NEW.match(line):
        priority, time, host, program, process, message_id, data = match.groups()
    elif match := _BARE.match(line):
        priority = match[1]
        time = host = program = process = None
    else:
        return None
    message = line[match.end() :]
    if not message:
        return None
    try:
        time = near if time is None else instant(time, near[:10])
    except Malformed:
        return None
    named = "" if host is None else f'"host":{{"name":"{host}"}},'
    if process is None:
        process = "" if program is None else f'"process":{{"name":"{program}"}},'
    else:
        process = f'"process":{{"pid":{process}}},' if program is None else f'"process":{{"name":"{program}","pid":{process}}},'
    return Usual(time, priority, named, program, process, message_id, data, message)


def _of_priority(priority: int) -> str:
    return f'"log":{{"syslog":{{"facility":{{"code":{priority >> 3}}},"severity":{{"code":{priority & 7}}}}}'


#: The field `log` by priority.
LOG: dict[str | None, str] = {
    None: "",
    **{str(found): f'{_of_priority(found)},"level":"{LEVELS[found & 7]}"}},' for found in range(192)},
}
