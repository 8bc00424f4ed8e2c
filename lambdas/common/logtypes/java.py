"""Text logs of Java: the common patterns of Logback, Log4j 2 and java.util.logging, with the stack trace after the message.

Patterns: Logback manual, "Layouts" (https://logback.qos.ch/manual/layouts.html); Log4j 2 manual, "Pattern Layout"; Spring Boot
reference, "Log Format"; Quarkus guide, "Logging"; java.util.logging.SimpleFormatter; Tomcat's OneLineFormatter; and the pattern
of Hadoop and Spark, "%d %p %c: %m%n".

A time without an offset is UTC, and a time without a date is the nearest to the arrival. Patterns are free, so only those that
no other language's loggers write are recognised; for a pattern of the same parts the type may be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from common.cache import remembered
from common.json_text import quoted
from common.kinds import WHOLE
from common.learned_lines import LearnedLines, Value, as_it_is
from common.levels import judge, level_of
from common.logtype import NUMBER, JsonObject, LineType, Malformed, Stamp
from common.patterns import Formats
from common.stack_traces import JAVA, take_out
from common.table import Table
from common.time_of_day import on_day
from common.usual_entry import written
from common.written_dates import MONTHS

_LEVEL = r"(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"
_JUL_LEVEL = r"(?P<level>SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3}"
_TIME = rf"(?:(?P<time>{_DATE})|(?P<clock>{_CLOCK}))"
#: Threads of Python are MainThread; log4net writes the number of a thread before a logger that begins with a capital.
_THREAD = r"\[(?!MainThread)(?![0-9]+\] +[A-Z]+ +[A-Z])(?P<thread>[^\]\n]*)\]"
_MESSAGE = r"(?P<message>.*)"
#: Of a class. Modules of other languages end in a small letter.
_CLASS = r"(?P<logger>(?:[a-z_][\w$]*\.)+[A-Z][\w$]*)"

_LOGGER = rf"(?P<logger>[\w.$]+)(?: +-| *:)(?:\s{_MESSAGE})?"

_FORMATS = Formats(
    # Logback's and Log4j's defaults, and the level before the thread.
    rf"{_TIME} +{_THREAD} +{_LEVEL} +{_LOGGER}",
    rf"{_TIME} +{_LEVEL} +{_THREAD} +{_LOGGER}",
    # Spring Boot: process, and in brackets the application, the thread and the trace.
    rf"(?P<time>{_DATE}) +{_LEVEL} (?P<pid>[0-9]+) ---(?: (?P<brackets>(?:\[[^\]\n]*\] ?)+))?"
    rf"(?:(?P<logger>[\w.$\[\]/-]+) *:(?:\s{_MESSAGE})?)?",
    # Quarkus and WildFly.
    rf"{_TIME} +{_LEVEL} +\[(?P<logger>[\w.$-]+)\] \((?P<thread>[^)\n]*)\)(?:\s{_MESSAGE})?",
    # Hadoop, and Spark with a short date.
    rf"(?P<time>{_DATE}) {_LEVEL} +{_CLASS}:(?:\s{_MESSAGE})?",
    rf"(?P<short>[0-9]{{2}}/[0-9]{{2}}/[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}) {_LEVEL} "
    rf"(?P<logger>[\w.$]+):(?:\s{_MESSAGE})?",
    # Tomcat.
    rf"(?P<tomcat>[0-9]{{2}}-[A-Z][a-z]{{2}}-[0-9]{{4}} {_CLOCK}) {_JUL_LEVEL} \[(?P<thread>[^\]\n]*)\] "
    rf"(?P<logger>[\w.$<>]+)(?:\s{_MESSAGE})?",
    # java.util.logging: the second line begins with the level. Newer releases have a narrow space before AM.
    r"(?P<jul>[A-Z][a-z]{2} [0-9]{2}, [0-9]{4} (?:0?[1-9]|1[0-2]):[0-9]{2}:[0-9]{2}[ \u202f][AP]M) (?P<logger>[\w.$]+)"
    rf"(?: (?P<function>[\w$<>]+))?(?:\s+{_JUL_LEVEL}: {_MESSAGE})?",
    r'Exception in thread "(?P<thread>[^"\n]*)" (?P<message>[\w$.]+.*)',
)
_BRACKET = re.compile(r"\[ *([^\]]*?) *\]")
_TRACE = re.compile(r"([0-9a-f]{16,32})-([0-9a-f]{16})")


recognise = _FORMATS.match
_level = remembered(256)(level_of)
_whole = remembered(4_096)(WHOLE.read)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`error` is what was thrown, of which `error.stack_trace` is the whole text."""
    match = recognise(line)
    if match is None:
        raise Malformed("line: of no pattern of Logback, Log4j or java.util.logging that is known")
    return parse_match(match, stamp)


