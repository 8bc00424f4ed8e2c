"""CloudFront standard access log entries as text: legacy logs, and v2 logs in the W3C and plain formats, by tabs or by spaces.

Fields and their order: CloudFront developer guide, "Standard logging reference"
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html). A v2 log may have other
fields or another order; such a line is of this type only while its first six fields are the documented ones, or with the names of
its fields before it, which `collect` takes from its file (common.columns). A file's header lines, #Version and #Fields, are no
entries.
"""

from __future__ import annotations

import re

from common import cloudfront, web_access
from common.columns import CLOUDFRONT, divided, is_headed
from common.kinds import is_ip
from common.logtype import NUMBER, PORT, JsonObject, LineType, Malformed, Stamp
from common.table import Table

_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([\t ])[0-9]{2}:[0-9]{2}:[0-9]{2}"  # date, time
    r"\1[A-Z]{3}[0-9]{1,4}(?:-[A-Z0-9]+)?\1[0-9]+\1[0-9a-f.:]+(?:\1[A-Z]+(?:\1|$)|$)"  # location, size, client, method
)


# Nearly every line: a request by TLS that was answered, with no cookie, proxy, range or field-level encryption to tell of.
_WORD = r"(?!-[\t ])\S+"
_ANY = rf"({_WORD})"
_MAY_BE = r"(?>-(?=[\t ])|(\S+))"
_WHOLE = rf"({NUMBER})"
_SECONDS = r"([0-9]{1,6}\.[0-9]{1,9})"
_USUAL = re.compile(
    r"[\t ]".join(
        [
            *("([0-9-]{10})", "([0-9:]{8})", "([A-Z]{3}[0-9]{1,4}(?:-[A-Z0-9]+)?)", _WHOLE, "([0-9a-f.:]+)"),  # from the date
            *("([A-Z]+)", _ANY, _ANY, "([1-9][0-9]{2})", _MAY_BE, _ANY, _MAY_BE, "-"),  # from the method
            *(f"(?P<type>{_WORD})", _ANY, _ANY, "(https|wss)", _WHOLE, _SECONDS, "-"),  # from the result type
            *(r"TLSv(1\.[0-9])", _ANY, "(?P=type)", "HTTP/([0-9.]+)", "-", "-"),  # from the TLS version
            *(f"({PORT})", _SECONDS, f"(?:(?P=type)|{_ANY})", _MAY_BE, f"(?:-|{_WHOLE})", "-", "-"),  # from the client's port
        ]
    )
)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`@timestamp` is when the response was done. Outcome: failure from status 400, and where the viewer went away before."""
    match = _USUAL.fullmatch(line)
    return (match and _usual(match, line)) or document(line, stamp)


def _usual(match: re.Match[str], line: str) -> JsonObject | None:
    """The event of a usual line; None where a value of it is wrong after all."""
    date, time, edge, sent, client, method, distribution, path, status, referrer, agent, query, kind, request, *rest = (
        match.groups()
    )
    host, scheme, received, taken, tls, cipher, version, port, first_byte, detail, content, length = rest
    instant = web_access.instant(f"{date}T{time}Z")
    if instant is None or not is_ip(client) or line.count(line[len(date)]) != len(CLOUDFRONT) - 1:
        return None
    asked = {"method": method, "bytes": int(received)}
    answered: JsonObject = {"status_code": int(status), "bytes": int(sent)}
    url = {"scheme": scheme, "domain": host, "path": path}
    delivery = {
        "edge_location": edge,
        "distribution_domain": distribution,
        "result_type": kind,
        "first_byte_seconds": float(first_byte),
    }
    if referrer:
        asked["referrer"] = web_access.unescaped(referrer)
    if content:
        answered["mime_type"] = content
    if length:
        answered["body"] = {"bytes": int(length)}
    if query:
        url["query"] = query
    if detail:
        delivery["detailed_result_type"] = detail
    return {
        "@timestamp": instant,
        "event": {
            "id": request,
            "kind": "event",
            "category": ["web"],
            "duration": round(float(taken) * 1e9),
            "outcome": web_access.outcome(int(status)),
        },
        "cloud": {"provider": "aws"},
        "source": {"ip": client, "port": int(port)},
        "http": {"request": asked, "response": answered, "version": version},
        "url": url,
        "user_agent": {"original": web_access.unescaped(agent)},
        "tls": {"cipher": cipher, "version_protocol": "tls", "version": tls},
        "aws": {"cloudfront": delivery},
    }


def recognise(line: str) -> bool:
    return _BEGINNING.match(line) is not None or is_headed(line, "cloudfront")


def split(record: str) -> JsonObject:
    names, line = divided(record)
    if names:
        return timed(cloudfront.named(names, line.split("\t" if "\t" in line else " ")))
    match = _BEGINNING.match(line)
    if match is None:
        raise Malformed("line: not the date, time, edge location, size, client and method of a standard log entry")
    return timed(cloudfront.named(CLOUDFRONT, line.split(match[1])))


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
#: The event of any line, field by field.
document = TABLE.lines(split)

LOG_TYPE = LineType(
    name="cloudfront",
    dataset="aws.cloudfront",
    title="CloudFront standard access log, as text",
    page="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
    arrival="CloudFront writes files to S3, of which every line is a record; v2 logs also come by Firehose or a log group.",
    recognise=recognise,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="0123456789#",
)
