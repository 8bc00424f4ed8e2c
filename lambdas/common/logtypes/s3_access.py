"""S3 server access logs, in the text format of files in a bucket.

Fields: Amazon S3 user guide, "Amazon S3 server access log format"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html). New fields come at the end of a line. The page has
Request-URI, Referer and User-Agent in quotes; the records of a multi-object delete, which are no request of their own, have a
bare dash there. A quote in a user agent is not escaped, so the last one of the line closes it.

The request id is no event's: the records of a multi-object delete share one, and so do the two of a copy.
"""

from __future__ import annotations

import re

from common import line_values
from common.cache import remembered
from common.common_log import request_line, request_time
from common.kinds import FLAG, LONG_WORD, WHOLE, WORD
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_ABSENT = "-"
#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
_FAILURE = 400

_BEGINNING = re.compile(r"[0-9a-f]{64} \S{3,255} \[[0-9]")  # a canonical user id, a bucket, a time
_HEAD = ("bucket_owner", "bucket", "time", "remote_ip", "requester", "request_id", "operation", "key")
_RESULT = ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")
_TAIL = (
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
)
#: All but the request.
_FIELDS = (*_HEAD, *_RESULT, "referer", "user_agent", *_TAIL)
#: The time has two words.
_HEAD_WORDS = len(_HEAD) + 1
#: The end of a request, which may have quotes in it.
_REQUEST_END = re.compile(r'" (?=(?:[0-9]{3}|-) )')
_STATUS = re.compile("[0-9]{3}|-")
#: The page's example of a Request-URI has no HTTP version.
_WITHOUT_VERSION = re.compile(r"([A-Z]+) (/\S*)")
#: Between the quotes of request, referer and user agent, where there are no others.
_PARTS = 7


def split(line: str) -> JsonObject:
    """The fields of a line by name, and in `extra` what comes after those the page lists. Raises Malformed."""
    parts = line.split('"')
    request, values = (len(parts) == _PARTS and _usual(*parts)) or _any(line)
    _, _, day, offset = values[:4]
    if not day.startswith("["):
        raise Malformed("line: no time in brackets after the bucket's owner and the bucket")
    values[2:4] = [f"{day[1:]} {offset[:-1]}"]
    record: JsonObject = {name: value for name, value in zip(_FIELDS, values, strict=False) if value != _ABSENT}
    if request and request != _ABSENT:
        record |= _requested(request, answered=bool(record.get("http_status")))
    if len(values) > len(_FIELDS):
        record["extra"] = values[len(_FIELDS) :]
    return record


def _requested(text: str, *, answered: bool) -> JsonObject:
    """The parts of a request. Without a status after it a line is cut off, and maybe in its path."""
    parts = request_line(text)
    if answered and "original" in parts and (match := _WITHOUT_VERSION.fullmatch(text)) is not None:
        method, target = match.groups()
        path, _, query = target.partition("?")
        return {"method": method, "path": path, "query": query}
    return parts


def _usual(
    head: str, request: str, result: str, referer: str, space: str, user_agent: str, tail: str
) -> tuple[str, list[str]] | None:
    """The request, and all other values in their order; None where a quote is part of a value."""
    beginning, answer = head.split(" "), result.split(" ")
    if len(beginning) != _HEAD_WORDS + 1 or len(answer) != len(_RESULT) + 2 or space != " ":
        return None
    if beginning.pop() or answer.pop() or answer.pop(0) or not _STATUS.fullmatch(answer[0]):
        return None
    return request, [*beginning, *answer, referer, user_agent, *tail.split()]


def _any(line: str) -> tuple[str, list[str]]:
    """As `_usual`, of any line; what is missing at the end of one that was cut off is empty."""
    *head, rest = _padded(line.split(" ", _HEAD_WORDS), _HEAD_WORDS + 1)
    request, rest = _request(rest)
    *result, rest = _padded(rest.split(" ", len(_RESULT)), len(_RESULT) + 1)
    referer, rest = _referer(rest)
    user_agent, rest = _user_agent(rest)
    return request, [*head, *result, referer, user_agent, *rest.split()]


def _padded(values: list[str], count: int) -> list[str]:
    return values + [""] * (count - len(values))


