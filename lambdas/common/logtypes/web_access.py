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
from common.kinds import LONG_WORD
from common.logtype import JsonObject, LineType, Malformed
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
    constants={"event.kind": "event", "event.category": ["web"]},
    read={"time": request_time, "seconds": _nanoseconds},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="web_access",
    dataset="web.access",
    title="Apache or nginx access log",
    page="https://httpd.apache.org/docs/2.4/logs.html#accesslog",
    arrival="An agent on the host (CloudWatch agent, Fluent Bit, Kinesis Agent) sends the lines of the server's access log.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins=digits + ascii_letters + ":_-",
)
