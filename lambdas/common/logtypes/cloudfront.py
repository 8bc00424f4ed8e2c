"""CloudFront standard access log entries as text: legacy logs, and v2 logs in the W3C and plain formats, by tabs or by spaces.

Fields and their order: CloudFront developer guide, "Standard logging reference"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html). A v2 log may have other
fields or another order; such a line is of this type only while its first six fields are the documented ones, or with the names of
its fields before it, which `collect` takes from its file (common.columns). A file's header lines, #Version and #Fields, are no
entries.

`@timestamp` is when the response was done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from common import cloudfront, web_access
from common.columns import CLOUDFRONT, MARK, divided, is_headed
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.table_code import Read

#: Behind the date and the time.
_FIELDS = CLOUDFRONT[2:]
_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([\t ])[0-9]{2}:[0-9]{2}:[0-9]{2}"  # date, time
    r"\1[A-Z]{3}[0-9]{1,4}(?:-[A-Z0-9]+)?\1[0-9]+\1[0-9a-f.:]+(?:\1[A-Z]+(?:\1|$)|$)"  # location, size, client, method
)


#: Date, time and the rest of the usual fields by their separator, or a headed line with its names.
_Found = re.Match[str] | tuple[tuple[str, ...], str]


def recognise(line: str) -> _Found | None:
    return divided(line) if is_headed(line, "cloudfront") else _BEGINNING.match(line)


def parse(line: str, stamp: Stamp) -> JsonObject:
    found = divided(line) if line.startswith(MARK) else _BEGINNING.match(line)
    if found is None:
        raise Malformed("line: not the date, time, edge location, size, client and method of a standard log entry")
    return parse_match(found, stamp)


def parse_match(found: _Found, stamp: Stamp) -> JsonObject:
    if isinstance(found, re.Match):
        date, time, *values = found.string.split(found[1])
        record = cloudfront.named(_FIELDS, values)
        record["date time"] = f"{date}T{time}Z"
    else:
        names, line = found
        record = cloudfront.named(names, line.split("\t" if "\t" in line else " "))
        if "date" in record and "time" in record:
            record["date time"] = f"{record.pop('date')}T{record.pop('time')}Z"
    return TABLE.event(record, stamp)


def table(read: Mapping[str, Read]) -> Table:
    """That of the text or of JSON, whose values may be anything: `read` is what is read in a way of its own."""
    return Table(
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
        read={"date time": web_access.instant, **read},
        complete=cloudfront.complete,
    )


TABLE = table({**cloudfront.READ_OF_LINES, **dict.fromkeys(("cs(User-Agent)", "cs(Referer)"), web_access.unescaped)})

LOG_TYPE = LineType(
    name="cloudfront",
    dataset="aws.cloudfront",
    title="CloudFront standard access log, as text",
    page="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
    arrival="CloudFront writes files to S3, of which every line is a record; v2 logs also come by Firehose or a log group.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789#",
)
