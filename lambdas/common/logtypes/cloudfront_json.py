"""CloudFront standard access log entries in JSON, as v2 logs write them unless told otherwise.

Fields: CloudFront developer guide, "Standard logging reference"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html) and "Configure standard logging
(v2)" (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html): those of the text, of which a
distribution may select any, and some of real-time logs. Values are text. The events are those of the text.
"""

from __future__ import annotations

from collections.abc import Set

from common import cloudfront
from common.logtype import JsonObject, ObjectType, Stamp, always
from common.logtypes.cloudfront import table

#: IIS and others name their fields in the manner of W3C too; these are CloudFront's.
_OWN_NAMES = frozenset(
    [
        "x-edge-location",
        "x-edge-request-id",
        "x-edge-result-type",
        "x-edge-response-result-type",
        "x-edge-detailed-result-type",
        "x-host-header",
    ]
)
_COMMON_NAMES = frozenset(["c-ip", "cs-method", "cs-uri-stem", "sc-status", "sc-bytes", "time-taken"])


def shape(names: Set[str]) -> bool:
    return not (_OWN_NAMES.isdisjoint(names) or _COMMON_NAMES.isdisjoint(names))


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    found = {name: value for name, value in record.items() if value != cloudfront.ABSENT}
    if "date" in found and "time" in found:
        found = {"date time": f"{found.pop('date')}T{found.pop('time')}Z", **found}
    return TABLE.event(found, stamp)


TABLE = table({**cloudfront.READ, **dict.fromkeys(("cs(User-Agent)", "cs(Referer)"), cloudfront.plain)})

LOG_TYPE = ObjectType(
    name="cloudfront_json",
    dataset="aws.cloudfront",
    title="CloudFront standard access log (v2), as JSON",
    page="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html",
    arrival="Vended to Firehose, to a log group, or to S3, where every line of a file is a record.",
    recognise=always,
    shape=shape,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
)
