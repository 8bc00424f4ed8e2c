"""CloudFront real-time access log entries, tab-separated, with all fields in the order of the documentation.

Fields and their order: CloudFront developer guide, "Use real-time access logs"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html), with those of Common Media Client Data.
Logs that were configured before s-ip came go without it; the value in its place tells. A configuration that selects other fields
writes lines that name none of them: they are not recognised, and refused where they are said to be of this type.
"""

from __future__ import annotations

import re

from common import cloudfront, line_values, web_access
from common.cache import remembered
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table

_FIELDS = (
    "timestamp",
    "c-ip",
    "s-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-protocol",
    "cs-host",
    "cs-uri-stem",
    "cs-bytes",
    "x-edge-location",
    "x-edge-request-id",
    "x-host-header",
    "time-taken",
    "cs-protocol-version",
    "c-ip-version",
    "cs-user-agent",
    "cs-referer",
    "cs-cookie",
    "cs-uri-query",
    "x-edge-response-result-type",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-result-type",
    "fle-encrypted-fields",
    "fle-status",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
    "c-port",
    "x-edge-detailed-result-type",
    "c-country",
    "cs-accept-encoding",
    "cs-accept",
    "cache-behavior-path-pattern",
    "cs-headers",
    "cs-header-names",
    "cs-headers-count",
    "primary-distribution-id",
    "primary-distribution-dns-name",
    "origin-fbl",
    "origin-lbl",
    "asn",
    "cmcd-encoded-bitrate",
    "cmcd-buffer-length",
    "cmcd-buffer-starvation",
    "cmcd-content-id",
    "cmcd-object-duration",
    "cmcd-deadline",
    "cmcd-measured-throughput",
    "cmcd-next-object-request",
    "cmcd-next-range-request",
    "cmcd-object-type",
    "cmcd-playback-rate",
    "cmcd-requested-maximum-throughput",
    "cmcd-streaming-format",
    "cmcd-session-id",
    "cmcd-stream-type",
    "cmcd-startup",
    "cmcd-top-bitrate",
    "cmcd-version",
    "r-host",
    "sr-reason",
    "x-edge-mqcs",
    "distribution-tenant-id",
    "connection-id",
)
_FIELDS_BEFORE = tuple(name for name in _FIELDS if name != "s-ip")

_BEGINNING = re.compile(
    r"[0-9]{10}\.[0-9]{1,3}\t[0-9a-f.:]+\t"  # timestamp, client
    r"(?P<server>(?:[0-9a-f]*:[0-9a-f:.]*|[0-9]+\.[0-9]+\.[0-9.]+)\t)?"  # server: an address, which the next field is not
    r"(?:[0-9]+(?:\.[0-9]+)?|-)\t[0-9]{3}\t(?:[0-9]+|-)(?:\t[A-Z]+(?:\t(?:https?|wss?|-)?(?:\t|$)|$)|$)"  # … status, size, method
)


def parse(line: str, stamp: Stamp) -> JsonObject:
    match = _BEGINNING.match(line)
    if match is None:
        raise Malformed("line: not the fields of a real-time log in the order of the documentation")
    return parse_match(match, stamp)


def parse_match(beginning: re.Match[str], stamp: Stamp) -> JsonObject:
    record = cloudfront.named(_FIELDS if beginning["server"] else _FIELDS_BEFORE, beginning.string.split("\t"))
    path, mark, query = record.get("cs-uri-stem", "").partition("?")
    if mark and record.setdefault("cs-uri-query", query) == query:  # here the path has the query as well
        record["cs-uri-stem"] = path
    return TABLE.event(record, stamp)


TABLE = Table(
    {
        "timestamp": "@timestamp",
        **cloudfront.FIELDS,
        "s-ip": "destination.ip",
        "c-ip-version": "network.type",
        "cs-host": "url.domain",
        "x-host-header": "aws.cloudfront.distribution_domain",
        "cs-user-agent": "user_agent.original",
        "cs-referer": "http.request.referrer",
    },
    own=cloudfront.OWN,
    rest=cloudfront.REST,
    constants=cloudfront.CONSTANTS,
    read={
        **cloudfront.READ_OF_LINES,
        "s-ip": line_values.address,
        "c-ip-version": remembered(16)(str.lower),
        "cs-user-agent": web_access.unescaped,
        "cs-referer": web_access.unescaped,
    },
    complete=cloudfront.complete,
)

LOG_TYPE = LineType(
    name="cloudfront_realtime",
    dataset="aws.cloudfront_realtime",
    title="CloudFront real-time access log",
    page="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html",
    arrival="CloudFront puts each entry, or some of them, on a Kinesis stream, which may be raw itself.",
    recognise=_BEGINNING.match,
    parse=parse,
    parse_match=parse_match,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789",
)
