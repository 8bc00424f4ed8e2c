"""API Gateway access log entries as text: in the Common Log Format, XML and CSV of the guides' examples.

Formats: API Gateway developer guide, "Access logging for REST APIs"
(https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html), "Configure logging for HTTP APIs in API
Gateway" (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html) and "Configure logging for WebSocket
APIs in API Gateway", each also as it was before there was an extended request id. Values are written without escapes.

A web server may write all of the Common Log Format and more, so that such an entry is recognised only where an id as API Gateway
makes them ends it. Of WebSocket APIs, of REST APIs without the extended id, or cut off, it must be sent with the name of this
type; XML and CSV need not.
"""

from __future__ import annotations

import re

from common.api_gateway import FAILURE, parser, table
from common.common_log import request_time
from common.kinds import is_ip
from common.logtype import NUMBER, JsonObject, LineType, Malformed, Stamp

_EVENT_TYPES = frozenset(("CONNECT", "MESSAGE", "DISCONNECT"))
_HTTP = "HTTP/"
_IP = r"[0-9a-f]*[.:][0-9a-f.:]+"
_TIME = r"[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"

_BEGINNING_OF_XML = re.compile(r'<request id="[^"<>]+">\s*<(?:ip|extendedRequestId)>')
_BEGINNING_OF_CSV = re.compile(
    rf"{_IP},(?:[^,]*,[^,]*,)?{_TIME},(?:(?:CONNECT|MESSAGE|DISCONNECT),[^,\s]+,|(?:[A-Z]+|-),(?:/|\$default|[A-Z]+ /))"
)
#: An extended request id, and the request id of an HTTP API, is eleven bytes in base64url. Another may stand before it.
_COMMON = re.compile(
    rf'{_IP} \S+ \S+ \[{_TIME}\] ?"[^"]+" (?:[0-9]{{3}}|-) (?:[0-9]+|-) (?:[\w-]+=? )?[A-Za-z0-9_-]{{15}}=', re.ASCII
)

