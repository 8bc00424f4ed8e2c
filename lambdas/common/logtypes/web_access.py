"""Access log lines of Apache HTTP Server and nginx. Both write the same common and combined formats, so that a line does not say
which of them wrote it: they are one type.

Formats: Apache HTTP Server documentation, "Log Files", Access Log (https://httpd.apache.org/docs/2.4/logs.html#accesslog), also
with the virtual host first (vhost_combined), and nginx, "ngx_http_log_module", combined
(https://nginx.org/en/docs/http/ngx_http_log_module.html), also with the forwarded addresses of nginx's packaged configuration
and with its request time, in seconds and milliseconds, after them. What comes after these is kept in web.other.extra.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits

from common.common_log import request_line, request_time
from common.kinds import LONG_WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table

#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
_FAILURE = 400

#: A virtual host has an address or an identity and a user between itself and the time.
_HOST = r"(?:([\w.-]+)(?::([0-9]{1,5}))? (?=[0-9a-fA-F]*[.:][0-9a-fA-F.:]* \S+ \S))?"
_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|\Z)'  # of a line that is cut off, what is there
_LINE = re.compile(
    rf"{_HOST}(\S+) (\S+) ([^\"\[\]]+) \[([^\]]*)\]"  # client, identity, user, time
    rf"(?: {_QUOTED})?(?: ([0-9]{{3}}|-)(?= |\Z))?(?: ([0-9]+|-)(?= |\Z))?"  # request, status, bytes
    rf"(?: {_QUOTED})?(?: {_QUOTED})?(?: {_QUOTED})?"  # referrer, user agent, forwarded for
    r"(?: ([0-9]+\.[0-9]{3})(?= |\Z))? ?(.*)",  # request time, and what follows
    re.DOTALL,
)
#: An API Gateway entry in the same format has a request id, without quotes, after the number of bytes.
_BEGINNING = re.compile(
    r"[^\s\"\[]+ [^\s\"\[]+ [^\"\[\]]{1,256} \[[0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\] \""
    r"(?![^\"\\]*+(?:\\.[^\"\\]*+)*+\" \S+ \S+ (?![0-9.]+(?: |\Z))[^\"])"
)
_NAMES = ("domain", "port", "client", "identity", "user", "time", "request", "status", "bytes", "referrer", "agent", "forwarded")


def split(line: str) -> JsonObject:
    """The line under the table's names. The bytes of a line with a virtual host count the headers too, as Apache's %O does."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise Malformed("line: not an access log entry: a client, an identity, a user and a time in brackets")
    *values, seconds, extra = match.groups()
    fields: JsonObject = {name: value for name, value in zip(_NAMES, values, strict=True) if value and value != "-"}
    request = fields.pop("request", None)
    if request is not None:
        fields.update(request_line(request))
    if "domain" in fields and "bytes" in fields:
        fields["sent"] = fields.pop("bytes")
    if seconds is not None:
        fields["seconds"] = seconds
    if extra:
        fields["extra"] = extra.split(" ")
    return fields


def _complete(event: JsonObject, rest: JsonObject) -> None:
    status = event.get("http", {}).get("response", {}).get("status_code")
    event["event"]["outcome"] = "unknown" if status is None else "failure" if status >= _FAILURE else "success"
    name = rest.pop("client", None)  # a server may look names up
    if name is not None:
        event["source"] = {"domain": name}


def _nanoseconds(seconds: str) -> int | None:
    return int(seconds.replace(".", "")) * 1_000_000 if len(seconds) < 13 else None


TABLE = Table(
    {
        "time": "@timestamp",
        "client": "source.ip",
        "user": "user.name",
        "method": "http.request.method",
        "original": "url.original",
        "path": "url.path",
        "query": "url.query",
        "version": "http.version",
        "status": "http.response.status_code",
        "bytes": "http.response.body.bytes",
        "sent": "http.response.bytes",
        "referrer": "http.request.referrer",
        "agent": "user_agent.original",
        "domain": "url.domain",
        "port": "url.port",
        "seconds": "event.duration",
        "forwarded": "web.forwarded_for",
    },
    own={"web.forwarded_for": LONG_WORD},
    rest="web.other",
    constants={"event.category": ["web"]},
    read={"time": request_time, "seconds": _nanoseconds},
    complete=_complete,
)

# Nearly every line is common or combined, of an address, with nothing to escape and nothing behind it.
_COMMON, _COMBINED, _PACKAGED = 3, 7, 9  # parts between the quotes; the last with the forwarded addresses
_FIELDS_BEFORE_REQUEST = 6  # an empty one behind the last space
_VERSIONS = frozenset(("1.0", "1.1", "2", "2.0", "3", "3.0"))
_NOTHING = frozenset(("", "-"))
_LONGEST_NUMBER = 18


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    parts = line.split('"')
    if len(parts) not in (_COMMON, _COMBINED, _PACKAGED) or "\\" in line or not line.isprintable():
        return None
    fields, answer = parts[0].split(" "), parts[2].split(" ")
    method, _, rest = parts[1].partition(" ")
    target, _, protocol = rest.rpartition(" ")
    behind = [""] if len(parts) > _COMMON else []  # a space stands before what else is in quotes
    if len(fields) != _FIELDS_BEFORE_REQUEST or len(answer) < 3 or answer[0] or answer[3:] != behind:
        return None
    client, identity, user, day, offset, _ = fields
    _, status, size = answer[:3]
    if (
        identity != "-"
        or not is_ip(client)
        or not (day[:1] == "[" and offset[-1:] == "]" and method.isalpha() and target[:1] == "/")
    ):
        return None
    if protocol[:5] != "HTTP/" or protocol[5:] not in _VERSIONS or not (status.isdigit() and size.isdigit() and line.isascii()):
        return None
    if len(status) != 3 or status < "1" or len(size) > _LONGEST_NUMBER or (size < "1" and size != "0"):
        return None
    try:
        time = request_time(f"{day[1:]} {offset[:-1]}")
    except Malformed:
        return None
    path, _, query = target.partition("?")
    referrer = agent = forwarded = ""
    if len(parts) > _COMMON:
        _, referrer, between, agent, *others = parts[2:]
        if between != " " or others[0::2] not in ([""], [" ", ""]):
            return None
        forwarded = others[1] if len(parts) == _PACKAGED else ""
    outcome = "failure" if int(status) >= _FAILURE else "success"
    named = "" if user in _NOTHING else f'"user":{{"name":"{user}"}},'
    asked = f',"query":"{query}"' if query else ""
    referred = "" if referrer in _NOTHING else f',"referrer":"{referrer}"'
    said = "" if agent in _NOTHING else f',"user_agent":{{"original":"{agent}"}}'
    passed_on = "" if forwarded in _NOTHING else f',"web":{{"forwarded_for":"{forwarded}"}}'
    return (
        f'{{"@timestamp":"{time}","event":{{"id":"{event_id}","dataset":"web.access","category":["web"],'
        f'"outcome":"{outcome}"{stamp.json},"source":{{"ip":"{client}"}},{named}"http":{{"request":{{"method":"{method}"{referred}}},'
        f'"response":{{"status_code":{status},"body":{{"bytes":{size}}}}},"version":"{protocol[5:]}"}},'
        f'"url":{{"path":"{path}"{asked}}}{said}{passed_on}}}'
    ).encode()


LOG_TYPE = LineType(
    name="web_access",
    dataset="web.access",
    title="Apache or nginx access log",
    page="https://httpd.apache.org/docs/2.4/logs.html#accesslog",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of the server's access log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=digits + ascii_letters + ":_-",
)
