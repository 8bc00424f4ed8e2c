"""Classic Load Balancer access log entries.

Fields: Classic Load Balancers guide, "Access logs for your Classic Load Balancer"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html). A TCP or SSL listener writes no
status and a request of dashes; entries from before 2014-10 end after the request.
"""

from __future__ import annotations

import re

from common import web_access
from common.kinds import NUMBER, WHOLE, WORD
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_PLAIN = (
    "timestamp",
    "elb",
    "client:port",
    "backend:port",
    "request_processing_time",
    "backend_processing_time",
    "response_processing_time",
    "elb_status_code",
    "backend_status_code",
    "received_bytes",
    "sent_bytes",
)
_LATENCIES = _PLAIN[4:7]
#: -1 is the time of what did not happen: a request that was not passed on, or not answered.
_ABSENT = ("-", "-1")

#: Up to the first of the three times; a target that was not reached is a dash.
_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z [A-Za-z0-9-]{1,32} "
    r"\[?[0-9a-f.:]+\]?:[0-9]{1,5} (?:\[?[0-9a-f.:]+\]?:[0-9]{1,5}|-) -?[0-9]"
)
#: Inside of quotes, a quote escaped; possessive, so that no line can make it backtrack.
_QUOTED = r'([^"\\]*+(?:\\.[^"\\]*+)*+)'
#: Request, user agent, cipher and protocol. What is missing at the end of a line that was cut off is missing here.
_TAIL = re.compile(rf'{_QUOTED}(?:"(?: "{_QUOTED}(?:"(?: (\S+)(?: (\S+)(?: (.*))?)?)?)?)?)?', re.DOTALL)


def split(line: str) -> JsonObject:
    head, _, tail = line.partition(' "')
    values = head.split(" ")
    record: JsonObject = {name: value for name, value in zip(_PLAIN, values, strict=False) if value not in _ABSENT}
    if len(values) > len(_PLAIN):
        record["extra"] = values[len(_PLAIN) :]
    web_access.split_endpoint(record, "client:port", "client")
    web_access.split_endpoint(record, "backend:port", "backend")
    if "timestamp" not in record:
        raise Malformed("timestamp: an access log entry has one")
    return record | _quoted(tail) if tail else record


def _quoted(tail: str) -> JsonObject:
    """The fields from the request on; what is not of this form as `tail`."""
    match = _TAIL.fullmatch(tail)
    if match is None:
        return {"tail": tail}
    request, agent, cipher, protocol, extra = match.groups()
    fields = web_access.split_request(request)
    if fields is None:
        fields = {"request": request}
    named = {"user_agent": agent, "ssl_cipher": cipher, "ssl_protocol": protocol, "tail": extra}
    return fields | {name: value for name, value in named.items() if value is not None and value != "-"}


def _complete(event: JsonObject, rest: JsonObject) -> None:
    balancer = event.get("aws", {}).get("elb", {})
    taken = [balancer.get(name) for name in ("request_seconds", "target_seconds", "response_seconds")]
    status = event.get("http", {}).get("response", {}).get("status_code")
    if None not in taken:
        event["event"]["duration"] = web_access.nanoseconds(sum(taken))
    if status is not None:
        event["event"]["outcome"] = web_access.outcome(status)
    elif "bytes" not in event.get("http", {}).get("response", ()) or not _no_request(event, rest):
        event["event"]["outcome"] = "unknown"
    else:  # a connection of a TCP listener: there was a target that took it, or there was none
        event["event"] |= {"category": ["network"], "outcome": "success" if "destination" in event else "failure"}
    web_access.move_tls_version(event, rest, "ssl_protocol")


def _no_request(event: JsonObject, rest: JsonObject) -> bool:
    return "method" not in event["http"].get("request", ()) and rest.keys().isdisjoint(("elb_status_code", "request"))


TABLE = Table(
    {
        "timestamp": "@timestamp",
        "elb": "aws.elb.name",
        "client": "source.ip",
        "client_port": "source.port",
        "backend": "destination.ip",
        "backend_port": "destination.port",
        "request_processing_time": "aws.elb.request_seconds",
        "backend_processing_time": "aws.elb.target_seconds",
        "response_processing_time": "aws.elb.response_seconds",
        "elb_status_code": "http.response.status_code",
        "backend_status_code": "aws.elb.target_status_code",
        "received_bytes": "http.request.bytes",
        "sent_bytes": "http.response.bytes",
        "method": "http.request.method",
        "scheme": "url.scheme",
        "domain": "url.domain",
        "port": "url.port",
        "path": "url.path",
        "query": "url.query",
        "original": "url.original",
        "protocol": "http.version",
        "user_agent": "user_agent.original",
        "ssl_cipher": "tls.cipher",
    },
    own={
        "aws.elb.name": WORD,
        "aws.elb.request_seconds": NUMBER,
        "aws.elb.target_seconds": NUMBER,
        "aws.elb.response_seconds": NUMBER,
        "aws.elb.target_status_code": WHOLE,
    },
    rest="aws.elb.other",
    constants={"event.kind": "event", "event.category": ["web"], "cloud.provider": "aws"},
    read={
        "timestamp": web_access.instant,
        **dict.fromkeys(_LATENCIES, web_access.seconds),
        **dict.fromkeys(("elb_status_code", "backend_status_code"), web_access.status),
        "protocol": web_access.http_version,
    },
    complete=_complete,
)

LOG_TYPE = LineType(
    name="clb",
    dataset="aws.clb",
    title="Classic Load Balancer access log",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html",
    arrival="The load balancer writes files to S3, of which every line is a record.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789",
)