def parse_match(match: re.Match[str], stamp: Stamp) -> JsonObject:
    return TABLE.event(_record(match, stamp), stamp)


def _record(match: re.Match[str], stamp: Stamp) -> JsonObject:
    record = _FORMATS.parts(match)
    if record.get("clock"):
        record["time"] = on_day(record.pop("clock"), stamp)
    elif "time" not in record:
        _settle_time(record)
    if record.get("brackets"):
        _read_brackets(record)
    if record["message"]:
        take_out(record, JAVA)
    return record


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of an entry with a level; None for any other."""
    return ("\n" not in line and _LINES.quick(line, event_id, stamp)) or _by_parts(line, event_id, stamp)


def _by_parts(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """As `quick`, of any kind of line."""
    match = recognise(line)
    if match is None:
        return None
    try:
        record = _record(match, stamp)
    except Malformed:  # the table says it again
        return None
    level = record.get("level")
    if level is None or "extra" in record:
        return None
    process = origin = others = ""
    if "pid" in record:
        number = _whole(record["pid"])
        if number is None:
            return None
        process = f',"pid":{number}'
    if "thread" in record:
        thread = _thread_of(record["thread"])
        if thread is None:
            return None
        process += f',"thread":{{"name":{quoted(thread)}}}'
    if process:
        others = f',"process":{{{process[1:]}}}'
    if "trace" in record:
        others += f',"trace":{{"id":"{record["trace"]}"}},"span":{{"id":"{record["span"]}"}}'
    if record.get("service"):
        others += f',"service":{{"name":{quoted(record["service"])}}}'
    if record.get("function"):
        origin = f',"origin":{{"function":{quoted(record["function"])}}}'
    return written("java", record, _level(level), event_id, stamp, origin=origin, others=others)


def _settle_time(record: JsonObject) -> None:
    for name in _TIMES.keys() & record:
        record["time"] = _TIMES[name](record.pop(name))


def _tomcat(time: str) -> str:
    return f"{time[7:11]}-{MONTHS.get(time[3:6], time[3:6])}-{time[:2]}T{time[12:]}"


def _jul(time: str) -> str:
    month, day, year, clock = time[:3], time[4:6], time[8:12], time[13:-3]
    hour, _, rest = clock.partition(":")
    return f"{year}-{MONTHS.get(month, month)}-{day}T{int(hour) % 12 + (12 if time[-2] == 'P' else 0):02}:{rest}"


def _short(time: str) -> str:
    return f"20{time[:8].replace('/', '-')}T{time[9:]}"


#: By group of the patterns: its time in ISO 8601, or what is refused as none.
_TIMES = {"tomcat": _tomcat, "jul": _jul, "short": _short}


def _read_brackets(record: JsonObject) -> None:
    """Spring Boot's, of which the last may be trace and span, and the first the application."""
    found = _BRACKET.findall(record.pop("brackets"))
    traced = _TRACE.fullmatch(found[-1]) if found else None
    if traced is not None:
        found.pop()
        record["trace"], record["span"] = traced.groups()
    if found:
        record["thread"] = found.pop()
    if found:
        record["service"] = found.pop(0)
    if found:
        record["extra"] = found


