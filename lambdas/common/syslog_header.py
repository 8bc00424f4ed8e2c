"""What stands before the message of a syslog line: priority, time, host and program.

Formats: RFC 3164 section 4 (https://www.rfc-editor.org/rfc/rfc3164), RFC 5424 section 6 (https://www.rfc-editor.org/rfc/rfc5424),
and what rsyslog writes to files, which has no priority: the first of these, or with an ISO 8601 time in its place (rsyslog
documentation, "Templates", RSYSLOG_TraditionalFileFormat and RSYSLOG_FileFormat).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from common.logtype import JsonObject, Malformed
from common.timestamps import from_iso
from common.written_dates import MONTHS

_PRIORITY = "<([0-9]{1,2}|1[0-8][0-9]|19[01])>"  # facility times 8 plus severity, up to 23 and 7
MONTH_FIRST = r"[A-Z][a-z]{2} {1,2}[0-9]{1,2} (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_PROGRAM = r"[^\s:\[\]]{1,128}"

_OLD = re.compile(
    rf"(?:{_PRIORITY})?(?:({MONTH_FIRST}|{ISO})(?: |\Z))?"
    rf"(?:(\S++)(?<![:\]]) )?(?:({_PROGRAM})(?:\[([^\]\s]*)\])?:(?: |\Z))?(.*)",
    re.DOTALL,
)
#: Of a line that is cut off, what is there.
_NEW = re.compile(
    rf"(?:{_PRIORITY})?([1-9][0-9]{{0,2}}) ({ISO}|-)(?: (\S+)(?: (\S+)(?: (\S+)(?: (\S+)(?: (.*))?)?)?)?)?", re.DOTALL
)
#: Loggers that write an ISO 8601 time have the level where syslog has the host.
NO_LEVEL = r"(?!(?i:trace|debug|info|notice|warn|warning|error|fatal|critical|severe)\b)"
_BEGINNING = re.compile(
    rf"{_PRIORITY}|{MONTH_FIRST}(?: |\Z)|1 {ISO} \S+ \S+ \S+ \S+ [-\[]"
    rf"|{ISO} {NO_LEVEL}[A-Za-z0-9][\w.:-]* {_PROGRAM}(?:\[[0-9]+\])?:(?: |\Z)"
)
_NAME = r"[^\s=\]\"]{1,32}"
_VALUE = r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\""
#: Structured data: elements of an id and parameters.
DATA = rf"(?:\[{_NAME}(?: {_NAME}={_VALUE})*+\])++"
_DATA = re.compile(DATA)
_PIECE = re.compile(rf"\[({_NAME})| ({_NAME})=\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"")
_ESCAPED = re.compile(r"\\([\"\\\]])")
_MONTH_FIRST_PARTS = re.compile(r"([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) (?:([0-9]{4}) )?([0-9:]{8}(?:\.[0-9]+)?)")

#: The characters a syslog line begins with: a priority, a version or a year, a month.
BEGINS = "<12JFMASOND"
#: log.level of a severity code.
LEVELS = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")


class Header(NamedTuple):
    """A line taken apart. What it does not tell is None."""

    priority: str | None
    time: str | None
    host: str | None
    program: str | None
    process: str | None
    message_id: str | None
    data: str
    """The structured data as it stands, and empty in a line that is not of RFC 5424."""
    message: str
    version: str | None


@lru_cache(maxsize=4)  # those who ask whether a line is theirs, and its parser, ask one after the other
def header(line: str) -> Header | None:
    """The header of a line that begins as syslog does; None for any other."""
    if _BEGINNING.match(line) is None:
        return None
    match = _NEW.fullmatch(line)
    if match is None:
        return _old(line)
    priority, version, time, host, program, process, message_id, rest = match.groups()
    rest = rest or "-"
    end = _end_of_data(rest)
    message = rest[end:].removeprefix(" ").removeprefix("\ufeff")
    return Header(
        *(priority, _said(time), _said(host), _said(program), _said(process), _said(message_id)),
        *("" if rest[:end] == "-" else rest[:end], message, version),
    )


def _old(line: str) -> Header:
    match = _OLD.fullmatch(line)
    if match is None:
        raise AssertionError("every part of the pattern may be absent")
    priority, time, host, program, process, message = match.groups()
    if time is None:  # RFC 3164 section 4.3.3: what follows is all message
        return Header(priority, None, None, None, None, None, "", line[line.index(">") + 1 :], None)
    return Header(priority, time, host, program, process, None, "", message, None)


def _said(value: str | None) -> str | None:
    return None if value == "-" else value


def _end_of_data(text: str) -> int:
    if text.startswith("-"):
        return 1
    match = _DATA.match(text)
    return 0 if match is None else match.end()


def structured_data(text: str) -> JsonObject:
    """Names and values by the element's id; a name that an element has more than once, which it may, has a list."""
    elements: JsonObject = {}
    values: JsonObject = {}
    for element, name, value in _PIECE.findall(text):
        if element:
            values = elements.setdefault(element, {})  # an id that stands there twice, against the rules, loses nothing
            continue
        value = _ESCAPED.sub(r"\1", value) if "\\" in value else value
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return elements


def header_fields(found: Header, near: str) -> JsonObject:
    """The header under the names the tables of syslog's types know; what stands for nothing is left out.

    `near` is the event's time if the line had none: a time without a year is the last such before the day after it, because the
    host may be in any time zone. A time without an offset is taken as UTC. Raises Malformed for a time that is none.
    """
    fields: JsonObject = {"host": found.host, "program": found.program, "message_id": found.message_id}
    if found.version != "1":  # there is one version to this day: only another says something
        fields["version"] = found.version
    if found.data:
        fields["structured_data"] = structured_data(found.data)
    if found.priority is not None:
        number = int(found.priority)
        fields |= {"facility": number >> 3, "severity": number & 7, "level": LEVELS[number & 7]}
    if found.time is not None:
        fields["time"] = instant(found.time, near[:10])
    if found.process:
        fields["pid" if found.process.isdigit() else "process"] = found.process
    return fields


@lru_cache(maxsize=4_096)  # the lines of a batch share few seconds
def instant(text: str, near: str) -> str:
    """The time of a header as ISO 8601 in UTC; `near` is a day, for a time without a year. Raises Malformed."""
    match = _MONTH_FIRST_PARTS.fullmatch(text)
    try:
        if match is None:
            return from_iso(text)
        month, day, written, clock = match.groups()
        if month not in MONTHS:
            raise ValueError
        if written:
            return from_iso(f"{written}-{MONTHS[month]}-{day:0>2}T{clock}")
        return _latest(f"-{MONTHS[month]}-{day:0>2}T{clock}", near)
    except ValueError:
        raise Malformed(f"time: {text[:60]!r} is no point in time") from None


def _latest(rest: str, near: str) -> str:
    """In the last year in which this is not after the day that follows `near`."""
    year, last = int(near[:4]), _day_after(near)
    for candidate in range(min(year + 1, 9999), max(year - 9, 0), -1):  # 29 February may be eight years away
        try:
            found = from_iso(f"{candidate:04}{rest}")
        except ValueError:
            continue
        if found[:10] <= last:
            return found
    raise ValueError


@lru_cache(maxsize=16)
def _day_after(day: str) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except OverflowError:
        return day
