"""AWS WAF logs of a web ACL (protection pack): one object a request.

Fields: AWS WAF developer guide, "Log fields for protection pack (web ACL) traffic"
(https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html).

Much of a log is searched by nobody under its own name (headers, rule groups, what matched): these parts stay as they are in one
open object. The table says what becomes of every field; a usual log takes a shorter way to the same event, because of few types
is there more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from common.kinds import WORD, WORDS, is_ip
from common.logtype import JsonObject, ObjectType, Stamp
from common.table import Table
from common.timestamps import from_milliseconds

_ALLOWED = ("success", ["access", "allowed"])
_DENIED = ("failure", ["access", "denied"])
#: event.outcome and event.type by the terminating action; CAPTCHA and Challenge end a request that has no valid token.
_VERDICTS = {"ALLOW": _ALLOWED, "BLOCK": _DENIED, "CAPTCHA": _DENIED, "CHALLENGE": _DENIED}
_NO_VERDICT = ("unknown", ["access"])
_NO_COUNTRY = "-"
_ARN = re.compile(r"arn:[a-z-]+:wafv2:([a-z0-9-]+):([0-9]{12}):(?:global|regional)/webacl/([^/]+)/.+")
_LENGTHS = (len("host"), len("user-agent"))


def recognise(record: JsonObject) -> bool:
    return "httpSourceName" in record and "httpSourceId" in record


@lru_cache(maxsize=1_024)
def _located(arn: str) -> tuple[str, str, str]:
    """Region, account and name of a web ACL; empty for AWS WAF Classic, whose id has none of them."""
    match = _ARN.fullmatch(arn)
    return (match[1], match[2], match[3]) if match else ("", "", "")


@lru_cache(maxsize=1_024)
def _domain(host: str) -> str:
    """The Host header without its port. An IPv6 address stands in brackets there."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _searched(headers: Iterable[JsonObject]) -> tuple[str, str]:
    """User agent and domain. The headers themselves stay where they are, in the order the client sent them."""
    agent = domain = ""
    for header in headers:
        name = header["name"]
        if len(name) in _LENGTHS:
            name = name.lower()
            if name == "user-agent":
                agent = header["value"]
            elif name == "host":
                domain = _domain(header["value"])
    return agent, domain


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, logged, request = event["event"], event.get("aws", {}).get("waf", {}), rest.get("httpRequest")
    if action := happened.get("action"):
        happened["outcome"], happened["type"] = _VERDICTS.get(action.upper(), _NO_VERDICT)
    region, account, name = _located(logged.get("web_acl_id", ""))
    if name:
        event["cloud"] |= {"region": region, "account": {"id": account}}
        logged["web_acl"] = name
    if type(request) is not dict:
        return
    if request.get("country") == _NO_COUNTRY:
        del request["country"]
        if not request:
            del rest["httpRequest"]
    headers = request.get("headers")
    agent, domain = _searched(header for header in headers if _is_header(header)) if type(headers) is list else ("", "")
    if agent:
        event["user_agent"] = {"original": agent}
    if domain:
        event.setdefault("url", {})["domain"] = domain


def _is_header(value: Any) -> bool:
    return type(value) is dict and type(value.get("name")) is str and type(value.get("value")) is str


def _action(value: Any) -> str | None:
    return value.lower() if type(value) is str else None


def _country(value: Any) -> str | None:
    return value if type(value) is str and value != _NO_COUNTRY else None


def _version(value: Any) -> str | None:
    return value.removeprefix("HTTP/") or None if type(value) is str else None


def _labels(value: Any) -> list[str] | None:
    """[{"name": …}, …]."""
    if type(value) is not list or not all(type(label) is dict and label.keys() == {"name"} for label in value):
        return None
    names = [label["name"] for label in value]
    return names if all(type(name) is str for name in names) else None


