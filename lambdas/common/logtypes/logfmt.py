"""logfmt: lines of key=value, as Go's loggers (logrus, go-kit, slog's text handler), Heroku, Grafana and many others write them.

Syntax: brandur.org, "logfmt" (https://brandur.org/logfmt), and the decoder of kr/logfmt: a value with a space is quoted, with
JSON's escapes inside; a key alone is a flag.

Others write keys and values too, such as the Linux audit system: a line is recognised that begins with a key and has a level,
and beside it a message or a time. For one with less the type must be named.
"""

from __future__ import annotations

import re

import orjson

from common.learned_lines import LearnedLines, Value
from common.levels import judge, level_of
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table

_BEGINNING = re.compile(r"(?!(?:node=\S* )?type=\S+ msg=audit\()[A-Za-z_@][\w.@/-]*=")
_LEVEL = re.compile(r"(?:^| )(?:level|lvl|severity|log\.level)=[^\s=]")
_TELLING = re.compile(r"(?:^| )(?:msg|message|time|ts|t|timestamp|@timestamp)=")
#: A key, and a value in quotes (perhaps cut off), or a bare one, or none.
_PAIR = re.compile(r'([^\s="]+)(?:=(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|$)|([^\s"]\S*)?))?(?:\s+|$)')
#: As nearly all are: with the escapes of JSON, and with nothing JSON would escape.
_TEXT, _BARE = r'[^"\\\x00-\x1f]*+(?:\\["\\/bfnrt][^"\\\x00-\x1f]*+)*+', r'(?!=)[^\s"\\\x00-\x1f]+'
_NUMBER = "[0-9]{1,9}"
_USUAL_PAIR = re.compile(rf'(?:^| )([^\s="]+)=(?:"({_TEXT})"|({_BARE})?)(?= |$)')
_AUDITED = ("node=", "type=")
_LEVELS = ("level", "lvl", "severity")
_ORIGINS = ("caller", "source")
#: Where they stay: no key has a space.
_REPEATED, _NO_PAIR, _LINE = "repeated pairs", "no pair", "line number"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def recognise(line: str) -> bool:
    return bool(_BEGINNING.match(line) and _LEVEL.search(line) and _TELLING.search(line))


def split(line: str) -> JsonObject:
    """The values by key. One whose key is taken already goes to a list, and what is no pair stays as it is.

    Raises Malformed for a line without any pair.
    """
    record: JsonObject = {}
    repeated: list[str] = []
    place = pairs = 0
    while place < len(line):
        found = _PAIR.match(line, place)
        if found is None:
            record[_NO_PAIR] = line[place:]
            break
        key, quoted, bare = found.groups()
        if quoted is not None:
            value: str | bool = _unquoted(quoted) if "\\" in quoted else quoted
        else:
            value = bare or ("=" not in found[0])
        pairs += "=" in found[0]
        if key in record:
            repeated.append(found[0].rstrip())
        elif value:
            record[key] = value
        place = found.end()
    if not pairs:
        raise Malformed("line: without key=value")
    if repeated:
        record[_REPEATED] = repeated
    _split_origin(record)
    return record


def _values(line: str, _: Stamp) -> list[Value] | None:
    """Those of a line in which each key has its sign."""
    if not recognise(line) or line.startswith(_AUDITED):
        return None
    values: list[Value] = []
    end = 0
    while end < len(line):
        found = _USUAL_PAIR.match(line, end)
        if found is None:
            return None
        key, text, bare = found.groups()
        end = found.end()
        if text:
            values.append(Value(key, *found.span(2), _TEXT, _unquoted(text)))
        elif bare and key in _ORIGINS:
            colon = line.rfind(":", 0, end)
            values += Value(key, found.start(3), colon, _BARE), Value(_LINE, colon + 1, end, _NUMBER)
        elif bare:
            values.append(Value(key, *found.span(3), _BARE))
    return values


def _told(line: str) -> tuple[str, int, int]:
    """The first key, and how many pairs and texts there are."""
    return line.partition("=")[0], line.count("="), line.count('"')


def _split_origin(record: JsonObject) -> None:
    """slog and go-kit write where the log was made as file:line."""
    for key in _ORIGINS:
        if key in record:
            name, colon, number = str(record[key]).rpartition(":")
            if colon and name and number.isascii() and number.isdigit() and len(number) < 10:
                record[key], record[_LINE] = name, number
            return


def _unquoted(text: str) -> str:
    """The escapes are JSON's; where they are not, every backslash stands for the character after it."""
    try:
        found: str = orjson.loads(f'"{text}"')
    except orjson.JSONDecodeError:
        return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text)
    return found


def _complete(event: JsonObject, rest: JsonObject) -> None:
    judge(event)


TABLE = Table(
    {
        **dict.fromkeys(("time", "ts", "t", "timestamp", "@timestamp"), "@timestamp"),
        **dict.fromkeys(_LEVELS, "log.level"),
        **dict.fromkeys(("msg", "message"), "message"),
        **dict.fromkeys(("logger", "component"), "log.logger"),
        **dict.fromkeys(_ORIGINS, "log.origin.file.name"),
        _LINE: "log.origin.file.line",
        **dict.fromkeys(("service", "app"), "service.name"),
        **dict.fromkeys(("trace_id", "traceID", "traceId"), "trace.id"),
        **dict.fromkeys(("span_id", "spanID", "spanId"), "span.id"),
        **dict.fromkeys(("err", "error"), "error.message"),
        "host": "host.name",
        "pid": "process.pid",
        "method": "http.request.method",
        "path": "url.path",
        "status": "http.response.status_code",
        "request_id": "http.request.id",
    },
    rest="logfmt.fields",
    read=dict.fromkeys(_LEVELS, level_of),
    complete=_complete,
)
_LINES = LearnedLines(TABLE.text_writer("logfmt", *_LEVELS), _told, _values, lambda line, _: split(line))

LOG_TYPE = LineType(
    name="logfmt",
    dataset="logfmt",
    title="logfmt application log",
    page="https://brandur.org/logfmt",
    arrival="An agent or CloudWatch Logs sends each line.",
    recognise=recognise,
    parse=TABLE.lines(split),
    quick=_LINES.quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_@",
)
