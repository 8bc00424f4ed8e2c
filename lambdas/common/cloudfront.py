"""What CloudFront's standard and real-time access logs have in common: fields of the same meaning, and what follows from several.

Fields: CloudFront developer guide, "Standard logging reference"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html) and "Use real-time access logs"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common import web_access
from common.kinds import NUMBER, WORD, Kind
from common.logtype import JsonObject
from common.table_code import Read

#: What a field without a value says.
ABSENT = "-"
#: The status of a request whose viewer went away before there was a response.
_GONE = "000"

#: Names that mean the same in both. The request's id is the event's: one request is one entry.
FIELDS: Mapping[str, str] = {
    "x-edge-request-id": "event.id",
    "x-edge-location": "aws.cloudfront.edge_location",
    "x-edge-result-type": "aws.cloudfront.result_type",
    "x-edge-response-result-type": "aws.cloudfront.response_result_type",
    "x-edge-detailed-result-type": "aws.cloudfront.detailed_result_type",
    "x-forwarded-for": "aws.cloudfront.x_forwarded_for",
    "cache-behavior-path-pattern": "aws.cloudfront.path_pattern",
    "primary-distribution-id": "aws.cloudfront.distribution_id",
    "time-to-first-byte": "aws.cloudfront.first_byte_seconds",
    "origin-fbl": "aws.cloudfront.origin_first_byte_seconds",
    "origin-lbl": "aws.cloudfront.origin_last_byte_seconds",
    "time-taken": "event.duration",
    "c-ip": "source.ip",
    "c-port": "source.port",
    "c-country": "source.geo.country_iso_code",
    "asn": "source.as.number",
    "cs-method": "http.request.method",
    "cs-bytes": "http.request.bytes",
    "cs-protocol": "url.scheme",
    "cs-protocol-version": "http.version",
    "cs-uri-stem": "url.path",
    "cs-uri-query": "url.query",
    "sc-status": "http.response.status_code",
    "sc-bytes": "http.response.bytes",
    "sc-content-len": "http.response.body.bytes",
    "sc-content-type": "http.response.mime_type",
    "ssl-cipher": "tls.cipher",
}
OWN: Mapping[str, Kind] = {
    "aws.cloudfront.distribution_id": WORD,
    "aws.cloudfront.distribution_domain": WORD,
    "aws.cloudfront.edge_location": WORD,
    "aws.cloudfront.result_type": WORD,
    "aws.cloudfront.response_result_type": WORD,
    "aws.cloudfront.detailed_result_type": WORD,
    "aws.cloudfront.path_pattern": WORD,
    "aws.cloudfront.x_forwarded_for": WORD,
    "aws.cloudfront.first_byte_seconds": NUMBER,
    "aws.cloudfront.origin_first_byte_seconds": NUMBER,
    "aws.cloudfront.origin_last_byte_seconds": NUMBER,
}
REST = "aws.cloudfront.other"
CONSTANTS: Mapping[str, Any] = {"event.kind": "event", "event.category": ["web"], "cloud.provider": "aws"}
READ: Mapping[str, Read] = {
    "time-taken": web_access.nanoseconds,
    "cs-protocol-version": web_access.http_version,
    "sc-status": web_access.status,
}


def plain(value: object) -> str | None:
    """The text of a header, which CloudFront writes with %-escapes."""
    return web_access.unescaped(value) if isinstance(value, str) else None


def named(names: Iterable[str], values: list[str]) -> JsonObject:
    """The values that are there, by their fields' names; those past the last name as `extra`."""
    record: JsonObject = {name: value for name, value in zip(names, values, strict=False) if value != ABSENT}
    count = len(tuple(names))
    if len(values) > count:
        record["extra"] = values[count:]
    return record


def complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome and TLS version. A result type that only says the final one again is left out."""
    status = event.get("http", {}).get("response", {}).get("status_code")
    if status is None and rest.get("sc-status") == _GONE:
        event["event"]["outcome"] = "failure"
    else:
        event["event"]["outcome"] = web_access.outcome(status)
    web_access.move_tls_version(event, rest, "ssl-protocol")
    delivery = event.get("aws", {}).get("cloudfront", {})
    for name in ("response_result_type", "detailed_result_type"):
        if name in delivery and delivery[name] == delivery.get("result_type"):
            del delivery[name]