TABLE = Table(
    {
        "timestamp": "@timestamp",
        "action": "event.action",
        "terminatingRuleId": "rule.id",
        "terminatingRuleType": "rule.category",
        "webaclId": "aws.waf.web_acl_id",
        "httpSourceName": "aws.waf.source_name",
        "httpSourceId": "aws.waf.source_id",
        "labels": "aws.waf.labels",
        "responseCodeSent": "http.response.status_code",
        "ja3Fingerprint": "tls.client.ja3",
        "ja4Fingerprint": "aws.waf.ja4",
        "clientAsn": "source.as.number",
        "requestBodySize": "http.request.bytes",
        "httpRequest.clientIp": "source.ip",
        "httpRequest.country": "source.geo.country_iso_code",
        "httpRequest.uri": "url.path",
        "httpRequest.args": "url.query",
        "httpRequest.httpVersion": "http.version",
        "httpRequest.httpMethod": "http.request.method",
        "httpRequest.requestId": "http.request.id",
    },
    own={
        **{f"aws.waf.{name}": WORD for name in ("web_acl", "web_acl_id", "source_name", "source_id", "ja4")},
        "aws.waf.labels": WORDS,
    },
    rest="aws.waf.other",
    constants={"event.kind": "event", "event.category": ["web"], "cloud.provider": "aws"},
    read={"action": _action, "labels": _labels, "httpRequest.country": _country, "httpRequest.httpVersion": _version},
    complete=_complete,
)


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is when AWS WAF received the request. A request that was not allowed is an outcome of failure."""
    try:
        event = _usual(record)
    except (KeyError, TypeError, AttributeError):  # it lacks something, or has another type there than documented
        event = None
    return event or TABLE.event(record, stamp)


_PLACED = frozenset(source.partition(".")[0] for source in TABLE.fields)
_PLACED_REQUEST = frozenset(source.removeprefix("httpRequest.") for source in TABLE.fields if source.startswith("httpRequest."))
#: Fields of few logs, which the table places.
_RARE = ("responseCodeSent", "clientAsn")


def _usual(record: JsonObject) -> JsonObject | None:
    """The event of a log with all the usual fields; None where a value is not what it usually is. Raises what operations on
    other types than the documented ones do."""
    request, time = record["httpRequest"], record["timestamp"]
    words = (
        *(record["action"], record["terminatingRuleId"], record["terminatingRuleType"]),
        *(record["webaclId"], record["httpSourceName"], record["httpSourceId"]),
        *(request["country"], request["uri"], request["httpMethod"], request["httpVersion"], request["requestId"]),
    )
    "".join(words)  # raises TypeError where one is no text
    action, rule, kind, acl, source_name, source_id, country, path, method, version, request_id = words
    region, account, name = _located(acl)
    verdict, client, headers = _VERDICTS.get(action), request["clientIp"], request["headers"]
    if not all(words) or not name or verdict is None or country == _NO_COUNTRY or version[:5] != "HTTP/" or not version[5:]:
        return None
    if type(time) is not int or not 10**11 <= time < 10**14 or not is_ip(client):
        return None
    if any(record.get(name) is not None for name in _RARE):
        return None
    agent, domain = _searched(headers)
    "".join((agent, domain))
    waf: JsonObject = {"web_acl_id": acl, "source_name": source_name, "source_id": source_id, "web_acl": name}
    sent: JsonObject = {"method": method, "id": request_id}
    url = {"path": path}
    event = {
        "@timestamp": from_milliseconds(time),
        "event": {"kind": "event", "category": ["web"], "action": action.lower(), "outcome": verdict[0], "type": verdict[1]},
        "cloud": {"provider": "aws", "region": region, "account": {"id": account}},
        "rule": {"id": rule, "category": kind},
        "source": {"ip": client, "geo": {"country_iso_code": country}},
        "http": {"version": version[5:], "request": sent},
        "url": url,
        "aws": {"waf": waf},
    }
    if query := request["args"]:
        url["query"] = query + ""
    if domain:
        url["domain"] = domain
    if agent:
        event["user_agent"] = {"original": agent}
    if labels := record.get("labels"):
        waf["labels"] = names = _labels(labels)
        if names is None:
            return None
    if ja3 := record.get("ja3Fingerprint"):
        event["tls"] = {"client": {"ja3": ja3 + ""}}
    if ja4 := record.get("ja4Fingerprint"):
        waf["ja4"] = ja4 + ""
    if (size := record.get("requestBodySize")) is not None:
        if type(size) is not int or not 0 <= size < 2**63:
            return None
        sent["bytes"] = size
    other = {name: value for name, value in record.items() if (value or value == 0) and name not in _PLACED}
    held = {name: value for name, value in request.items() if (value or value == 0) and name not in _PLACED_REQUEST}
    if held:
        other["httpRequest"] = held
    if other:
        waf["other"] = other
    return event


LOG_TYPE = ObjectType(
    name="waf",
    dataset="aws.waf",
    title="AWS WAF web ACL log",
    page="https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
    arrival="The web ACL's logging configuration: a Firehose stream, a log group's subscription, or its files in S3.",
    recognise=recognise,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("webaclId", "terminatingRuleId", "httpRequest"),
)
