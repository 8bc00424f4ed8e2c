"""CloudTrail records: management, data, network-activity and Insights events.

Fields: CloudTrail user guide, "CloudTrail record contents" and "userIdentity element"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).

What a caller may fill with names of its own (parameters, responses) stands in objects the index keeps as flat_object, so
that neither their number nor their types ever reach the mapping.
"""

from __future__ import annotations

from typing import Any

from common.kinds import FLAG, INSTANT, OPEN, WORD, is_ip, structs
from common.logtype import JsonObject, Malformed, ObjectType, Stamp, member, moment, present, required, text

#: Top-level fields with a place in the document; any other stands under aws.cloudtrail.other, as it is.
_PLACED = frozenset(
    [
        "additionalEventData",
        "apiVersion",
        "awsRegion",
        "errorCode",
        "errorMessage",
        "eventCategory",
        "eventID",
        "eventName",
        "eventSource",
        "eventTime",
        "eventType",
        "eventVersion",
        "managementEvent",
        "readOnly",
        "recipientAccountId",
        "requestID",
        "requestParameters",
        "resources",
        "responseElements",
        "sharedEventID",
        "sourceIPAddress",
        "tlsDetails",
        "userAgent",
        "userIdentity",
        "vpcEndpointId",
    ]
)
_PLACED_IDENTITY = frozenset(
    ["type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy", "sessionContext"]
)
_PLACED_SESSION = frozenset(("attributes", "sessionIssuer"))

_SESSION_CALLS = ("AssumeRole", "GetSessionToken", "GetFederationToken")
_REFUSED = ("AccessDenied", "Unauthorized", "Forbidden")
_CREATING = ("Create", "Run", "Allocate", "Register")
_DELETING = ("Delete", "Terminate", "Remove", "Release", "Deregister")


def recognise(record: JsonObject) -> bool:
    """S3 notifications and DynamoDB records look alike, but name their source "aws:s3" and "aws:dynamodb"."""
    if "eventVersion" not in record or "eventID" not in record:
        return False
    return "insightDetails" in record or not str(record.get("eventSource", "aws:")).startswith("aws:")


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is eventTime; `cloud.account.id` is the account the event was recorded in."""
    # An Insights event names the unusual API inside its details.
    insight = member(record, "insightDetails")
    action = text(insight, "eventName") or required(record, "eventName")
    provider = text(insight, "eventSource") or required(record, "eventSource")
    error = present(code=text(record, "errorCode"), message=text(record, "errorMessage"))
    signing_in = record.get("eventType") == "AwsConsoleSignIn"
    failed = bool(error) or (signing_in and "Failure" in _object(record, "responseElements").values())
    identity = member(record, "userIdentity")

    event = present(
        id=text(record, "eventID"),
        kind="event",
        category=_category(action, provider, signing_in),
        type=_type(record, action, str(error.get("code", ""))),
        action=action,
        provider=provider,
        outcome="failure" if failed else "success",
    )
    document = {
        "@timestamp": moment("eventTime", required(record, "eventTime")),
        "event": event,
        "cloud": present(
            provider="aws",
            region=text(record, "awsRegion"),
            account=present(id=text(record, "recipientAccountId") or text(identity, "accountId")),
        ),
        "source": _source(text(record, "sourceIPAddress")),
        "user": present(name=_user_name(identity), id=text(identity, "principalId")),
        "user_agent": present(original=text(record, "userAgent")),
        "error": error,
        "tls": _tls(member(record, "tlsDetails")),
        "aws": {"cloudtrail": _details(record, identity)},
    }
    return present(**document)


def _category(action: str, provider: str, signing_in: bool) -> list[str]:
    if signing_in or action.startswith(_SESSION_CALLS):
        return ["authentication"]
    return ["iam"] if provider == "iam.amazonaws.com" else ["api"]


def _type(record: JsonObject, action: str, error_code: str) -> list[str]:
    if record.get("readOnly") is not False:
        kinds = ["access" if record.get("readOnly") else "info"]
    elif action.startswith(_CREATING):
        kinds = ["creation"]
    elif action.startswith(_DELETING):
        kinds = ["deletion"]
    else:
        kinds = ["change"]
    return [*kinds, "denied"] if any(word in error_code for word in _REFUSED) else kinds


def _source(address: str | None) -> JsonObject:
    """An address, or the name of the service that called on somebody's behalf."""
    if address is None:
        return {}
    return {"ip": address} if is_ip(address) else {"address": address}


def _user_name(identity: JsonObject) -> str | None:
    if identity.get("type") == "Root":
        return "root"
    issuer = member(member(identity, "sessionContext"), "sessionIssuer")
    return text(identity, "userName") or text(issuer, "userName") or text(identity, "invokedBy")


def _tls(details: JsonObject) -> JsonObject:
    protocol, _, version = (text(details, "tlsVersion") or "").partition("v")
    return present(
        version=version or None,
        version_protocol=protocol.lower() or None,
        cipher=text(details, "cipherSuite"),
        curve=text(details, "keyExchange"),
        client=present(server_name=text(details, "clientProvidedHostHeader")),
    )


