"""What CloudFront's standard and real-time access logs have in common: fields of the same meaning, and what follows from several.

Fields: CloudFront developer guide, "Standard logging reference"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html) and "Use real-time access logs"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common import line_values, web_access
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
CONSTANTS: Mapping[str, Any] = {"event.category": ["web"]}
READ: Mapping[str, Read] = {
    "time-taken": web_access.nanoseconds,
    "cs-protocol-version": web_access.http_version,
    "sc-status": web_access.status,
}
#: The same for lines.
READ_OF_LINES: Mapping[str, Read] = {
    "time-taken": line_values.nanoseconds,
    "cs-protocol-version": line_values.http_version,
    "sc-status": line_values.status,
    "c-ip": line_values.address,
    "c-port": line_values.port,
    **dict.fromkeys(("sc-bytes", "cs-bytes", "sc-content-len", "asn"), line_values.whole),
    **dict.fromkeys(("time-to-first-byte", "origin-fbl", "origin-lbl"), line_values.number),
}


def plain(value: object) -> str | None:
    """The text of a header, which CloudFront writes with %-escapes."""
    return web_access.unescaped(value) if isinstance(value, str) else None


def named(names: Sequence[str], values: list[str]) -> JsonObject:
    """The values that are there, by their fields' names; those past the last name as `extra`."""
    record: JsonObject = {name: value for name, value in zip(names, values, strict=False) if value != ABSENT}
    if len(values) > len(names):
        record["extra"] = values[len(names) :]
    return record


def complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome and TLS version. A result type that only says the final one again is left out."""
    status = event.get("http", {}).get("response", {}).get("status_code")
    gone = status is None and rest.get("sc-status") == _GONE
    event["event"]["outcome"] = "failure" if gone else web_access.outcome(status)
    web_access.move_tls_version(event, rest, "ssl-protocol")
    delivery = event.get("aws", {}).get("cloudfront", {})
    result = delivery.get("result_type")
    if result is not None:
        for name in ("response_result_type", "detailed_result_type"):
            if delivery.get(name) == result:
                del delivery[name]
