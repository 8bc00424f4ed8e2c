"""Access logs of API Gateway REST APIs, in JSON.

Fields: API Gateway developer guide, "Set up CloudWatch logging for REST APIs in API Gateway"
(https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html) and "Variables for access logging for API
Gateway". A client may choose the request id, so it is no id of the event. Execution logs are free text, and not of this type.
"""

from __future__ import annotations

from common.api_gateway import parser, table
from common.logtype import JsonObject, ObjectType


def recognise(record: JsonObject) -> bool:
    """The format the guide gives, or one with more in it. HTTP APIs have routes in place of resources."""
    return "routeKey" not in record


TABLE = table({"resourcePath": "aws.apigateway.route"})

LOG_TYPE = ObjectType(
    name="api_gateway_rest",
    dataset="aws.apigateway",
    title="API Gateway access log of a REST API",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    arrival="A subscription of the stage's log group, or the stage writes to a Firehose stream.",
    recognise=recognise,
    parse=parser(TABLE),
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("requestId", "requestTime", "httpMethod", "resourcePath", "status"),
)
