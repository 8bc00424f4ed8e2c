"""Application Load Balancer access log entries.

Fields: Application Load Balancers guide, "Access log entries"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html). New fields come at the
end of a line and are to be ignored by those who do not know them, which the page asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.kinds import LONG_WORD, WHOLE, WORD, WORDS, is_ip
from common.kinds import NUMBER as FRACTION
from common.logtype import NUMBER, PORT, JsonObject, LineType, Malformed, Stamp, moment, present

_ABSENT = "-"
#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
_FAILURE = 400

_QUOTED = r'"((?:[^"\\]|\\.)*+)"'  # a quote inside is escaped; possessive, so that no line can make it backtrack
_ENTRY = re.compile(
    " ".join(
        [
            *[r"(\S+)"] * 12,  # type time elb client:port target:port, three processing times, two status codes, two sizes
            _QUOTED,  # request
            _QUOTED,  # user_agent
            *[r"(\S+)"] * 3,  # ssl_cipher ssl_protocol target_group_arn
            *[_QUOTED] * 3,  # trace_id domain_name chosen_cert_arn
            *[r"(\S+)"] * 2,  # matched_rule_priority request_creation_time
            *[_QUOTED] * 7,  # actions_executed … classification_reason
        ]
    )
    + r"(?: (\S+)(?: .*)?)?"  # conn_trace_id, and what may come after it
)
_BEGINNING = re.compile(r"(?:https?|h2|grpcs|wss?) [0-9]{4}-[0-9]{2}-[0-9]{2}T")
#: method, URL (which may hold spaces when a client sends them), protocol; each a dash or empty in a request that is no HTTP.
_REQUEST = re.compile(r"(\S+) (.*) (\S*)")
_URL = re.compile(r"([a-z]+)://(\[[^\]]*\]|[^/:?#]*)(?::([0-9]{1,5})-?)?(/[^?]*)?(?:\?(.*))?")
_TRACE = re.compile(r"Root=([^;]+)")
_TARGET_GROUP = re.compile(r"arn:[^:]+:elasticloadbalancing:([a-z0-9-]+):([0-9]{12}):targetgroup/(.+)")

# Nearly every line: a request that was passed on to one target and answered. Its values go into JSON as they are: text has
# nothing to escape, and numbers are written as JSON writes them.
_MOMENT = "([0-9T:.-]+Z)"
_ENDPOINT = rf"\[?([0-9a-f.:]+)\]?:({PORT})"
_SECONDS = r"((?:0|[1-9][0-9]{0,8})\.[0-9]{1,9})"
_STATUS = "[1-5][0-9]{2}"
_WORD = r'[^\s"\\\x00-\x1f]+'
_TEXT = r'"(?>-(?=")|([^"\\\x00-\x1f]*))"'
_USUAL = re.compile(
    " ".join(
        [
            rf"(https?|h2|grpcs|wss?) {_MOMENT} (?!- )({_WORD}) {_ENDPOINT} (?P<target>{_ENDPOINT})",
            rf"{_SECONDS} {_SECONDS} {_SECONDS} ({_STATUS}) (?P<answer>{_STATUS}) ({NUMBER}) ({NUMBER})",
            rf'"([A-Z]+) ([a-z]+)://([^/:?#\[\s"\\\x00-\x1f]+):({PORT})(/[^?\s"\\\x00-\x1f]*)(?:\?({_WORD})?)? HTTP/([0-9.]+)"',
            rf"{_TEXT} (?:- -|([A-Z0-9_-]{{2,}}) TLSv([0-9.]+))",
            rf"arn:[a-z-]+:elasticloadbalancing:([a-z0-9-]+):([0-9]{{12}}):targetgroup/({_WORD})",
            rf'"(?:Self=[^;"\\]*;)?Root=([^;"\\\x00-\x1f]+)(?:;[^"\\]*)?" {_TEXT} {_TEXT}',
            rf'([0-9]+) {_MOMENT} "([a-z][a-z,-]*)" "-" "-" "(?P=target)" "(?P=answer)" "-" "-"(?: (?>-|({_WORD}))(?: .*)?)?',
        ]
    )
)
_TEMPLATE = (
    '{"@timestamp":"%s","event":{"id":"%s","dataset":"aws.alb","kind":"event","category":["web"],"outcome":"%s","start":"%s",'
    '"duration":%d,"ingested":"%s"},"tenant":"%s","cloud":{"provider":"aws","region":"%s","account":{"id":"%s"}},'
    '"source":{"ip":"%s","port":%s},"destination":{"ip":"%s","port":%s},'
    '"http":{"request":{"method":"%s","bytes":%s},"response":{"status_code":%s,"bytes":%s},"version":"%s"},'
    '"url":{"scheme":"%s","domain":"%s","port":%s,"path":"%s"%s},%s"trace":{"id":"%s"},'
    '"aws":{"elb":{"name":"%s","type":"%s","target_group":"%s","request_seconds":%s,"target_seconds":%s,'
    '"response_seconds":%s,"target_status_code":%s,"matched_rule_priority":"%s","action_executed":["%s"]%s}}}'
)


def parse(line: str, stamp: Stamp) -> JsonObject | bytes:
    """`@timestamp` is when the response was made. Latencies are in seconds. Outcome: failure from status 400."""
    match = _USUAL.fullmatch(line)
    return (match and _usual(match, stamp)) or document(line)


def _usual(match: re.Match[str], stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None where a value of it is wrong after all."""
    kind, time, name, client, client_port, _, target, target_port, queued, processed, responded, *rest = match.groups()
    status, answer, received, sent, method, scheme, domain, port, path, query, version, user_agent, cipher, tls, *rest = rest
    region, account, target_group, trace, server_name, certificate, rule, created, actions, connection = rest
    if not (is_ip(client) and is_ip(target)):
        return None
    seconds = (queued, processed, responded)
    beside_url = ""
    if user_agent:
        beside_url = f'"user_agent":{{"original":"{user_agent}"}},'
    if cipher:
        client_name = f',"client":{{"server_name":"{server_name}"}}' if server_name else ""
        beside_url += f'"tls":{{"cipher":"{cipher}","version":"{tls}","version_protocol":"tls"{client_name}}},'
    elif server_name:
        beside_url += f'"tls":{{"client":{{"server_name":"{server_name}"}}}},'
    beside_actions = f',"chosen_cert":{{"arn":"{certificate}"}}' if certificate else ""
    if connection:
        beside_actions += f',"connection_trace_id":"{connection}"'
    return (
        _TEMPLATE
        % (
            *(moment("time", time), stamp.id, _outcome(int(status)), moment("request_creation_time", created)),
            *(_nanoseconds(map(float, seconds)), stamp.ingested, stamp.tenant, region, account),
            *(client, client_port, target, target_port, method, received, status, sent, version),
            *(scheme, domain, port, path, f',"query":"{query}"' if query else "", beside_url, trace),
            *(name, kind, target_group, *seconds, answer, rule, actions.replace(",", '","'), beside_actions),
        )
    ).encode()


