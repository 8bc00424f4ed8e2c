"""logfmt: lines of key=value, as Go's loggers (logrus, go-kit, slog's text handler), Heroku, Grafana and many others write them.

Syntax: brandur.org, "logfmt" (https://brandur.org/logfmt), and the decoder of kr/logfmt: a value with a space is quoted, with
JSON's escapes inside; a key alone is a flag.

Others write keys and values too, such as the Linux audit system: a line is recognised that begins with a key and has a level,
and beside it a message or a time. For one with less the type must be named.
"""

from __future__ import annotations

import re

import orjson

from common.levels import judge, level_of
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_BEGINNING = re.compile(r"(?!(?:node=\S* )?type=\S+ msg=audit\()[A-Za-z_@][\w.@/-]*=")
_LEVEL = re.compile(r"(?:^| )(?:level|lvl|severity|log\.level)=[^\s=]")
_TELLING = re.compile(r"(?:^| )(?:msg|message|time|ts|t|timestamp|@timestamp)=")
#: A key, and a value in quotes (perhaps cut off), or a bare one, or none.
_PAIR = re.compile(r'([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^\s"]\S*)?))?(?:\s+|$)')
#: Where they stay: no key has a space.
_REPEATED, _NO_PAIR = "repeated pairs", "no pair"
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
    return record


def _unquoted(text: str) -> str:
    """The escapes are JSON's; where they are not, every backslash stands for the character after it."""
    try:
        found: str = orjson.loads(f'"{text}"')
    except orjson.JSONDecodeError:
        return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text)
    return found


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """slog and go-kit write where the log was made as file:line."""
    judge(event)
    origin = event.get("log", {}).get("origin", {}).get("file", {})
    name, colon, number = origin.get("name", "").rpartition(":")
    if colon and number.isascii() and number.isdigit() and len(number) < 10:
        origin |= {"name": name, "line": int(number)}


TABLE = Table(
    {
        **dict.fromkeys(("time", "ts", "t", "timestamp", "@timestamp"), "@timestamp"),
        **dict.fromkeys(("level", "lvl", "severity"), "log.level"),
        **dict.fromkeys(("msg", "message"), "message"),
        **dict.fromkeys(("logger", "component"), "log.logger"),
        **dict.fromkeys(("caller", "source"), "log.origin.file.name"),
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
    constants={"event.kind": "event"},
    read=dict.fromkeys(("level", "lvl", "severity"), level_of),
    complete=_complete,
)

LOG_TYPE = LineType(
    name="logfmt",
    dataset="logfmt",
    title="logfmt application log",
    page="https://brandur.org/logfmt",
    arrival="An agent or CloudWatch Logs sends each line.",
    recognise=recognise,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_@",
)
