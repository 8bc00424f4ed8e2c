"""HAProxy's log lines, in its HTTP and TCP formats, with the syslog header or without it.

Formats: HAProxy configuration manual, 8.2 "Log formats"
(https://docs.haproxy.org/3.0/configuration.html#8.2). `@timestamp` is when the connection or request was accepted; the manual
writes it without an offset, and it is taken as UTC. What HAProxy tells of itself, such as a server that is down, is in `message`.
"""

from __future__ import annotations

import re
from string import digits

from common.cache import remembered
from common.common_log import request_line, request_time
from common.kinds import WHOLE, WORD
from common.learned_lines import LearnedLines, Value, said_by_all
from common.logtype import NUMBER, PORT, JsonObject, LineType, Malformed, Stamp
from common.syslog_header import BEGINS, Header, header, header_fields
from common.syslog_senders import begins_as_haproxy, is_haproxy
from common.syslog_usual import header_values, record_of, usual
from common.table import Table

#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
_FAILURE = 400
#: A time that was not reached.
_NOT_REACHED = "-1"
_NO_BACKEND = "<NOSRV>"
#: Values of lines that are learnt.
_ADDRESS, _NAME = "[0-9a-fA-F.:]+", r'[^\s"\\/:\x00-\x1f]++'
_ACCEPTED_AT = r"[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8}\.[0-9]{3}"
_PATH, _QUERY = r'[^\s?"\\\x00-\x1f]++', r'[^\s"\\\x00-\x1f]++'
#: Of other values than numbers; cookies, and what is no request, are of a kind where they are the same.
_PATTERNS = {
    **{"connections": "[0-9/+]++", "queues": "[0-9]++/[0-9]++", "extra": r'[^"\\{\x00-\x1f]++'},
    **dict.fromkeys(("request_headers", "response_headers"), r'[^}"\\\x00-\x1f]++'),
    **dict.fromkeys(("request_cookie", "response_cookie"), r'[^\s"\\{}\x00-\x1f]++'),
}

_ACCEPTED = re.compile(r"(\S+) \[([^\]]+)\](?: (\S+))?(?: (\S+)/(\S+))?(?: (.*))?", re.DOTALL)
_HTTP = re.compile(
    r"(-?[0-9]+)/(-?[0-9]+)/(-?[0-9]+)/(-?[0-9]+)/\+?(-?[0-9]+) (-?[0-9]+) \+?([0-9]+)(?: (\S+) (\S+) (\S{4}))?"
    r"(?: ([0-9/+]+) ([0-9]+/[0-9]+))?(?: \{([^}]*)\})?(?: \{([^}]*)\})?(?: \"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"?)?(?: (.*))?",
    re.DOTALL,
)
_TCP = re.compile(
    r"(-?[0-9]+)/(-?[0-9]+)/\+?(-?[0-9]+) \+?([0-9]+)(?: (\S\S))?(?: ([0-9/+]+) ([0-9]+/[0-9]+))?(?: (.*))?", re.DOTALL
)
_HTTP_NAMES: tuple[str, ...] = (
    *("request_ms", "queue_ms", "connect_ms", "response_ms", "total_ms", "status", "sent"),
    *("request_cookie", "response_cookie", "state", "connections", "queues"),
    *("request_headers", "response_headers", "request", "extra"),
)
_TCP_NAMES: tuple[str, ...] = ("queue_ms", "connect_ms", "total_ms", "bytes", "state", "connections", "queues", "extra")
_TIMES = ("request_ms", "queue_ms", "connect_ms", "response_ms", "total_ms")


def recognise(line: str) -> Header | str | None:
    """The header, or all of a line that has none."""
    found = header(line)
    if found is None:
        return line if begins_as_haproxy(line) else None
    return found if is_haproxy(found) else None


def parse(line: str, stamp: Stamp) -> JsonObject:
    """Outcome: failure from status 400, without a status, and for a TCP session that did not end as it should."""
    return parse_match(header(line) or line, stamp)


def parse_match(found: Header | str, stamp: Stamp) -> JsonObject:
    if isinstance(found, str):
        fields, message = {}, found
    else:
        fields, message = header_fields(found, stamp.time), found.message
        fields.pop("level", None)  # that of a request is always info, and its severity's name
        if "version" in fields:
            fields["syslog_version"] = fields.pop("version")
    fields |= _split(message) if begins_as_haproxy(message) else {"message": message}
    return TABLE.event(fields, stamp)


def _split(message: str) -> JsonObject:
    match = _ACCEPTED.fullmatch(message)
    if match is None:
        raise Malformed("line: not a client, a time in brackets, a frontend and a backend")
    client, time, frontend, backend, server, rest = match.groups()
    address, _, port = client.rpartition(":")
    fields: JsonObject = {"client": address.strip("[]"), "port": port, "time": _time(time), "frontend": frontend}
    if frontend is not None and frontend.endswith(":"):  # its error format: what happened, in words
        return {**fields, "frontend": frontend[:-1], "message": message[match.end(3) :].strip()}
    if backend is None or server is None:
        return {**fields, "message": rest}
    fields |= {"backend": backend, "server": None if server == _NO_BACKEND else server}
    found, names = _HTTP.fullmatch(rest or ""), _HTTP_NAMES
    if found is None:
        found, names = _TCP.fullmatch(rest or ""), _TCP_NAMES
    if found is None:
        return {**fields, "extra": rest}
    values: JsonObject = {name: value for name, value in zip(names, found.groups(), strict=True) if value and value != "-"}
    for name in _TIMES:
        if values.get(name) == _NOT_REACHED:
            del values[name]
    if values.get("status") == _NOT_REACHED:
        del values["status"]
    request = values.pop("request", None)
    if request is not None:
        values |= request_line(request)
    return {**fields, **values, "format": "http" if names is _HTTP_NAMES else "tcp"}


