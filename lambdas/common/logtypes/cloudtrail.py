"""CloudTrail records: management, data, network-activity and Insights events.

Fields: CloudTrail user guide, "CloudTrail record contents" and "userIdentity element"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).

What a caller may fill with names of its own (parameters, responses) stands in objects the index keeps as flat_object, so
that neither their number nor their types ever reach the mapping.

A usual record is decoded by msgspec, which checks the types of its fields on the way and takes half the time of a decoder that
makes a dictionary of them. Who called and by which TLS comes again and again: what becomes of those bytes is remembered.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import msgspec
import orjson

from common.cache import Cache
from common.fragment import fragment
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

_SIGN_IN = "AwsConsoleSignIn"
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
    signing_in = record.get("eventType") == _SIGN_IN
    failed = bool(error) or (signing_in and "Failure" in _object(record, "responseElements").values())
    caller = _caller(member(record, "userIdentity"))

    event = present(
        id=text(record, "eventID"),
        kind="event",
        category=_category(action, provider, signing_in),
        type=_type(_flag(record, "readOnly"), action, str(error.get("code", ""))),
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
            account=present(id=text(record, "recipientAccountId") or caller.account_id),
        ),
        "source": _source(text(record, "sourceIPAddress")),
        "user": caller.user,
        "user_agent": present(original=text(record, "userAgent")),
        "error": error,
        "tls": _tls(member(record, "tlsDetails")),
        "aws": {"cloudtrail": _details(record, caller)},
    }
    return present(**document)


def _category(action: str, provider: str, signing_in: bool) -> list[str]:
    if signing_in or action.startswith(_SESSION_CALLS):
        return ["authentication"]
    return ["iam"] if provider == "iam.amazonaws.com" else ["api"]


def _type(read_only: bool | None, action: str, error_code: str) -> list[str]:
    if read_only is not False:
        kinds = ["access" if read_only else "info"]
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


def _details(record: JsonObject, caller: _Caller) -> JsonObject:
    other = {name: value for name, value in record.items() if name not in _PLACED and value is not None} | caller.other
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
        user_identity=caller.identity,
        resources=_resources(record.get("resources")),
        request_parameters=_object(record, "requestParameters"),
        response_elements=_object(record, "responseElements"),
        additional_event_data=_object(record, "additionalEventData"),
        other=other,
    )


class _Caller(NamedTuple):
    """What becomes of a userIdentity."""

    user: JsonObject
    account_id: str | None
    identity: JsonObject
    other: JsonObject
    """What has no place of its own."""


def _caller(identity: JsonObject) -> _Caller:
    session = member(identity, "sessionContext")
    unplaced = {
        name: value
        for source, placed in ((identity, _PLACED_IDENTITY), (session, _PLACED_SESSION))
        for name, value in source.items()
        if name not in placed and value not in (None, {})
    }
    return _Caller(
        user=present(name=_user_name(identity), id=text(identity, "principalId")),
        account_id=text(identity, "accountId"),
        identity=_identity(identity, session),
        other={"userIdentity": unplaced} if unplaced else {},
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


# Nearly every record: an API call with fields of the documented types. Others are read field by field. What is remembered has a
# longest length, so that nobody can fill the memory by what he sends.
_ABSENT = msgspec.Raw(b"null")
_LONGEST_PART = 2_048
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class _Usual(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A usual record, in the order CloudTrail writes its fields."""

    event_version: _Name
    event_time: _Name
    event_source: _Name
    event_name: _Name
    event_id: _Name = msgspec.field(name="eventID")
    user_identity: msgspec.Raw = _ABSENT
    aws_region: _Name | None = None
    source_ip_address: _Name | None = msgspec.field(name="sourceIPAddress", default=None)
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_parameters: dict[str, Any] | None = None
    response_elements: dict[str, Any] | None = None
    additional_event_data: dict[str, Any] | None = None
    request_id: str | None = msgspec.field(name="requestID", default=None)
    read_only: bool | None = None
    resources: list[dict[str, Any]] | None = None
    event_type: _Name | None = None
    api_version: str | None = None
    management_event: bool | None = None
    recipient_account_id: _Name | None = None
    shared_event_id: str | None = msgspec.field(name="sharedEventID", default=None)
    vpc_endpoint_id: str | None = None
    event_category: _Name | None = None
    tls_details: msgspec.Raw = _ABSENT
    session_credential_from_console: Any = None
    vpc_endpoint_account_id: Any = None
    service_event_details: Any = None


