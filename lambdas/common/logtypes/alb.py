"""Application Load Balancer access log entries.

Fields: Application Load Balancers guide, "Access log entries"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html). New fields come at the
end of a line: those that are known have their names in aws.elb.other, and the others are its `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.cache import Cache
from common.elb_fragments import END, OUTCOME, TOOK, groups, is_count, request_parts
from common.kinds import LONG_WORD, OPEN, WHOLE, WORD, WORDS, is_ip
from common.kinds import NUMBER as FRACTION
from common.logtype import JsonObject, LineType, Malformed, Stamp, moment, present
from common.timestamps import from_iso

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
    + r"(?: (\S+)( .*)?)?"  # conn_trace_id, and what may come after it
)
_LATER = ("transformed_host", "transformed_uri", "request_transform_status", "ip_address")
_LATER_VALUE = re.compile(rf" (?:{_QUOTED}|(\S*))")
_BEGINNING = re.compile(r"(?:https?|h2|grpcs|wss?) [0-9]{4}-[0-9]{2}-[0-9]{2}T")
#: method, URL (which may hold spaces when a client sends them), protocol; each a dash or empty in a request that is no HTTP.
_REQUEST = re.compile(r"(\S+) (.*) (\S*)")
_URL = re.compile(r"([a-z]+)://(\[[^\]]*\]|[^/:?#]*)(?::([0-9]{1,5})-?)?(/[^?]*)?(?:\?(.*))?")
TRACE = re.compile(r"Root=([^;]+)")
TARGET_GROUP = re.compile(r"arn:[^:]+:elasticloadbalancing:([a-z0-9-]+):([0-9]{12}):targetgroup/(.+)")

# Nearly every line: a request that was passed on to one target and answered, without anything to escape. What its parts become is
# remembered: balancers, targets, certificates, seconds and user agents come again and again.
_PARTS = 25  # between the quotes
_FIELDS_BEFORE_REQUEST = 13  # an empty one behind the last space
_NOTHING = frozenset(("", _ABSENT))
_ANY_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_PROTECTED = re.compile(
    r" (?:- -|([A-Z0-9_-]{2,}) TLSv([0-9.]+)) arn:[a-z-]+:elasticloadbalancing:([a-z0-9-]+):([0-9]{12}):targetgroup/(\S+) ",
    re.ASCII,
)
_ROOT = re.compile(r"(?:Self=[^;]*;)?Root=([^;]+)(?:;.*)?")
_RULED = re.compile(r" ([0-9]+) (\S+) ")
_KINDS = frozenset(("http", "https", "h2", "grpcs", "ws", "wss"))
_ACTIONS = re.compile("[a-z][a-z,-]*")
#: A request that was passed on as it came, and what may stand behind that.
_AS_IT_CAME = ' "-" "-" "-"'
_BEHIND = re.compile(r'(?: ("?)([0-9a-f.:]+)\1)?')
#: -, or an id.
_LAST = re.compile(r"(?: (?:-|([^\s-]\S*)))?")


def _taken(value: str) -> str:
    groups(_ACTIONS, value)
    return value.replace(",", '","')


def _protected(value: str) -> tuple[str, str, str]:
    """Of ` ssl_cipher ssl_protocol target_group_arn `: members of `tls`, those of `cloud`, and the target group."""
    cipher, tls, region, account, group = groups(_PROTECTED, value)
    protection = f'"cipher":"{cipher}","version":"{tls}","version_protocol":"tls"' if cipher else ""
    return protection, f'"cloud":{{"region":"{region}","account":{{"id":"{account}"}}}}', group


def _node(value: str) -> str:
    """The balancer's address, if it stands there."""
    _, address = groups(_BEHIND, value)
    return f',"other":{{"ip_address":"{address}"}}' if address else ""


