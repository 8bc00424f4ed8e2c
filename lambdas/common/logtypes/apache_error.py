"""Apache HTTP Server's error log, in the default formats of versions 2.2 and 2.4.

Format: Apache HTTP Server documentation, core, "ErrorLogFormat Directive"
(https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat). The time is the server's own and without an offset: it is taken
as UTC.
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.kinds import WORD
from common.logtype import JsonObject, LineType, Malformed
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
    client = fields["client"]
    if client and fields["module"] is not None and ":" in client:  # 2.2 writes neither a module nor a port
        address, _, port = client.rpartition(":")
        fields |= {"client": address.strip("[]"), "port": port}
    return fields


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
    constants={"event.kind": "event", "event.category": ["web"]},
    read={"time": _time},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="apache_error",
    dataset="apache.error",
    title="Apache error log",
    page="https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of the server's error log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="[",
)
