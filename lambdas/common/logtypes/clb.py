"""Classic Load Balancer access log entries.

Fields: Classic Load Balancers guide, "Access logs for your Classic Load Balancer"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html). A TCP or SSL listener writes no
status and a request of dashes; entries from before 2014-10 end after the request.
"""

from __future__ import annotations

import re

import orjson

from common import line_values, web_access
from common.cache import Cache
from common.elb_fragments import END, OUTCOME, TOOK, groups, is_count, request_parts
from common.kinds import NUMBER, WHOLE, WORD
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_iso

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
        if (nanoseconds := web_access.nanoseconds(taken)) is not None:
            happened["duration"] = nanoseconds
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
    constants={"event.category": ["web"]},
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

# Nearly every line: an HTTP request that a target answered, or that there was no target for.
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,31}")
_USER_AGENT = re.compile(_ESCAPED, re.DOTALL)
_PROTECTED = re.compile(r"- -|([A-Z0-9_-]{2,}) TLSv([0-9]\.[0-9])")
_NO_TARGET = ("-", "-1", "-1", "-1", "0")
_NOTHING = frozenset(("", "-"))
_LONGEST_SECONDS = 1e9


def _named(value: str) -> str:
    groups(_NAME, value)
    return f'"aws":{{"elb":{{"name":"{value}"'


def _said(value: str) -> str:
    groups(_USER_AGENT, value)
    return "" if value in _NOTHING else f',"user_agent":{{"original":{orjson.dumps(value).decode()}}}'


def _protected(value: str) -> str:
    cipher, version = groups(_PROTECTED, value)
    return f',"tls":{{"cipher":"{cipher}","version":"{version}","version_protocol":"tls"}}' if cipher else ""


_NAMED = Cache(_named, 1_024)
_SAID = Cache(_said, 4_096)
_PROTECTION = Cache(_protected, 256)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    head, _, tail = line.partition(' "')
    request, _, after = tail.partition('" "')
    agent, _, protection = after.rpartition('" ')
    fields = head.split(" ")
    if len(fields) != len(_PLAIN) or '"' in request or "\\" in request or not request.isprintable():
        return None
    time, name, client, target, queued, processed, responded, status, answer, received, sent = fields
    if status == "-" or not (agent and is_count(received) and is_count(sent)):
        return None
    try:
        at, source, outcome, named = from_iso(time), END[client], OUTCOME[status], _NAMED[name]
        method, scheme, host, port, path, query, version = request_parts(request)
        if host == "-":
            return None
        if (target, queued, processed, responded, answer) == _NO_TARGET:
            lasted, destination, measured = "", "", ',"other":{"backend_status_code":"0"}'
        else:
            _, seconds = OUTCOME[answer], TOOK[queued] + TOOK[processed] + TOOK[responded]
            if seconds >= _LONGEST_SECONDS:
                return None
            lasted, destination = f',"duration":{round(seconds * 1e9)}', f',"destination":{END[target]}'
            measured = (
                f',"request_seconds":{queued},"target_seconds":{processed},"response_seconds":{responded},'
                f'"target_status_code":{answer}'
            )
        said, protected = _SAID[agent], _PROTECTION[protection]
    except ValueError:
        return None
    asked = "" if query is None or query == "-" else f',"query":"{query}"'
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"aws.clb","category":["web"],'
        f'"outcome":"{outcome}"{lasted}{stamp.json},"source":{source}{destination},'
        f'"http":{{"request":{{"method":"{method}","bytes":{received}}},"response":{{"status_code":{status},"bytes":{sent}}},'
        f'"version":"{version}"}},"url":{{"scheme":"{scheme}","domain":"{host}","port":{port},"path":"{path}"{asked}}}'
        f"{said}{protected},{named}{measured}}}}}}}"
    ).encode()


LOG_TYPE = LineType(
    name="clb",
    dataset="aws.clb",
    title="Classic Load Balancer access log",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html",
    arrival="The load balancer writes files to S3, of which every line is a record.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789",
)
