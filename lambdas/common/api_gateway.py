"""What the access logs of API Gateway's REST, HTTP and WebSocket APIs share.

An API's owner writes the format: `$context` variables under names of his own. The names here are those of the formats the guides
give, and otherwise the variables' last parts, as the consoles' examples have them. A variable without a value is a dash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from common.common_log import request_time
from common.kinds import INSTANT, WHOLE, WORD, Kind
from common.logtype import JsonObject, Malformed, Stamp
from common.table import Table

_ABSENT = "-"
#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
FAILURE = 400
#: A year in milliseconds.
_LONGEST = 31_536_000_000

_FIELDS = {
    "requestTimeEpoch": "@timestamp",
    "requestTime": "@timestamp",
    "requestId": "http.request.id",
    "extendedRequestId": "aws.apigateway.extended_request_id",
    "ip": "source.ip",
    "sourceIp": "source.ip",
    "user": "user.name",
    "caller": "user.id",
    "userAgent": "user_agent.original",
    "httpMethod": "http.request.method",
    "path": "url.path",
    "domainName": "url.domain",
    "protocol": "http.version",
    "status": "http.response.status_code",
    "responseLength": "http.response.body.bytes",
    "responseLatency": "event.duration",
    "integrationLatency": "aws.apigateway.integration_latency_ms",
    "integrationStatus": "aws.apigateway.integration_status",
    "integrationErrorMessage": "error.message",
    "errorMessage": "error.message",
    "errorType": "error.type",
    "accountId": "cloud.account.id",
    "apiId": "aws.apigateway.api_id",
    "stage": "aws.apigateway.stage",
    "xrayTraceId": "trace.id",
    "tlsVersion": "tls.version",
    "cipherSuite": "tls.cipher",
}
_OWN: Mapping[str, Kind] = {
    "aws.apigateway.extended_request_id": WORD,
    "aws.apigateway.integration_latency_ms": WHOLE,
    "aws.apigateway.integration_status": WHOLE,
    "aws.apigateway.api_id": WORD,
    "aws.apigateway.stage": WORD,
    "aws.apigateway.route": WORD,
}


def table(fields: Mapping[str, str]) -> Table:
    """The table of one kind of API, which has `fields` beside those of all."""
    return Table(
        {**_FIELDS, **fields},
        own=_OWN,
        rest="aws.apigateway.other",
        constants={"event.category": ["web", "api"]},
        read={
            "requestTime": _time,
            "protocol": _version,
            "responseLatency": _milliseconds,
            "tlsVersion": _tls_version,
        },
        complete=_complete,
    )


def parser(rules: Table) -> Callable[[JsonObject, Stamp], JsonObject]:
    """The parser of one kind of API's logs, for which a dash is no value."""

    def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
        return rules.event({name: value for name, value in record.items() if value != _ABSENT}, stamp)

    return parse


def _time(value: object) -> str | None:
    """Common Log Format; ISO 8601 or an epoch number where the format has another variable under this name."""
    if isinstance(value, str):
        try:
            return request_time(value)
        except Malformed:
            pass
    found: str | None = INSTANT.read(value)
    return found


def _version(value: object) -> str | None:
    return value[5:] or None if isinstance(value, str) and value.startswith("HTTP/") else None


def _tls_version(value: object) -> str | None:
    return value[4:] or None if isinstance(value, str) and value.startswith("TLSv") else None


def _milliseconds(value: object) -> int | None:
    """As nanoseconds, for which `event.duration` has 64 bits."""
    latency = WHOLE.read(value)
    return latency * 1_000_000 if latency is not None and 0 <= latency <= _LONGEST else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    status = event.get("http", {}).get("response", {}).get("status_code")
    failed = status is not None and status >= FAILURE
    event["event"] |= {
        "type": ["error"] if failed else ["access"],
        "outcome": "unknown" if status is None else "failure" if failed else "success",
    }
    gateway = event.get("aws", {}).get("apigateway", {})
    if "extended_request_id" in gateway and gateway["extended_request_id"] == event.get("http", {}).get("request", {}).get("id"):
        del gateway["extended_request_id"]  # of HTTP APIs the two are one
        if not gateway:
            del event["aws"]
