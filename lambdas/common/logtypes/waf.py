"""AWS WAF logs of a web ACL (protection pack): one object a request.

Fields: AWS WAF developer guide, "Log fields for protection pack (web ACL) traffic"
(https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html).

Much of a log is searched by nobody under its own name (headers, rule groups, what matched): these parts stay as they are in one
open object. The table says what becomes of every field. A usual log takes a shorter way to the same event, because of few types
is there more: msgspec decodes it and checks the types of its fields on the way, in half the time of a decoder that makes a
dictionary of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
import orjson

from common.cache import Cache, remembered
from common.fragment import fragment
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


def recognise(record: JsonObject) -> bool:
    return "httpSourceName" in record and "httpSourceId" in record


@remembered(1_024)
def _located(arn: str) -> tuple[str, str, str]:
    """Region, account and name of a web ACL; empty for AWS WAF Classic, whose id has none of them."""
    match = _ARN.fullmatch(arn)
    return (match[1], match[2], match[3]) if match else ("", "", "")


def _domain(host: str) -> str:
    """The Host header without its port. An IPv6 address stands in brackets there."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _searched(headers: Iterable[_Header]) -> tuple[str, str]:
    """User agent and domain. The headers themselves stay where they are, in the order the client sent them."""
    agent = domain = ""
    for header in headers:
        name = header.name
        length = len(name)
        if length == 4 or length == 10:  # quicker to tell than the name itself, of which most logs have a dozen
            name = name.lower()
            if name == "user-agent":
                agent = header.value
            elif name == "host":
                domain = _domain(header.value)
    return agent, domain


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, logged, request = event["event"], event.get("aws", {}).get("waf", {}), rest.get("httpRequest")
    if action := happened.get("action"):
        happened["outcome"], happened["type"] = _VERDICTS.get(action.upper(), _NO_VERDICT)
    region, account, name = _located(logged.get("web_acl_id", ""))
    if name:
        event["cloud"] = {"region": region, "account": {"id": account}}
        logged["web_acl"] = name
    if type(request) is not dict:
        return
    if request.get("country") == _NO_COUNTRY:
        del request["country"]
        if not request:
            del rest["httpRequest"]
    headers = request.get("headers")
    named = filter(_is_header, headers) if type(headers) is list else ()
    agent, domain = _searched(_Header(header["name"], header["value"]) for header in named)
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
    constants={"event.category": ["web"]},
    read={"action": _action, "labels": _labels, "httpRequest.country": _country, "httpRequest.httpVersion": _version},
    complete=_complete,
)


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is when AWS WAF received the request. A request that was not allowed is an outcome of failure."""
    return TABLE.event(record, stamp)


# What is remembered has a longest length, so that nobody can fill the memory by what he sends.
_NOTHING = msgspec.Raw(b"null")
_LONGEST_PART = 4_096
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Header(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    value: str


class _Label(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str


class _Request(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    client_ip: _Name
    country: _Name
    headers: list[_Header] | None
    uri: _Text
    args: str
    http_version: _Name
    http_method: _Text
    request_id: _Text
    fragment: str | None = None
    scheme: str | None = None
    host: str | None = None


class _Usual(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A usual log, in the order AWS WAF writes its fields."""

    timestamp: Annotated[int, msgspec.Meta(ge=10**11, lt=10**14)]
    webacl_id: _Name
    terminating_rule_id: _Name
    terminating_rule_type: _Name
    action: _Name
    http_source_name: _Text
    http_source_id: _Text
    http_request: _Request
    format_version: _Count | None = None
    terminating_rule_match_details: list[Any] | None = None
    rule_group_list: msgspec.Raw = _NOTHING
    rate_based_rule_list: list[Any] | None = None
    non_terminating_matching_rules: list[Any] | None = None
    request_headers_inserted: list[Any] | None = None
    response_code_sent: _Count | None = None
    captcha_response: dict[str, Any] | None = None
    challenge_response: dict[str, Any] | None = None
    oversize_fields: list[Any] | None = None
    request_body_size: _Count | None = None
    request_body_size_inspected_by_waf: _Count | None = msgspec.field(name="requestBodySizeInspectedByWAF", default=None)
    cf_distribution_tenant_id: str | None = None
    labels: list[_Label] | None = None
    ja3_fingerprint: str | None = None
    ja4_fingerprint: str | None = None
    client_asn: _Count | None = None
    forwarded_asn: _Count | None = None


def _known_acl(arn: str) -> tuple[JsonObject, JsonObject]:
    """Where it is, and the first fields of `aws.waf`."""
    region, account, name = _located(arn)
    if not name:
        return {}, {"web_acl_id": arn}
    return {"cloud": {"region": region, "account": {"id": account}}}, {"web_acl_id": arn, "web_acl": name}


def _known_verdict(verdict: tuple[str, str, str]) -> tuple[JsonObject, JsonObject]:
    """`event` and `rule`."""
    action, rule, kind = verdict
    outcome, kinds = _VERDICTS.get(action.upper(), _NO_VERDICT)
    event = {"category": ["web"], "action": action.lower(), "outcome": outcome, "type": kinds}
    return event, {"id": rule, "category": kind}


