"""CloudFront standard access log entries as text: legacy logs, and v2 logs in the W3C and plain formats, by tabs or by spaces.

Fields and their order: CloudFront developer guide, "Standard logging reference"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html). A v2 log may have other
fields or another order; such a line is of this type only while its first six fields are the documented ones. A file's header
lines, #Version and #Fields, are no entries.
"""

from __future__ import annotations

import re

from common import cloudfront, web_access
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table

_FIELDS = (
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
    "fle-status",
    "fle-encrypted-fields",
    "c-port",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
)
_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([\t ])[0-9]{2}:[0-9]{2}:[0-9]{2}"  # date, time
    r"\1[A-Z]{3}[0-9]{1,4}(?:-[A-Z0-9]+)?\1[0-9]+\1[0-9a-f.:]+(?:\1[A-Z]+(?:\1|$)|$)"  # location, size, client, method
)


def split(line: str) -> JsonObject:
    match = _BEGINNING.match(line)
    if match is None:
        raise Malformed("line: not the date, time, edge location, size, client and method of a standard log entry")
    return timed(cloudfront.named(_FIELDS, line.split(match[1])))


def timed(record: JsonObject) -> JsonObject:
    """The record with `date` and `time` as one field."""
    if "date" not in record or "time" not in record:
        return record
    record = dict(record)
    return {"date time": f"{record.pop('date')}T{record.pop('time')}Z", **record}


TABLE = Table(
    {
        "date time": "@timestamp",
        "timestamp(ms)": "@timestamp",
        **cloudfront.FIELDS,
        "cs(Host)": "aws.cloudfront.distribution_domain",
        "x-host-header": "url.domain",
        "cs(User-Agent)": "user_agent.original",
        "cs(Referer)": "http.request.referrer",
    },
    own=cloudfront.OWN,
    rest=cloudfront.REST,
    constants=cloudfront.CONSTANTS,
    read={
        **cloudfront.READ,
        "date time": web_access.instant,
        "cs(User-Agent)": cloudfront.plain,
        "cs(Referer)": cloudfront.plain,
    },
    complete=cloudfront.complete,
)

LOG_TYPE = LineType(
    name="cloudfront",
    dataset="aws.cloudfront",
    title="CloudFront standard access log, as text",
    page="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
    arrival="CloudFront writes files to S3, of which every line is a record; v2 logs also come by Firehose or a log group.",
    recognise=_BEGINNING.match,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789",
)
