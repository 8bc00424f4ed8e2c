"""nginx's error log.

Format: nginx's source, ngx_log.c and ngx_http_request.c (ngx_http_log_error), and its documentation, "A debugging log" and
"error_log" (https://nginx.org/en/docs/ngx_core_module.html#error_log): time, level, process and thread, connection, what
happened, and what nginx was doing. The time is the server's own and without an offset: it is taken as UTC.
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.common_log import request_line
from common.kinds import LONG_WORD, WORD
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table
from common.timestamps import from_iso

_LEVELS = "emerg|alert|crit|error|warn|notice|info|debug"
_FAILING = frozenset(("emerg", "alert", "crit", "error"))

_BEGINNING = re.compile(
    rf"[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} \[(?:{_LEVELS})\](?: [0-9]*#|\Z| [0-9]+\Z)"
)
_LINE = re.compile(r"([0-9/]{10} [0-9:]{8}) \[([a-z]+)\](?: ([0-9]+))?(?:#([0-9]+))?:? ?(?:\*([0-9]+) )?(.*)", re.DOTALL)
#: Where the account of what nginx was doing begins, and its parts: a value without quotes ends at the next comma.
_CONTEXT = re.compile(r", (?=client: |server: |upstream: )")
_PART = re.compile(r"([a-z]+): (?:\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"?|([^,]*))(?:, |\Z)")
_CODE = re.compile(r"\(([0-9]+): [^()]+\)")


@remembered(4_096)  # the lines of a batch share few seconds
def _time(text: str) -> str | None:
    try:
        return from_iso(text.replace("/", "-"))
    except ValueError:
        return None


def split(line: str) -> JsonObject:
    """The line under the table's names."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise Malformed("line: not an error log entry: a time and a level in brackets")
    fields: JsonObject = dict(zip(("time", "level", "process", "thread", "connection"), match.groups(), strict=False))
    message = match[6]
    found = _CONTEXT.search(message)
    if found is not None:
        end = found.end()
        parts: JsonObject = {}
        while (part := _PART.match(message, end)) and part[1] not in parts and part[1] not in fields:
            end = part.end()
            parts[part[1]] = part[3] if part[2] is None else part[2]
        if end == len(message):  # or it is no such account, and stays in the message
            fields.update(parts)
            message = message[: found.start()]
    fields["message"] = message
    code = _CODE.search(message)
    if code is not None:
        fields["code"] = code[1]
    request = fields.pop("request", None)
    if request:
        fields.update(request_line(request))
    return fields


def _complete(event: JsonObject, rest: JsonObject) -> None:
    event["event"]["type"] = ["error"] if event.get("log", {}).get("level") in _FAILING else ["info"]


TABLE = Table(
    {
        "time": "@timestamp",
        "level": "log.level",
        "process": "process.pid",
        "thread": "process.thread.id",
        "message": "message",
        "code": "error.code",
        "client": "source.ip",
        "server": "nginx.server",
        "method": "http.request.method",
        "original": "url.original",
        "path": "url.path",
        "query": "url.query",
        "version": "http.version",
        "host": "url.domain",
        "referrer": "http.request.referrer",
        "connection": "nginx.connection",
        "upstream": "nginx.upstream",
    },
    own={"nginx.server": WORD, "nginx.connection": WORD, "nginx.upstream": LONG_WORD},
    rest="nginx.other",
    constants={"event.kind": "event", "event.category": ["web"]},
    read={"time": _time},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="nginx_error",
    dataset="nginx.error",
    title="nginx error log",
    page="https://nginx.org/en/docs/ngx_core_module.html#error_log",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of the server's error log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