def _known_source(client: tuple[str, str, int | None]) -> JsonObject:
    address, country, number = client
    if not is_ip(address):
        raise ValueError("clientIp")
    source: JsonObject = {"ip": address}
    if country != _NO_COUNTRY:
        source["geo"] = {"country_iso_code": country}
    if number is not None:
        source["as"] = {"number": number}
    return source


def _known_groups(groups: bytes) -> Any:
    found = orjson.loads(groups)
    if found is not None and type(found) is not list:
        raise ValueError("ruleGroupList")
    return fragment(found)


_ACL = Cache(_known_acl, 1_024)
_VERDICT = Cache(_known_verdict, 1_024)
_SOURCE = Cache(_known_source)
#: The same for request after request, until a rule matches one.
_GROUPS = Cache(_known_groups, 256)
_encoded = msgspec.json.Encoder().encode
_decoded = msgspec.json.Decoder(_Usual).decode


def quick(data: bytes) -> JsonObject | None:
    """The event of a usual log; None for any other."""
    try:
        record = _decoded(data)
        request, evaluated = record.http_request, bytes(record.rule_group_list)
        agent, domain = _searched(request.headers or ())
        source = _SOURCE[request.client_ip, request.country, record.client_asn]
        groups = _GROUPS[evaluated] if len(evaluated) <= _LONGEST_PART else _known_groups(evaluated)
    except (msgspec.DecodeError, orjson.JSONEncodeError, ValueError, RecursionError):
        return None
    version = request.http_version.removeprefix("HTTP/")
    if not version:
        return None
    place, logged = _ACL[record.webacl_id]
    event, rule = _VERDICT[record.action, record.terminating_rule_id, record.terminating_rule_type]
    logged = logged.copy()
    logged["source_name"], logged["source_id"] = record.http_source_name, record.http_source_id
    url: JsonObject = {"path": request.uri}
    sent: JsonObject = {"method": request.http_method, "id": request.request_id}
    http: JsonObject = {"version": version, "request": sent}
    document: JsonObject = {
        "@timestamp": from_milliseconds(record.timestamp),
        "event": event.copy(),
        **place,
        "rule": rule,
        "source": source,
        "http": http,
        "url": url,
        "aws": {"waf": logged},
    }
    if query := request.args:
        url["query"] = query
    if domain:
        url["domain"] = domain
    if agent:
        document["user_agent"] = {"original": agent}
    if (code := record.response_code_sent) is not None:
        http["response"] = {"status_code": code}
    if (size := record.request_body_size) is not None:
        sent["bytes"] = size
    if labels := record.labels:
        logged["labels"] = [label.name for label in labels]
    if ja3 := record.ja3_fingerprint:
        document["tls"] = {"client": {"ja3": ja3}}
    if ja4 := record.ja4_fingerprint:
        logged["ja4"] = ja4
    if other := _kept(record, groups):
        logged["other"] = other
    return document


def _kept(record: _Usual, groups: Any) -> JsonObject:
    """What a log holds beside the fields that have a place of their own."""
    request = record.http_request
    kept: JsonObject = {}
    if (version := record.format_version) is not None:
        kept["formatVersion"] = version
    if details := record.terminating_rule_match_details:
        kept["terminatingRuleMatchDetails"] = details
    if groups:
        kept["ruleGroupList"] = groups
    if rates := record.rate_based_rule_list:
        kept["rateBasedRuleList"] = rates
    if others := record.non_terminating_matching_rules:
        kept["nonTerminatingMatchingRules"] = others
    if inserted := record.request_headers_inserted:
        kept["requestHeadersInserted"] = inserted
    if captcha := record.captcha_response:
        kept["captchaResponse"] = captcha
    if challenge := record.challenge_response:
        kept["challengeResponse"] = challenge
    if oversize := record.oversize_fields:
        kept["oversizeFields"] = oversize
    if (inspected := record.request_body_size_inspected_by_waf) is not None:
        kept["requestBodySizeInspectedByWAF"] = inspected
    if distribution := record.cf_distribution_tenant_id:
        kept["cfDistributionTenantId"] = distribution
    if (forwarded := record.forwarded_asn) is not None:
        kept["forwardedAsn"] = forwarded
    sent: JsonObject = {"headers": orjson.Fragment(_encoded(request.headers))} if request.headers else {}
    if fragment := request.fragment:
        sent["fragment"] = fragment
    if scheme := request.scheme:
        sent["scheme"] = scheme
    if host := request.host:
        sent["host"] = host
    if sent:
        kept["httpRequest"] = sent
    return kept


LOG_TYPE = ObjectType(
    name="waf",
    dataset="aws.waf",
    title="AWS WAF web ACL log",
    page="https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
    arrival="The web ACL's logging configuration: a Firehose stream, a log group's subscription, or its files in S3.",
    recognise=recognise,
    parse=parse,
    quick=quick,
    openings=(b'{"timestamp"', b'{"action"'),
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("webaclId", "terminatingRuleId", "httpRequest"),
)