_COMMON_PARTS = re.compile(r'(\S+) (\S+) (\S+) \[([^\]]*)\](?: ?"([^"]*)(?:"(.*))?)?', re.ASCII)
_XML_ID = re.compile(r'<request id="([^"]*)"')
#: The last may be cut off.
_XML_ELEMENT = re.compile(r"<([A-Za-z]+)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_TIME_IN_CSV = re.compile(_TIME)

_ANSWER = ("status", "responseLength", "requestId", "extendedRequestId")
_ANSWER_OF_SOCKET = ("status", "requestId")


def recognise(line: str) -> bool:
    if line[0] == "<":
        return _BEGINNING_OF_XML.match(line) is not None
    return _COMMON.fullmatch(line) is not None or _BEGINNING_OF_CSV.match(line) is not None


def split(line: str) -> JsonObject:
    """The entry under the names of the guides' JSON. Raises Malformed for what is of none of the formats."""
    if line.startswith("<"):
        return _of_xml(line)
    match = _COMMON_PARTS.fullmatch(line)
    return _of_common(*match.groups()) if match else _of_csv(line.split(","))


def _of_common(ip: str, caller: str, user: str, time: str, request: str | None, answer: str | None) -> JsonObject:
    record: JsonObject = {"ip": ip, "caller": caller, "user": user, "requestTime": time}
    method, _, rest = (request or "").partition(" ")
    route, _, last = rest.rpartition(" ")
    socket = method in _EVENT_TYPES and not last.startswith(_HTTP)  # CONNECT is a method of HTTP too
    if not route:  # what has no protocol, or was cut off
        route, last = last, ""
    record |= _request(socket, method, route, last)
    return _answered(record, (answer or "").split(), _ANSWER_OF_SOCKET if socket else _ANSWER)


def _of_csv(values: list[str]) -> JsonObject:
    named = (
        ("ip", "requestTime")
        if len(values) > 1 and _TIME_IN_CSV.fullmatch(values[1])
        else ("ip", "caller", "user", "requestTime")
    )
    if len(values) < len(named):
        raise Malformed("line: not an access log entry in the Common Log Format, XML or CSV")
    record: JsonObject = dict(zip(named, values, strict=False))
    method, *rest = values[len(named) :] or [""]
    if method in _EVENT_TYPES and not any(value.startswith(_HTTP) for value in rest):
        route, connection, *answer = [*rest, "", ""][: max(len(rest), 2)]
        return _answered(record | _request(True, method, route, connection), answer, _ANSWER_OF_SOCKET)
    # A route may hold commas: it ends before the protocol.
    end = next((index for index, value in enumerate(rest) if value.startswith(_HTTP)), 1)
    protocol, *answer = rest[end:] or [""]
    return _answered(record | _request(False, method, ",".join(rest[:end]), protocol), answer, _ANSWER)


def _of_xml(line: str) -> JsonObject:
    match = _XML_ID.match(line)
    if match is None:
        raise Malformed("line: no XML of a request with an id")
    return {"requestId": match[1], **dict(_XML_ELEMENT.findall(line))}


def _request(socket: bool, method: str, route: str, last: str) -> JsonObject:
    names = ("eventType", "routeKey", "connectionId") if socket else ("httpMethod", "routeKey", "protocol")
    return dict(zip(names, (method, route, last), strict=True))


def _answered(record: JsonObject, values: list[str], names: tuple[str, ...]) -> JsonObject:
    record.update(zip(names, values, strict=False))
    if len(values) > len(names):
        record["extra"] = values[len(names) :]
    return record


# Nearly every entry in the Common Log Format: a request that was answered, with both ids.
_USUAL = re.compile(
    rf'({_IP}) (\S+) (\S+) \[({_TIME})\] ?"([A-Z]+) ([^"]+) HTTP/([0-9.]+)" '  # to the protocol
    rf"([1-9][0-9]{{2}}) ({NUMBER}) ([\w-]+=?) ([\w-]{{15}}=)",  # from the status
    re.ASCII,
)


def _usual(match: re.Match[str]) -> JsonObject | None:
    """The event of a usual line; None where a value of it is wrong after all."""
    ip, caller, user, time, method, route, version, status, size, request, extended = match.groups()
    if not is_ip(ip) or method in _EVENT_TYPES:
        return None
    failed = int(status) >= FAILURE
    event: JsonObject = {
        "@timestamp": request_time(time),
        "event": {
            "category": ["web", "api"],
            "type": ["error"] if failed else ["access"],
            "outcome": "failure" if failed else "success",
        },
        "source": {"ip": ip},
        "http": {
            "request": {"method": method, "id": request},
            "response": {"status_code": int(status), "body": {"bytes": int(size)}},
            "version": version,
        },
        "aws": {"apigateway": {"route": route} if request == extended else {"route": route, "extended_request_id": extended}},
    }
    known = {name: value for name, value in (("id", caller), ("name", user)) if value != "-"}
    if known:
        event["user"] = known
    return event


TABLE = table({"resourcePath": "aws.apigateway.route", "routeKey": "aws.apigateway.route", "eventType": "event.action"})
_event = parser(TABLE)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """The event of an entry, the same as of one in JSON."""
    match = _USUAL.fullmatch(line)
    return (match and _usual(match)) or document(line, stamp)


def document(line: str, stamp: Stamp) -> JsonObject:
    """The event of any line, field by field."""
    return _event(split(line), stamp)


LOG_TYPE = LineType(
    name="api_gateway_text",
    dataset="aws.apigateway",
    title="API Gateway access log in the Common Log Format, XML or CSV",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html",
    arrival="A subscription of the stage's log group, or the stage of a REST API writes to a Firehose stream.",
    recognise=recognise,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="<:0123456789abcdef",
)
