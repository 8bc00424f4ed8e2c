"""Apache HTTP Server's error log, in the default formats of versions 2.2 and 2.4.

Format: Apache HTTP Server documentation, core, "ErrorLogFormat Directive"
(https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat). The time is the server's own and without an offset: it is taken
as UTC.
"""

from __future__ import annotations

import re

import orjson

from common.cache import remembered
from common.json_text import quoted
from common.kinds import PORT, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_iso
from common.written_dates import MONTHS

_LEVELS = "emerg|alert|crit|error|warn|notice|info|debug|trace[1-8]"
_FAILING = frozenset(("emerg", "alert", "crit", "error"))

_BEGINNING = re.compile(
    r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9 ][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? [0-9]{4}\]"
    rf"(?: \[(?:[\w-]*:)?(?:{_LEVELS})\]|\Z)"
)
_LINE = re.compile(
    r"\[([^\]]+)\](?: \[(?:([\w-]*):)?([a-z]+[1-8]?)\])?(?: \[pid ([0-9]+)(?::tid ([0-9]+))?\])?"  # time, module, level, process
    r"(?: ([\w.+-]+\.[a-z]+)\(([0-9]+)\):)?(?: \((-?[0-9]+)\)([^:]+):)?"  # file and line of the source, error
    r"(?: \[(?:client|remote) ([^\]]+)\])?(?: (AH[0-9]{5}):)? ?(.*)",
    re.DOTALL,
)
_NAMES = ("time", "module", "level", "pid", "tid", "file", "line", "number", "error", "client", "code", "message")
_TIME = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9 ][0-9]) ([0-9:]{8}(?:\.[0-9]{1,9})?) ([0-9]{4})")


@remembered(4_096)  # a batch may share few seconds
def _time(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if match is None or match[1] not in MONTHS:
        return None
    month, day, clock, year = match.groups()
    try:
        return from_iso(f"{year}-{MONTHS[month]}-{day.strip():0>2}T{clock}")
    except ValueError:
        return None


def split(line: str) -> JsonObject:
    """The line under the table's names."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise Malformed("line: not an error log entry: a time in brackets")
    fields: JsonObject = dict(zip(_NAMES, match.groups(), strict=True))
    message, found, referrer = fields["message"].rpartition(", referer: ")
    if found:
        fields |= {"message": message, "referrer": referrer}
    if fields["client"]:
        fields |= _client(fields["client"], fields["module"])
    return fields


def _client(client: str, module: str | None) -> JsonObject:
    if module is None or ":" not in client:  # 2.2 writes neither a module nor a port
        return {"client": client}
    address, _, port = client.rpartition(":")
    return {"client": address.strip("[]"), "port": port}


def _complete(event: JsonObject, rest: JsonObject) -> None:
    event["event"]["type"] = ["error"] if event.get("log", {}).get("level") in _FAILING else ["info"]
    name = rest.pop("client", None)  # a server may look names up
    if name is not None:
        event.setdefault("source", {})["domain"] = name


TABLE = Table(
    {
        "time": "@timestamp",
        "module": "apache.module",
        "level": "log.level",
        "pid": "process.pid",
        "tid": "process.thread.id",
        "file": "log.origin.file.name",
        "line": "log.origin.file.line",
        "number": "error.code",
        "error": "error.message",
        "client": "source.ip",
        "port": "source.port",
        "code": "event.code",
        "message": "message",
        "referrer": "http.request.referrer",
    },
    own={"apache.module": WORD},
    rest="apache.other",
    constants={"event.category": ["web"]},
    read={"time": _time},
    complete=_complete,
)

_KNOWN_LEVELS = frozenset((*_LEVELS.split("|")[:-1], *(f"trace{number}" for number in range(1, 9))))
_LONGEST_NUMBER = 18


@remembered(16_384)
def _source(client_and_module: tuple[str | None, str | None]) -> str | None:
    """The member `source`, "" without a client; None for one that is read part by part."""
    client, module = client_and_module
    if client is None:
        return ""
    found = _client(client, module)
    address = found["client"]
    source = {"ip" if is_ip(address) else "domain": address}
    if "port" in found:
        source["port"] = PORT.read(found["port"])
    return f'"source":{orjson.dumps(source).decode()},' if address and None not in source.values() else None


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual entry; None for any other."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    time, module, level, pid, tid, file, place, number, error, client, code, text = match.groups()
    at, source = _time(time), _source((client, module))
    message, found, referrer = text.rpartition(", referer: ")
    if not found:
        message, referrer = text, ""
    if at is None or source is None or level not in _KNOWN_LEVELS or not message:
        return None
    if len(pid or "") > _LONGEST_NUMBER or len(tid or "") > _LONGEST_NUMBER or len(place or "") > _LONGEST_NUMBER:
        return None
    coded = f'"code":"{code}",' if code else ""
    written = f',"origin":{{"file":{{"name":"{file}","line":{int(place)}}}}}' if file else ""
    process = thread = failed = referred = ""
    if pid:
        thread = f',"thread":{{"id":{int(tid)}}}' if tid else ""
        process = f'"process":{{"pid":{int(pid)}{thread}}},'
    if error:
        failed = f'"error":{{"code":"{number}","message":{quoted(error)}}},'
    if referrer:
        referred = f'"http":{{"request":{{"referrer":{quoted(referrer)}}}}},'
    wrote = f'"apache":{{"module":"{module}"}},' if module else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"apache.error","category":["web"],{coded}'
        f'"type":["{"error" if level in _FAILING else "info"}"]{stamp.json},"log":{{"level":"{level}"{written}}},'
        f'{process}{wrote}{failed}{source}{referred}"message":{quoted(message)}}}'
    ).encode()


LOG_TYPE = LineType(
    name="apache_error",
    dataset="apache.error",
    title="Apache error log",
    page="https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of the server's error log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="[",
)