class _Call(NamedTuple):
    """What many records share, by which their events begin."""

    event: JsonObject
    logged: JsonObject


def _known_caller(identity: bytes) -> _Caller:
    caller = _caller(member({"userIdentity": orjson.loads(identity)}, "userIdentity"))
    return caller._replace(user=fragment(caller.user), identity=fragment(caller.identity))


def _known_tls(details: bytes) -> Any:
    return fragment(_tls(member({"tlsDetails": orjson.loads(details)}, "tlsDetails")))


def _known_moment(time: str) -> str:
    return moment("eventTime", time)


def _known_call(call: tuple[str, str, bool | None, bool | None, str, str | None, str | None]) -> _Call:
    action, provider, read_only, management, version, kind, group = call
    if provider.startswith("aws:") or kind == _SIGN_IN:
        raise Malformed("eventSource, eventType: read field by field")
    return _Call(
        event={
            "kind": "event",
            "category": _category(action, provider, signing_in=False),
            "type": _type(read_only, action, ""),
            "action": action,
            "provider": provider,
            "outcome": "success",
        },
        logged=present(
            event_version=version,
            event_type=kind,
            event_category=group,
            management_event=management,
            read_only=read_only,
        ),
    )


def _known_cloud(place: tuple[str | None, str | None]) -> Any:
    region, account = place
    return fragment(present(provider="aws", region=region, account=present(id=account)))


_AT = Cache(_known_moment, 4_096)
_CALLER = Cache(_known_caller, 4_096)
_TLS = Cache(_known_tls, 1_024)
_CALL = Cache(_known_call, 4_096)
_CLOUD = Cache(_known_cloud, 1_024)
_SOURCE: Cache[str, JsonObject] = Cache(_source, 4_096)
_decoded = msgspec.json.Decoder(_Usual).decode


def quick(data: bytes) -> JsonObject | None:
    """The event of a usual record; None for any other."""
    try:
        record = _decoded(data)
        identity, tls_details = bytes(record.user_identity), bytes(record.tls_details)
        if len(identity) > _LONGEST_PART or len(tls_details) > _LONGEST_PART:
            return None
        action, read_only = record.event_name, record.read_only
        event, logged = _CALL[
            action,
            record.event_source,
            read_only,
            record.management_event,
            record.event_version,
            record.event_type,
            record.event_category,
        ]
        caller, tls, at = _CALLER[identity], _TLS[tls_details], _AT[record.event_time]
        resources = _resources(record.resources)
    except (msgspec.DecodeError, orjson.JSONEncodeError, ValueError, RecursionError):
        return None
    event, logged = event.copy(), logged.copy()
    event["id"] = record.event_id
    document: JsonObject = {
        "@timestamp": at,
        "event": event,
        "cloud": _CLOUD[record.aws_region, record.recipient_account_id or caller.account_id],
        "aws": {"cloudtrail": logged},
    }
    if code := record.error_code:
        event["type"] = _type(read_only, action, code)
    if code or record.error_message:
        event["outcome"] = "failure"
        document["error"] = present(code=code, message=record.error_message)
    if address := record.source_ip_address:
        document["source"] = _SOURCE[address]
    if caller.user:
        document["user"] = caller.user
    if agent := record.user_agent:
        document["user_agent"] = {"original": agent}
    if tls:
        document["tls"] = tls
    if request_id := record.request_id:
        logged["request_id"] = request_id
    if version := record.api_version:
        logged["api_version"] = version
    if shared_id := record.shared_event_id:
        logged["shared_event_id"] = shared_id
    if endpoint := record.vpc_endpoint_id:
        logged["vpc_endpoint_id"] = endpoint
    if caller.identity:
        logged["user_identity"] = caller.identity
    if resources:
        logged["resources"] = resources
    if parameters := record.request_parameters:
        logged["request_parameters"] = parameters
    if response := record.response_elements:
        logged["response_elements"] = response
    if more := record.additional_event_data:
        logged["additional_event_data"] = more
    other = caller.other
    if (console := record.session_credential_from_console) is not None:
        other = {**other, "sessionCredentialFromConsole": console}
    if (owner := record.vpc_endpoint_account_id) is not None:
        other = {**other, "vpcEndpointAccountId": owner}
    if (details := record.service_event_details) is not None:
        other = {**other, "serviceEventDetails": details}
    if other:
        logged["other"] = other
    return document


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
    quick=quick,
    openings=tuple(f'{{"{name}"'.encode() for name in ("eventVersion", "additionalEventData", "apiVersion", "awsRegion")),
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