def _details(record: JsonObject, identity: JsonObject) -> JsonObject:
    session = member(identity, "sessionContext")
    other = {name: value for name, value in record.items() if name not in _PLACED and value is not None}
    for source, placed in ((identity, _PLACED_IDENTITY), (session, _PLACED_SESSION)):
        unplaced = {name: value for name, value in source.items() if name not in placed and value not in (None, {})}
        if unplaced:
            other.setdefault("userIdentity", {}).update(unplaced)
    return present(
        event_version=text(record, "eventVersion"),
        event_type=text(record, "eventType"),
        event_category=text(record, "eventCategory"),
        management_event=_flag(record, "managementEvent"),
        read_only=_flag(record, "readOnly"),
        request_id=text(record, "requestID"),
        api_version=text(record, "apiVersion"),
        shared_event_id=text(record, "sharedEventID"),
        vpc_endpoint_id=text(record, "vpcEndpointId"),
        user_identity=_identity(identity, session),
        resources=_resources(record.get("resources")),
        request_parameters=_object(record, "requestParameters"),
        response_elements=_object(record, "responseElements"),
        additional_event_data=_object(record, "additionalEventData"),
        other=other,
    )


def _identity(identity: JsonObject, session: JsonObject) -> JsonObject:
    """Without principalId and the names, which are `user.id` and `user.name`."""
    attributes, issuer = member(session, "attributes"), member(session, "sessionIssuer")
    return present(
        type=text(identity, "type"),
        arn=text(identity, "arn"),
        account_id=text(identity, "accountId"),
        access_key_id=text(identity, "accessKeyId"),
        invoked_by=text(identity, "invokedBy"),
        session_context=present(
            creation_date=moment("creationDate", created) if (created := text(attributes, "creationDate")) else None,
            mfa_authenticated=attributes.get("mfaAuthenticated"),
            session_issuer=present(
                type=text(issuer, "type"),
                principal_id=text(issuer, "principalId"),
                arn=text(issuer, "arn"),
                account_id=text(issuer, "accountId"),
            ),
        ),
    )


def _resources(resources: Any) -> list[JsonObject]:
    if resources is None:
        return []
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise Malformed("resources: expected a list of objects")
    return [
        present(
            arn=text(resource, "ARN"),
            arn_prefix=text(resource, "ARNPrefix"),
            account_id=text(resource, "accountId"),
            type=text(resource, "type"),
        )
        for resource in resources
    ]


def _flag(record: JsonObject, name: str) -> bool | None:
    value = record.get(name)
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"{name}: expected true or false, found {type(value).__name__}")
    return value


def _object(record: JsonObject, name: str) -> JsonObject:
    """The object at `name`. A few services write plain text there, which a flat_object does not take."""
    value = record.get(name)
    if value is None or isinstance(value, dict):
        return value or {}
    return {"value": value}


_IDENTITY = "aws.cloudtrail.user_identity"
_ISSUER = f"{_IDENTITY}.session_context.session_issuer"
OWN = {
    "aws.cloudtrail.management_event": FLAG,
    "aws.cloudtrail.read_only": FLAG,
    "aws.cloudtrail.event_version": WORD,
    "aws.cloudtrail.event_type": WORD,
    "aws.cloudtrail.event_category": WORD,
    "aws.cloudtrail.request_id": WORD,
    "aws.cloudtrail.api_version": WORD,
    "aws.cloudtrail.shared_event_id": WORD,
    "aws.cloudtrail.vpc_endpoint_id": WORD,
    **{f"{_IDENTITY}.{name}": WORD for name in ("type", "arn", "account_id", "access_key_id", "invoked_by")},
    f"{_IDENTITY}.session_context.creation_date": INSTANT,
    f"{_IDENTITY}.session_context.mfa_authenticated": WORD,
    **{f"{_ISSUER}.{name}": WORD for name in ("type", "principal_id", "arn", "account_id")},
    "aws.cloudtrail.resources": structs({"arn": WORD, "arn_prefix": WORD, "account_id": WORD, "type": WORD}),
    "aws.cloudtrail.request_parameters": OPEN,
    "aws.cloudtrail.response_elements": OPEN,
    "aws.cloudtrail.additional_event_data": OPEN,
    "aws.cloudtrail.other": OPEN,
}

LOG_TYPE = ObjectType(
    name="cloudtrail",
    dataset="aws.cloudtrail",
    title="CloudTrail event",
    page="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    arrival="EventBridge, a subscription of the trail's log group, or the trail's files in S3.",
    recognise=recognise,
    parse=parse,
    own=OWN,
    keys=("eventVersion", "eventID"),
    lists=("Records",),
    detail_types=(
        "AWS API Call via CloudTrail",
        "AWS Service Event via CloudTrail",
        "AWS Console Action via CloudTrail",
        "AWS Console Sign In via CloudTrail",
        "AWS Insight via CloudTrail",
    ),
)