def _request(text: str) -> tuple[str, str]:
    """The request and what follows it. Here and below a truncated line may end before the quote is closed."""
    if not text.startswith('"'):
        request, _, rest = text.partition(" ")
        return request, rest
    end = _REQUEST_END.search(text, 1)
    return (text[1 : end.start()], text[end.end() :]) if end else (text[1:].removesuffix('"'), "")


def _referer(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        referer, _, rest = text.partition(" ")
        return referer, rest
    end = text.find('" "', 1)
    if end < 0:
        end = text.find('" ', 1)
    return (text[1:end], text[end + 2 :]) if end > 0 else (text[1:].removesuffix('"'), "")


def _user_agent(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        user_agent, _, rest = text.partition(" ")
        return user_agent, rest
    end = text.rfind('"')
    return (text[1:end], text[end + 1 :]) if end > 0 else (text[1:], "")


@remembered(16_384)
def _milliseconds(value: str) -> int | None:
    """As nanoseconds."""
    return int(value) * 1_000_000 if value.isascii() and value.isdigit() and len(value) < 12 else None


@remembered(64)
def _tls_version(value: str) -> str | None:
    """`1.2` of TLSv1.2, which the page also spells TLSV1.2."""
    return value[4:] if value[:4].upper() == "TLSV" and len(value) > 4 else None


def _acl_required(value: str) -> bool | None:
    return True if value == "Yes" else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    status = event.get("http", {}).get("response", {}).get("status_code")
    failed = status is not None and status >= _FAILURE
    happened = event["event"]
    happened["type"] = ["error"] if failed else ["access"]
    happened["outcome"] = "unknown" if status is None else "failure" if failed else "success"


TABLE = Table(
    {
        "time": "@timestamp",
        "bucket_owner": "aws.s3access.bucket_owner",
        "bucket": "aws.s3access.bucket",
        "remote_ip": "source.ip",
        "requester": "user.id",
        "request_id": "http.request.id",
        "operation": "event.action",
        "key": "aws.s3access.key",
        "method": "http.request.method",
        "path": "url.path",
        "query": "url.query",
        "version": "http.version",
        "original": "url.original",
        "http_status": "http.response.status_code",
        "error_code": "error.code",
        "bytes_sent": "http.response.body.bytes",
        "object_size": "aws.s3access.object_size",
        "total_time": "event.duration",
        "turn_around_time": "aws.s3access.turn_around_ms",
        "referer": "http.request.referrer",
        "user_agent": "user_agent.original",
        "version_id": "aws.s3access.version_id",
        "signature_version": "aws.s3access.signature_version",
        "cipher_suite": "tls.cipher",
        "authentication_type": "aws.s3access.authentication_type",
        "host_header": "url.domain",
        "tls_version": "tls.version",
        "access_point_arn": "aws.s3access.access_point_arn",
        "acl_required": "aws.s3access.acl_required",
        "source_region": "aws.s3access.source_region",
    },
    own={
        "aws.s3access.bucket_owner": WORD,
        "aws.s3access.bucket": WORD,
        "aws.s3access.key": LONG_WORD,
        "aws.s3access.object_size": WHOLE,
        "aws.s3access.turn_around_ms": WHOLE,
        "aws.s3access.version_id": WORD,
        "aws.s3access.signature_version": WORD,
        "aws.s3access.authentication_type": WORD,
        "aws.s3access.access_point_arn": WORD,
        "aws.s3access.acl_required": FLAG,
        "aws.s3access.source_region": WORD,
    },
    rest="aws.s3access.other",
    constants={"event.category": ["web"]},
    read={
        "time": request_time,
        "total_time": _milliseconds,
        "remote_ip": line_values.address,
        **dict.fromkeys(("http_status", "bytes_sent", "object_size", "turn_around_time"), line_values.whole),
        "tls_version": _tls_version,
        "acl_required": _acl_required,
    },
    complete=_complete,
)

LOG_TYPE = LineType(
    name="s3_access",
    dataset="aws.s3access",
    title="S3 server access log",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    arrival="S3 writes files to another bucket, of which every line is a record.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789abcdef",
)
