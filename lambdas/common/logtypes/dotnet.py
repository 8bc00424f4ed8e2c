"""Text logs of .NET: the defaults of Serilog's console and file, of Microsoft's simple console, of NLog and of log4net.

Formats: Serilog wiki, "Formatting Output" (https://github.com/serilog/serilog/wiki/Formatting-Output); .NET documentation,
"Console log formatting"; NLog wiki, "SimpleLayout"; log4net manual, "PatternLayout".

A time without an offset is UTC, and a time without a date is the nearest to the arrival.
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.kinds import WHOLE
from common.learned_lines import LearnedLines, Value, as_it_is
from common.levels import judge, level_of
from common.logtype import NUMBER, JsonObject, LineType, Malformed, Stamp
from common.patterns import Formats
from common.stack_traces import DOTNET, take_out
from common.table import Table
from common.time_of_day import on_day
from common.usual_entry import written

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,7})?"
_SERILOG = r"(?P<level>VRB|DBG|INF|WRN|ERR|FTL)"
_MESSAGE = r"(?:\s(?P<message>.*))?"

_FORMATS = Formats(
    rf"\[(?P<clock>{_CLOCK}) {_SERILOG}\]{_MESSAGE}",
    rf"(?P<time>{_DATE}) \[{_SERILOG}\]{_MESSAGE}",
    # Microsoft's: category and number of the event, then the message in the next line, or in the same.
    rf"(?:(?:(?P<time>{_DATE})|(?P<clock>{_CLOCK})) ?)?(?P<level>trce|dbug|info|warn|fail|crit): "
    rf"(?P<logger>[\w.<>`+,]+)\[(?P<code>-?[0-9]+)\]{_MESSAGE}",
    rf"(?P<time>{_DATE})\|(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\|(?P<logger>[^|\n]*)(?:\|(?P<message>.*))?",
    rf"(?P<time>{_DATE}) \[(?P<thread>[0-9]+)\] (?P<level>DEBUG|INFO|WARN|ERROR|FATAL) +"
    rf"(?P<logger>[A-Z][\w.+`]*) -{_MESSAGE}",
)


#: Lines of an entry without an exception: the console's messages stand below their head.
_ENTRY_LINES = 2

recognise = _FORMATS.match
_whole = remembered(4_096)(WHOLE.read)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`event.code` is the number of a .NET event; the messages of Microsoft's console are taken without their indentation."""
    match = recognise(line)
    if match is None:
        raise Malformed("line: of no default format of Serilog, NLog, log4net or the .NET console")
    return parse_match(match, stamp)


def parse_match(match: re.Match[str], stamp: Stamp) -> JsonObject:
    return TABLE.event(_record(match, stamp), stamp)


def _record(match: re.Match[str], stamp: Stamp) -> JsonObject:
    record = _FORMATS.parts(match)
    if record.get("clock"):
        record["time"] = on_day(record.pop("clock"), stamp)
    if record.get("code") == "0":
        del record["code"]  # an event that was given no number
    if record["message"]:
        take_out(record, DOTNET)
        record["message"] = record["message"].strip()
    return record


@remembered(256)
def _level(word: object) -> str | None:
    """The console's `info` is the level Information."""
    return "information" if word == "info" else level_of(word)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of an entry; None for any other line."""
    return (line.count("\n") < _ENTRY_LINES and _LINES.quick(line, event_id, stamp)) or _by_parts(line, event_id, stamp)


def _by_parts(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """As `quick`, of any kind of line."""
    match = recognise(line)
    if match is None:
        return None
    try:
        record = _record(match, stamp)
    except Malformed:  # the table says it again
        return None
    others = ""
    if "thread" in record:
        thread = _whole(record["thread"])
        if thread is None:
            return None
        others = f',"process":{{"thread":{{"id":{thread}}}}}'
    return written("dotnet", record, _level(record["level"]), event_id, stamp, code=record.get("code", ""), others=others)


def _values(line: str, _: Stamp) -> list[Value] | None:
    """Those of an entry whose message is of one line."""
    match = recognise(line)
    if match is None:
        return None
    values: list[Value] = []
    for name, start, end in _FORMATS.spans(match):
        if name == "clock":
            values.append(Value("time", start, end, _CLOCK, decode=on_day))
        elif name == "logger":
            values.append(Value(name, start, end, _LOGGERS.get(line[end : end + 1], "")))
        elif name == "message":
            start = end - len(line[start:end].lstrip())
            values.append(Value(name, start, end, r"(?!\s)[^\n]++", decode=as_it_is))
        elif not (name == "code" and line[start:end] == "0"):
            values.append(Value(name, start, end, _PATTERNS.get(name, "")))
    return values


def _told(line: str) -> tuple[str, str, str]:
    """Whether a line begins with a date, a clock or a level, and what follows it."""
    return line[:1], line[4:5], line[23:25]


#: Of values of lines that are learnt; of loggers, by what follows them.
_PATTERNS = {
    "time": _DATE,
    "code": "-?[1-9][0-9]{0,17}",
    "thread": NUMBER,
}
_LOGGERS = {"[": r"[\w.<>`+,]++", "|": r'[^|"\\\x00-\x1f]++', " ": r"[A-Z][\w.+`]*+"}


def _split(line: str, stamp: Stamp) -> JsonObject:
    match = recognise(line)
    return {} if match is None else _record(match, stamp)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    judge(event)


TABLE = Table(
    {
        "time": "@timestamp",
        "level": "log.level",
        "logger": "log.logger",
        "code": "event.code",
        "thread": "process.thread.id",
        "message": "message",
        "error_type": "error.type",
        "error_message": "error.message",
        "stack_trace": "error.stack_trace",
    },
    rest="dotnet.other",
    read={"level": _level},
    complete=_complete,
)

_LINES = LearnedLines(TABLE.text_writer("dotnet", "level"), _told, _values, _split)

LOG_TYPE = LineType(
    name="dotnet",
    dataset="dotnet",
    title=".NET application log (Serilog, NLog, log4net, console)",
    page="https://github.com/serilog/serilog/wiki/Formatting-Output",
    arrival="An agent or CloudWatch Logs sends each entry, with the lines of its exception.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="[0123456789tdiwfc",
)