def _values(line: str, _: Stamp) -> list[Value] | None:
    """Those of an entry of one line with a time."""
    match = recognise(line)
    values: list[Value] = []
    if match is None or "\n" in line:
        return None
    for name, start, end in _FORMATS.spans(match):
        if name == "clock":
            values.append(Value("time", start, end, _CLOCK, decode=on_day))
        elif name in _TIMES:
            values.append(Value("time", start, end, _WRITTEN.get(name, ""), decode=_decode_time(name)))
        elif name == "brackets":
            values += _bracket_values(line, start, end)
        elif name == "logger" and line[end:].lstrip(" ")[:1] == ":":  # in a column
            padded = line.index(":", end)
            pattern = _CLASS_NAME if padded == end and line[2:3] != "/" else r"[\w.$]++ *+"
            values.append(Value(name, start, padded, pattern, decode=_strip))
        elif name == "message":
            values.append(Value(name, start, end, "[^\n]++", decode=as_it_is))
        else:
            values.append(Value(name, start, end, _PATTERNS.get(name, "")))
    return values if values and values[0].name == "time" else None


def _bracket_values(line: str, start: int, end: int) -> Iterator[Value]:
    """As _read_brackets: up to three, as Spring Boot has them."""
    found = list(_BRACKET.finditer(line, start, end))
    traced = _TRACE.fullmatch(line, *found[-1].span(1))
    others = found[:-1] if traced else found
    names = ("thread",) if len(others) == 1 else ("service", "thread")
    for name, match in zip(names, others, strict=False):
        yield Value(name, match.start() + 1, line.index("]", match.start()), _IN_BRACKETS, decode=_strip)
    if traced:
        yield Value("trace", *traced.span(1), "[0-9a-f]{16,32}")
        yield Value("span", *traced.span(2), "[0-9a-f]{16}")


def _decode_time(name: str) -> Callable[[str, Stamp], str]:
    return lambda text, _: _TIMES[name](text)


def _strip(text: str, _: Stamp) -> str:
    return text.strip(" ")


def _told(line: str) -> tuple[str, str, str]:
    """Whether a line begins with a date or a clock, and what follows it."""
    return line[2:3], line[4:5], line[23:25]


#: Of values of lines that are learnt. What may be a trace is none of the others.
_CLASS_NAME = r"(?:[a-z_][\w$]*\.)+[A-Z][\w$]*+"
_IN_BRACKETS = r'(?! *[0-9a-f]{16,32}-[0-9a-f]{16} *\])[^\]"\\\x00-\x1f]*+'
_PATTERNS = {
    "time": _DATE,
    "thread": r'(?!MainThread)(?![0-9]+\] +[A-Z]+ +[A-Z])[^\])"\\\x00-\x1f]++',
    "logger": r"[\w.$]++",
    "pid": NUMBER,
}
_WRITTEN = {"short": r"[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9:]{8}", "tomcat": rf"[0-9]{{2}}-[A-Z][a-z]{{2}}-[0-9]{{4}} {_CLOCK}"}


@remembered(4_096)
def _thread_of(name: str) -> str | None:
    return name.strip() or None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    judge(event)


TABLE = Table(
    {
        "time": "@timestamp",
        "level": "log.level",
        "logger": "log.logger",
        "function": "log.origin.function",
        "thread": "process.thread.name",
        "pid": "process.pid",
        "service": "service.name",
        "trace": "trace.id",
        "span": "span.id",
        "message": "message",
        "error_type": "error.type",
        "error_message": "error.message",
        "stack_trace": "error.stack_trace",
    },
    rest="java.other",
    read={"level": _level, "thread": _thread_of},
    complete=_complete,
)


def _split(line: str, stamp: Stamp) -> JsonObject:
    match = recognise(line)
    return {} if match is None else _record(match, stamp)


_LINES = LearnedLines(TABLE.text_writer("java", "level"), _told, _values, _split, frozenset(("",)))

LOG_TYPE = LineType(
    name="java",
    dataset="java",
    title="Java application log (Logback, Log4j, java.util.logging)",
    page="https://logback.qos.ch/manual/layouts.html",
    arrival="An agent or CloudWatch Logs sends each entry, with the lines of its stack trace.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789JFMASONDE",
)