def document(line: str) -> JsonObject:
    """The event of any line, field by field; says which field is wrong."""
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise Malformed("line: not the 29 fields of an access log entry, with its quotes closed")
    fields = [None if value == _ABSENT or value == "" else value for value in match.groups()]
    kind, time, name, client, target, queued, processed, responded, status, target_status, received, sent = fields[:12]
    request, user_agent, cipher, protocol, target_group, trace, domain, certificate, rule, created = fields[12:22]
    actions, redirect, error, targets, target_statuses, classification, classification_reason, connection = fields[22:]

    source = _endpoint("client:port", client)
    if time is None or source is None:
        raise Malformed("time and client:port: an access log entry has both")
    destination = _endpoint("target:port", target)
    code = _whole("elb_status_code", status, 999)
    seconds = {
        "request_seconds": _seconds("request_processing_time", queued),
        "target_seconds": _seconds("target_processing_time", processed),
        "response_seconds": _seconds("response_processing_time", responded),
    }
    known = [value for value in seconds.values() if value is not None]
    method, url, version = _request(request)
    located = _TARGET_GROUP.fullmatch(target_group) if target_group else None
    traced = _TRACE.search(trace) if trace else None

    balancer = present(
        name=name,
        type=kind,
        target_group=located[3] if located else target_group,
        **seconds,
        target_status_code=_whole("target_status_code", target_status, 999),
        chosen_cert=present(arn=certificate),
        matched_rule_priority=rule,
        action_executed=actions.split(",") if actions else None,
        redirect_url=redirect,
        error=present(reason=error),
        # One target, with its status, stands above already.
        targets=targets.split(" ") if targets and targets != target else None,
        targets_status_code=target_statuses.split(" ") if target_statuses and target_statuses != target_status else None,
        classification=classification,
        classification_reason=classification_reason,
        connection_trace_id=connection,
    )
    found = {
        "@timestamp": moment("time", time),
        "event": present(
            kind="event",
            category=["web"],
            outcome=_outcome(code),
            start=moment("request_creation_time", created) if created else None,
            duration=_nanoseconds(known) if len(known) == len(seconds) else None,
        ),
        "cloud": present(
            provider="aws",
            region=located[1] if located else None,
            account=present(id=located[2]) if located else None,
        ),
        "source": source,
        "destination": destination,
        "http": present(
            request=present(method=method, bytes=_whole("received_bytes", received, 2**63 - 1)),
            response=present(status_code=code, bytes=_whole("sent_bytes", sent, 2**63 - 1)),
            version=version,
        ),
        "url": url,
        "user_agent": present(original=user_agent),
        "tls": _tls(cipher, protocol, domain),
        "trace": present(id=traced[1] if traced else trace),
        "aws": {"elb": balancer},
    }
    return present(**found)


