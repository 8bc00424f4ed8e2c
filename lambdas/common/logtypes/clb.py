"""Classic Load Balancer access log entries.

Fields: Classic Load Balancers guide, "Access logs for your Classic Load Balancer"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html). A TCP or SSL listener writes no
status and a request of dashes; entries from before 2014-10 end after the request.
"""

from __future__ import annotations

import re

from common import line_values, web_access
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
#: What there is of an HTTP request that could not be read.
_OF_REQUESTS = ("elb_status_code", "request")

#: Up to the first of the three times; a target that was not reached is a dash.
_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z [A-Za-z0-9-]{1,32} "
    r"\[?[0-9a-f.:]+\]?:[0-9]{1,5} (?:\[?[0-9a-f.:]+\]?:[0-9]{1,5}|-) -?[0-9]"
)
#: Inside of quotes, a quote escaped; possessive, so that no line can make it backtrack.
_ESCAPED = r'([^"\\]*+(?:\\.[^"\\]*+)*+)'
#: The same where nothing is escaped, which is found in half of the time.
_QUOTED = r'([^"]*+)'


def _tail(quoted: str) -> re.Pattern[str]:
    """Request, user agent, cipher and protocol. What is missing at the end of a line that was cut off is missing here."""
    return re.compile(rf'{quoted}(?:"(?: "{quoted}(?:"(?: (\S+)(?: (\S+)(?: (.*))?)?)?)?)?)?', re.DOTALL)


_TAIL, _ESCAPED_TAIL = _tail(_QUOTED), _tail(_ESCAPED)
_AFTER_REQUEST = ("user_agent", "ssl_cipher", "ssl_protocol", "tail")


def split(line: str) -> JsonObject:
    head, _, tail = line.partition(' "')
    values = head.split(" ")
    record: JsonObject = {name: value for name, value in zip(_PLAIN, values, strict=False) if value not in _ABSENT}
    if "timestamp" not in record:
        raise Malformed("timestamp: an access log entry has one")
    web_access.split_endpoint(record, "client:port", "client")
    web_access.split_endpoint(record, "backend:port", "backend")
    if len(values) > len(_PLAIN):
        record["extra"] = values[len(_PLAIN) :]
    if tail:
        _add_quoted(record, tail)
    return record


def _add_quoted(record: JsonObject, tail: str) -> None:
    """Adds the fields from the request on; what is not of this form as `tail`."""
    match = (_ESCAPED_TAIL if "\\" in tail else _TAIL).fullmatch(tail)
    if match is None:
        record["tail"] = tail
        return
    request, *others = match.groups()
    web_access.add_request(record, request)
    for name, value in zip(_AFTER_REQUEST, others, strict=True):
        if value is not None and value != "-":
            record[name] = value


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, http, balancer = event["event"], event.get("http", {}), event.get("aws", {}).get("elb", {})
    if "request_seconds" in balancer and "target_seconds" in balancer and "response_seconds" in balancer:
        taken = balancer["request_seconds"] + balancer["target_seconds"] + balancer["response_seconds"]
        happened["duration"] = web_access.nanoseconds(taken)
    answer = http.get("response", {})
    if "status_code" in answer:
        happened["outcome"] = web_access.outcome(answer["status_code"])
    elif "bytes" not in answer or "method" in http.get("request", ()) or not rest.keys().isdisjoint(_OF_REQUESTS):
        happened["outcome"] = "unknown"
    else:  # a connection of a TCP listener: there was a target that took it, or there was none
        happened |= {"category": ["network"], "outcome": "success" if "destination" in event else "failure"}
    web_access.move_tls_version(event, rest, "ssl_protocol")


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
        **dict.fromkeys(_LATENCIES, line_values.seconds),
        **dict.fromkeys(("elb_status_code", "backend_status_code"), line_values.status),
        **dict.fromkeys(("client", "backend"), line_values.address),
        **dict.fromkeys(("client_port", "backend_port", "port"), line_values.port),
        **dict.fromkeys(("received_bytes", "sent_bytes"), line_values.whole),
        "protocol": line_values.http_version,
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
