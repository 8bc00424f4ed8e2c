"""Access logs of API Gateway HTTP and WebSocket APIs, in JSON.

Fields: API Gateway developer guide, "Configure logging for HTTP APIs in API Gateway"
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html), "Customize HTTP API access logs" and
"Configure logging for WebSocket APIs in API Gateway".
"""

from __future__ import annotations

from common.api_gateway import parser, table
from common.logtype import JsonObject, ObjectType


def recognise(record: JsonObject) -> bool:
    """HTTP APIs have a method, WebSocket APIs a connection, beside the route."""
    return "resourcePath" not in record and ("httpMethod" in record or "connectionId" in record)


TABLE = table({"routeKey": "aws.apigateway.route", "eventType": "event.action"})

LOG_TYPE = ObjectType(
    name="api_gateway_http",
    dataset="aws.apigateway",
    title="API Gateway access log of an HTTP or WebSocket API",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html",
    arrival="A subscription of the stage's log group.",
    recognise=recognise,
    parse=parser(TABLE),
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("requestId", "requestTime", "routeKey", "status"),
)