_NODE = Cache(_node, 1_024)
_PROTECTION = Cache(_protected, 1_024)
_TAKEN = Cache(_taken, 256)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    before, as_it_came, behind = line.rpartition(_AS_IT_CAME)
    parts = (before or line).split('"')
    if len(parts) != _PARTS or "\\" in line or not line.isprintable():
        return None
    _, request, first, agent, middle, trace, second, domain, third, certificate, ruled, actions, *others, last = parts
    fields = parts[0].split(" ")
    if len(fields) != _FIELDS_BEFORE_REQUEST:
        return None
    kind, time, name, client, target, queued, processed, responded, status, answer, received, sent, _ = fields
    if not first == second == third == " ":
        return None
    if others != [" ", _ABSENT, " ", _ABSENT, " ", target, " ", answer, " ", _ABSENT, " ", _ABSENT]:
        return None
    if kind not in _KINDS or name == _ABSENT or not (is_count(received) and is_count(sent)):
        return None
    try:
        source, destination, outcome, _ = END[client], END[target], OUTCOME[status], OUTCOME[answer]
        nanoseconds = round((TOOK[queued] + TOOK[processed] + TOOK[responded]) * 1e9)
        protection, cloud, group = _PROTECTION[middle]
        method, scheme, host, port, path, query, version = request_parts(request)
        rule, created = groups(_RULED, ruled)
        (root,), (connection,) = groups(_ROOT, trace), groups(_LAST, last)
        at, start, taken, node = from_iso(time), from_iso(created), _TAKEN[actions], _NODE[behind] if as_it_came else ""
    except ValueError:
        return None
    server = "" if domain in _NOTHING else f'"client":{{"server_name":"{domain}"}}'
    tls = f'"tls":{{{protection}{"," if protection and server else ""}{server}}},' if protection or server else ""
    asked = f',"query":"{query}"' if query else ""
    said = "" if agent in _NOTHING else f'"user_agent":{{"original":"{agent}"}},'
    proven = "" if certificate in _NOTHING else f',"chosen_cert":{{"arn":"{certificate}"}}'
    traced = f',"connection_trace_id":"{connection}"' if connection else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"aws.alb","category":["web"],'
        f'"outcome":"{outcome}","start":"{start}","duration":{nanoseconds}{stamp.json},{cloud},"source":{source},'
        f'"destination":{destination},"http":{{"request":{{"method":"{method}","bytes":{received}}},'
        f'"response":{{"status_code":{status},"bytes":{sent}}},"version":"{version}"}},'
        f'"url":{{"scheme":"{scheme}","domain":"{host}","port":{port},"path":"{path}"{asked}}},{said}{tls}'
        f'"trace":{{"id":"{root}"}},"aws":{{"elb":{{"name":"{name}","type":"{kind}","target_group":"{group}",'
        f'"request_seconds":{queued},"target_seconds":{processed},"response_seconds":{responded},"target_status_code":{answer},'
        f'"matched_rule_priority":"{rule}","action_executed":["{taken}"]{proven}{traced}{node}}}}}}}'
    ).encode()


def parse(line: str, stamp: Stamp) -> JsonObject:
    """The event of any line, field by field; Malformed says which field is wrong.

    `@timestamp` is when the response was made. Latencies are in seconds. Outcome: failure from status 400.
    """
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise Malformed("line: not the 29 fields of an access log entry, with its quotes closed")
    *values, later = match.groups()
    return event(values, _later(later) if later else {})


def _later(written: str) -> JsonObject:
    """What stands behind `conn_trace_id`."""
    values = [quoted or bare for quoted, bare in _LATER_VALUE.findall(written)]
    other: JsonObject = {name: value for name, value in zip(_LATER, values, strict=False) if value not in _NOTHING}
    if len(values) > len(_LATER):
        other["extra"] = values[len(_LATER) :]
    return other


def event(values: Iterable[str | None], other: JsonObject) -> JsonObject:
    """The event of an entry's fields, from its type to `conn_trace_id`, and of others, by name. Raises Malformed."""
    fields = [None if value == _ABSENT or value == "" else value for value in values]
    kind, time, name, client, target, queued, processed, responded, status, target_status, received, sent = fields[:12]
    request, user_agent, cipher, protocol, target_group, trace, domain, certificate, rule, created = fields[12:22]
    actions, redirect, error, targets, target_statuses, classification, classification_reason, connection = fields[22:]

    source = endpoint("client:port", client)
    if time is None or source is None:
        raise Malformed("time and client:port: an access log entry has both")
    destination = endpoint("target:port", target)
    code = _whole("elb_status_code", status, 999)
    seconds = {
        "request_seconds": took("request_processing_time", queued),
        "target_seconds": took("target_processing_time", processed),
        "response_seconds": took("response_processing_time", responded),
    }
    known = [value for value in seconds.values() if value is not None]
    method, url, version = _request(request)
    located = TARGET_GROUP.fullmatch(target_group) if target_group else None
    traced = TRACE.search(trace) if trace else None

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
        other=other,
    )
    found = {
        "@timestamp": moment("time", time),
        "event": present(
            category=["web"],
            outcome=outcome_of(code),
            start=moment("request_creation_time", created) if created else None,
            duration=_nanoseconds(known) if len(known) == len(seconds) else None,
        ),
        "cloud": present(
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


def outcome_of(code: int | None) -> str:
    if code is None:
        return "unknown"
    return "failure" if code >= _FAILURE else "success"


def _whole(name: str, value: str | None, largest: int) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= largest):
        raise Malformed(f"{name}: {value[:60]!r} is not a whole number up to {largest}")
    return int(value)


def took(name: str, value: str | None) -> float | None:
    """None for -1, which stands for a request that was not passed on or not answered."""
    if value is None or value == "-1":
        return None
    if _ANY_SECONDS.fullmatch(value) is None:
        raise Malformed(f"{name}: {value[:60]!r} is not a number of seconds")
    return float(value)


def endpoint(name: str, value: str | None) -> JsonObject | None:
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
    "aws.elb.other": OPEN,
}

LOG_TYPE = LineType(
    name="alb",
    dataset="aws.alb",
    title="Application Load Balancer access log",
    page="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    arrival="The load balancer writes files to S3, of which every line is a record.",
    recognise=_BEGINNING.match,
    parse=parse,
    quick=quick,
    own=OWN,
    begins="hwg",
)