def _record(line: str, stamp: Stamp) -> JsonObject:
    """What the table is given of a usual account of a request or a connection; nothing of any other."""
    found = usual(line, stamp.time)
    if found is None:
        return _split(line) if begins_as_haproxy(line) else {}
    if found.data or found.message_id or not is_haproxy(found) or not begins_as_haproxy(found.message):
        return {}
    return {**record_of(found), **_split(found.message)}


def _values(line: str, stamp: Stamp) -> list[Value] | None:
    record = _record(line, stamp)
    if "state" not in record:  # without it, what follows might be taken for it
        return None
    before, start = header_values(line) or ([], 0)
    values = [value._replace(name="") if value.name == "time" else value for value in before]
    accepted = _ACCEPTED.fullmatch(line, start)
    if accepted is None:
        return None
    colon = line.rindex(":", *accepted.span(1))
    bracket = line[start] == "["
    values += (
        Value("client", start + bracket, colon - bracket, _ADDRESS),
        Value("port", colon + 1, accepted.end(1), PORT),
        Value("time", *accepted.span(2), _ACCEPTED_AT, decode=lambda text, _: _time(text)),
        *(Value(name, *accepted.span(group), _NAME) for group, name in ((3, "frontend"), (4, "backend"), (5, "server"))),
    )
    told, names = (_HTTP, _HTTP_NAMES) if record["format"] == "http" else (_TCP, _TCP_NAMES)
    rest = told.fullmatch(line, accepted.start(6))
    if rest is None or ("extra" in record and rest[len(names) - 1] is None):
        return None
    for group, name in enumerate(names, 1):
        begin, end = rest.span(group)
        if name == "request" and "path" in record:
            method, path, query = (len(record[part]) for part in ("method", "path", "query"))
            begin_path = begin + method + 1
            begin_query = begin_path + path + 1
            values += (
                Value("method", begin, begin + method, "[A-Za-z]++"),
                Value("path", begin_path, begin_path + path, _PATH),
                Value("query", begin_query, begin_query + query, _QUERY),
                Value("version", end - len(record["version"]), end, r"[0-9.]++"),
            )
        elif name == "request":
            values.append(Value("original", begin, end))
        else:
            values.append(Value(name, begin, end, _PATTERNS.get(name, NUMBER)))
    values = [value for value in values if not value.name or record.get(value.name)]
    return [*values, said_by_all("format", record["format"], len(line))]


@remembered(4_096)  # the lines of a batch share few seconds
def _time(text: str) -> str:
    """`06/Feb/2009:12:14:14.655`, without an offset."""
    seconds, _, fraction = text.partition(".")
    return f"{request_time(f'{seconds} +0000')[:19]}.{fraction:0<3.3}Z"


def _nanoseconds(milliseconds: str) -> int | None:
    return int(milliseconds) * 1_000_000 if len(milliseconds) < 13 and milliseconds.isdigit() else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    form = rest.pop("format", None)
    address = rest.get("client")
    if address is not None:
        event.setdefault("source", {})["address"] = rest.pop("client")
    if form is None:
        return
    if form == "http":
        status = event.get("http", {}).get("response", {}).get("status_code")
        event["event"]["category"] = ["web"]
        event["event"]["outcome"] = "success" if status is not None and status < _FAILURE else "failure"
    else:
        state = event.get("haproxy", {}).get("state", "--")
        event["event"]["outcome"] = "success" if state.startswith("-") else "failure"


TABLE = Table(
    {
        "time": "@timestamp",
        "total_ms": "event.duration",
        "facility": "log.syslog.facility.code",
        "severity": "log.syslog.severity.code",
        "host": "host.name",
        "program": "process.name",
        "pid": "process.pid",
        "client": "source.ip",
        "port": "source.port",
        "status": "http.response.status_code",
        "sent": "http.response.bytes",
        "bytes": "destination.bytes",
        "method": "http.request.method",
        "original": "url.original",
        "path": "url.path",
        "query": "url.query",
        "version": "http.version",
        "message": "message",
        "frontend": "haproxy.frontend",
        "backend": "haproxy.backend",
        "server": "haproxy.server",
        "state": "haproxy.state",
        "request_ms": "haproxy.request_ms",
        "queue_ms": "haproxy.queue_ms",
        "connect_ms": "haproxy.connect_ms",
        "response_ms": "haproxy.response_ms",
    },
    own={
        **{f"haproxy.{name}": WORD for name in ("frontend", "backend", "server", "state")},
        **{f"haproxy.{name}": WHOLE for name in ("request_ms", "queue_ms", "connect_ms", "response_ms")},
    },
    rest="haproxy.other",
    constants={"event.category": ["network"]},
    read={"time": str, "total_ms": _nanoseconds},  # a time is read when it is taken apart
    complete=_complete,
)


def _told(line: str) -> tuple[str, int, int]:
    """How a line begins, and how many words and slashes there are."""
    return line[:2], line.count(" "), line.count("/")


_LINES = LearnedLines(
    TABLE.text_writer("haproxy.log", "facility", "severity", "program", "status", "state", "format"),
    _told,
    _values,
    _record,
    frozenset(("-", _NO_BACKEND)),
)

LOG_TYPE = LineType(
    name="haproxy",
    dataset="haproxy.log",
    title="HAProxy log",
    page="https://docs.haproxy.org/3.0/configuration.html#8.2",
    arrival="HAProxy logs to syslog or to its standard output; an agent on the host sends the lines.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    quick=_LINES.quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=BEGINS + "".join(sorted(set(digits + "abcdefABCDEF:[u") - set(BEGINS))),
)