def _nanoseconds(seconds: Iterable[float]) -> int:
    return round(sum(seconds) * 1e9)


def _outcome(code: int | None) -> str:
    if code is None:
        return "unknown"
    return "failure" if code >= _FAILURE else "success"


def _whole(name: str, value: str | None, largest: int) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= largest):
        raise Malformed(f"{name}: {value[:60]!r} is not a whole number up to {largest}")
    return int(value)


def _seconds(name: str, value: str | None) -> float | None:
    """None for -1, which stands for a request that was not passed on or not answered."""
    if value is None or value == "-1":
        return None
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", value, re.ASCII):
        raise Malformed(f"{name}: {value[:60]!r} is not a number of seconds")
    return float(value)


def _endpoint(name: str, value: str | None) -> JsonObject | None:
    if value is None:
        return None
    ip, _, port = value.rpartition(":")
    ip = ip.removeprefix("[").removesuffix("]")
    if not is_ip(ip):
        raise Malformed(f"{name}: {value[:60]!r} is not an IP address and a port")
    return {"ip": ip, "port": _whole(name, port, 65_535)}


def _request(request: str | None) -> tuple[str | None, JsonObject, str | None]:
    """Method, `url` fields and HTTP version; each absent where the request was none the balancer understood."""
    if request is None:
        return None, {}, None
    match = _REQUEST.fullmatch(request)
    if match is None:
        raise Malformed(f"request: {request[:60]!r} is not a method, a URL and a protocol")
    method, url, protocol = match.groups()
    found = _URL.fullmatch(url)
    if found is None:
        fields = {"original": url}
    else:
        scheme, host, port, path, query = found.groups()
        number = _whole("request", port, 65_535)
        fields = present(scheme=scheme, domain=host or None, port=number, path=path, query=query)
    return None if method == _ABSENT else method, fields, protocol.removeprefix("HTTP/") or None


def _tls(cipher: str | None, protocol: str | None, server_name: str | None) -> JsonObject:
    name, _, version = (protocol or "").partition("v")
    return present(
        cipher=cipher,
        version=version or None,
        version_protocol=name.lower() or None,
        client=present(server_name=server_name),
    )


OWN = {
    "aws.elb.name": WORD,
    "aws.elb.type": WORD,
    "aws.elb.target_group": WORD,
    "aws.elb.request_seconds": FRACTION,
    "aws.elb.target_seconds": FRACTION,
    "aws.elb.response_seconds": FRACTION,
    "aws.elb.target_status_code": WHOLE,
    "aws.elb.chosen_cert.arn": WORD,
    "aws.elb.matched_rule_priority": WORD,
    "aws.elb.action_executed": WORDS,
    "aws.elb.redirect_url": LONG_WORD,
    "aws.elb.error.reason": WORD,
    "aws.elb.targets": WORDS,
    "aws.elb.targets_status_code": WORDS,
    "aws.elb.classification": WORD,
    "aws.elb.classification_reason": WORD,
    "aws.elb.connection_trace_id": WORD,
}

LOG_TYPE = LineType(
    name="alb",
    dataset="aws.alb",
    title="Application Load Balancer access log",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    arrival="The load balancer writes files to S3, of which every line is a record.",
    recognise=_BEGINNING.match,
    parse=parse,
    own=OWN,
    begins="hwg",
)
