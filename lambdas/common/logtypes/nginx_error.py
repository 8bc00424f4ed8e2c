"""nginx's error log.

Format: nginx's source, ngx_log.c and ngx_http_request.c (ngx_http_log_error), and its documentation, "A debugging log" and
"error_log" (https://nginx.org/en/docs/ngx_core_module.html#error_log): time, level, process and thread, connection, what
happened, and what nginx was doing. The time is the server's own and without an offset: it is taken as UTC.
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.common_log import request_line
from common.json_text import quoted
from common.kinds import LONG_WORD, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed, Stamp
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
    event["event"]["type"] = ["error"] if event["log"]["level"] in _FAILING else ["info"]


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
    constants={"event.category": ["web"]},
    read={"time": _time},
    complete=_complete,
)

# Nearly every line is a worker's, and what nginx was doing stands in its usual order, with nothing that JSON escapes.
_USUAL = re.compile(
    rf"([0-9/]{{10}} [0-9:]{{8}}) \[({_LEVELS})\] ([0-9]{{1,18}})#([0-9]{{1,18}}): (?:\*([0-9]+) )?(.+)", re.DOTALL
)
_SAID = r'"([^"\\\x00-\x1f]+)"'
_DOING = re.compile(
    r'([0-9a-f.:]+), server: ([^,"\\\x00-\x1f]+)'
    r'(?:, request: "(?:([A-Za-z]+) (/[^ ?"\\\x00-\x1f]*)(?:\?([^ "\\\x00-\x1f]*))? HTTP/([0-9.]+)|((?:[^"\\ ]|\\.)++))"'
    rf"(?:, subrequest: {_SAID})?(?:, upstream: {_SAID})?(?:, host: {_SAID})?(?:, referrer: {_SAID})?)?"
)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    match = _USUAL.fullmatch(line)
    if match is None:
        return None
    time, level, process, thread, connection, text = match.groups()
    message, found, context = text.partition(", client: ")
    at, doing = _time(time), _DOING.fullmatch(context) if found else None
    if at is None or not message or ", server: " in message or ", upstream: " in message or (found and not doing):
        return None
    held = f'"connection":"{connection}"' if connection else ""
    asked = failed = ""
    if doing is not None:
        client, server, method, path, query, version, original, subrequest, upstream, host, referrer = doing.groups()
        if not is_ip(client):
            return None
        asked = f',"source":{{"ip":"{client}"}}'
        if original:  # of one word, so that it is no request line
            asked = f'{asked},"url":{{"original":{quoted(original)}}}'
            if host or referrer:
                return None
        elif method:
            referred = f',"referrer":"{referrer}"' if referrer else ""
            searched = f',"query":"{query}"' if query else ""
            named = f',"domain":"{host}"' if host else ""
            asked = (
                f'{asked},"http":{{"request":{{"method":"{method}"{referred}}},"version":"{version}"}},'
                f'"url":{{"path":"{path}"{searched}{named}}}'
            )
        held = f'{held}{"," if held else ""}"server":"{server}"'
        if upstream:
            held = f'{held},"upstream":"{upstream}"'
        if subrequest:
            held = f'{held},"other":{{"subrequest":"{subrequest}"}}'
    if (code := _CODE.search(message)) is not None:
        failed = f',"error":{{"code":"{code[1]}"}}'
    if held:
        held = f',"nginx":{{{held}}}'
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"nginx.error","category":["web"],'
        f'"type":["{"error" if level in _FAILING else "info"}"]{stamp.json},"log":{{"level":"{level}"}},'
        f'"process":{{"pid":{int(process)},"thread":{{"id":{int(thread)}}}}}{asked}{failed}{held},"message":{quoted(message)}}}'
    ).encode()


LOG_TYPE = LineType(
    name="nginx_error",
    dataset="nginx.error",
    title="nginx error log",
    page="https://nginx.org/en/docs/ngx_core_module.html#error_log",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of the server's error log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12",
)
