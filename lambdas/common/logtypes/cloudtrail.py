"""CloudTrail records: management, data, network-activity and Insights events.

Fields: CloudTrail user guide, "CloudTrail record contents for management, data, and network activity events"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html), "CloudTrail record
contents for Insights events for trails", and "CloudTrail userIdentity element"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html). Those without a place,
such as `addendum`, `edgeDeviceDetails` or `eventContext`, and those that are not of their kind stay as they are.

What a caller may fill with names of its own (parameters, responses) stands in objects the index keeps as flat_object, so
that neither their number nor their types ever reach the mapping.

A usual record is decoded by msgspec, which checks the types of its fields on the way and takes half the time of a decoder that
makes a dictionary of them. Who called and by which TLS comes again and again: what becomes of those bytes is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
import orjson

from common.cache import Cache
from common.fragment import fragment
from common.kinds import FLAG, INSTANT, OPEN, WORD, is_ip, structs
from common.logtype import JsonObject, Malformed, ObjectType, Stamp, moment, present, required

#: Top-level fields with a place in the document, and what they may be; any other stands under aws.cloudtrail.other, as it is.
_PLACED: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(
        (
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
            "recipientAccountId",
            "requestID",
            "sharedEventID",
            "sourceIPAddress",
            "userAgent",
            "vpcEndpointId",
        ),
        str,
    ),
    **dict.fromkeys(("managementEvent", "readOnly"), bool),
    **dict.fromkeys(("additionalEventData", "requestParameters", "responseElements"), object),
    **dict.fromkeys(("tlsDetails", "userIdentity"), dict),
    "resources": list,
}
_PLACED_IDENTITY: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy"), str),
    "sessionContext": dict,
}
_PLACED_SESSION: dict[str, type | tuple[type, ...]] = {"attributes": dict, "sessionIssuer": dict}
_PLACED_ISSUER = dict.fromkeys(("type", "principalId", "arn", "accountId", "userName"), str)
_PLACED_ATTRIBUTES: dict[str, type | tuple[type, ...]] = {"creationDate": str, "mfaAuthenticated": (str, bool)}
_PLACED_TLS = dict.fromkeys(("tlsVersion", "cipherSuite", "keyExchange", "clientProvidedHostHeader"), str)
_PLACED_RESOURCE = {"ARN": "arn", "ARNPrefix": "arn_prefix", "accountId": "account_id", "type": "type"}

_NOTHING: tuple[None, JsonObject] = (None, {})
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
    insight = _member(record, "insightDetails")
    action = _text(insight, "eventName") or required(record, "eventName")
    provider = _text(insight, "eventSource") or required(record, "eventSource")
    error = present(code=_text(record, "errorCode"), message=_text(record, "errorMessage"))
    signing_in = record.get("eventType") == _SIGN_IN
    failed = bool(error) or (signing_in and "Failure" in _object(record, "responseElements").values())
    caller = _caller(_member(record, "userIdentity"))
    tls = _tls(_member(record, "tlsDetails"))

    event = present(
        id=_text(record, "eventID"),
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
            region=_text(record, "awsRegion"),
            account=present(id=_text(record, "recipientAccountId") or caller.account_id),
        ),
        "source": _source(_text(record, "sourceIPAddress")),
        "user": caller.user,
        "user_agent": present(original=_text(record, "userAgent")),
        "error": error,
        "tls": tls.fields,
        "aws": {"cloudtrail": _details(record, caller, tls)},
    }
    return present(**document)


def _text(record: JsonObject, name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def _flag(record: JsonObject, name: str) -> bool | None:
    value = record.get(name)
    return value if isinstance(value, bool) else None


def _member(record: JsonObject, name: str) -> JsonObject:
    """The object at `name`; an empty one where there is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _unplaced(record: JsonObject, placed: Mapping[str, type | tuple[type, ...]]) -> JsonObject:
    """The members that have no place, or are not what their place takes."""
    return {
        name: value for name, value in record.items() if value not in _NOTHING and not isinstance(value, placed.get(name, ()))
    }


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


def _user_name(identity: JsonObject, issuer: JsonObject) -> str | None:
    if identity.get("type") == "Root":
        return "root"
    return _text(identity, "userName") or _text(issuer, "userName") or _text(identity, "invokedBy")


class _Tls(NamedTuple):
    """What becomes of tlsDetails."""

    fields: JsonObject
    other: JsonObject


def _tls(details: JsonObject) -> _Tls:
    protocol, _, version = (_text(details, "tlsVersion") or "").partition("v")
    other = _unplaced(details, _PLACED_TLS)
    return _Tls(
        fields=present(
            version=version or None,
            version_protocol=protocol.lower() or None,
            cipher=_text(details, "cipherSuite"),
            curve=_text(details, "keyExchange"),
            client=present(server_name=_text(details, "clientProvidedHostHeader")),
        ),
        other={"tlsDetails": other} if other else {},
    )


def _details(record: JsonObject, caller: _Caller, tls: _Tls) -> JsonObject:
    resources = _resources(record.get("resources"))
    return present(
        event_version=_text(record, "eventVersion"),
        event_type=_text(record, "eventType"),
        event_category=_text(record, "eventCategory"),
        management_event=_flag(record, "managementEvent"),
        read_only=_flag(record, "readOnly"),
        request_id=_text(record, "requestID"),
        api_version=_text(record, "apiVersion"),
        shared_event_id=_text(record, "sharedEventID"),
        vpc_endpoint_id=_text(record, "vpcEndpointId"),
        user_identity=caller.identity,
        resources=resources.fields,
        request_parameters=_object(record, "requestParameters"),
        response_elements=_object(record, "responseElements"),
        additional_event_data=_object(record, "additionalEventData"),
        other=_unplaced(record, _PLACED) | caller.other | tls.other | resources.other,
    )


class _Caller(NamedTuple):
    """What becomes of a userIdentity."""

    user: JsonObject
    account_id: str | None
    identity: JsonObject
    other: JsonObject
    """What has no place of its own."""


def _caller(identity: JsonObject) -> _Caller:
    session = _member(identity, "sessionContext")
    attributes, issuer = _member(session, "attributes"), _member(session, "sessionIssuer")
    name, created = _user_name(identity, issuer), INSTANT.read(_text(attributes, "creationDate"))
    kept_attributes, kept_issuer = _unplaced(attributes, _PLACED_ATTRIBUTES), _unplaced(issuer, _PLACED_ISSUER)
    other = _unplaced(identity, _PLACED_IDENTITY) | _unplaced(session, _PLACED_SESSION)
    if created is None and (unreadable := _text(attributes, "creationDate")):
        kept_attributes["creationDate"] = unreadable
    for holder, kept in ((identity, other), (issuer, kept_issuer)):  # such as the alias of an account whose root it was
        if (further := _text(holder, "userName")) and further != name:
            kept["userName"] = further
    other |= present(attributes=kept_attributes, sessionIssuer=kept_issuer)
    return _Caller(
        user=present(name=name, id=_text(identity, "principalId")),
        account_id=_text(identity, "accountId"),
        identity=_identity(identity, attributes, issuer, created),
        other={"userIdentity": other} if other else {},
    )


def _identity(identity: JsonObject, attributes: JsonObject, issuer: JsonObject, created: str | None) -> JsonObject:
    """Without principalId and the names, which are `user.id` and `user.name`."""
    return present(
        type=_text(identity, "type"),
        arn=_text(identity, "arn"),
        account_id=_text(identity, "accountId"),
        access_key_id=_text(identity, "accessKeyId"),
        invoked_by=_text(identity, "invokedBy"),
        session_context=present(
            creation_date=created,
            mfa_authenticated=_mfa(attributes.get("mfaAuthenticated")),
            session_issuer=present(
                type=_text(issuer, "type"),
                principal_id=_text(issuer, "principalId"),
                arn=_text(issuer, "arn"),
                account_id=_text(issuer, "accountId"),
            ),
        ),
    )


def _mfa(value: Any) -> Any:
    return WORD.read(value) if isinstance(value, str | bool) else None


class _Resources(NamedTuple):
    """What becomes of the list of resources."""

    fields: list[JsonObject]
    other: JsonObject


def _resources(resources: Any) -> _Resources:
    """The list stays whole where a resource says more of itself than has a place."""
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        return _Resources([], {"resources": resources} if resources else {})
    fields = [
        {place: value for name, place in _PLACED_RESOURCE.items() if isinstance(value := resource.get(name), str) and value}
        for resource in resources
    ]
    said = sum(value is not None and value != "" for resource in resources for value in resource.values())
    return _Resources([named for named in fields if named], {} if said == sum(map(len, fields)) else {"resources": resources})


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


class _Resource(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    arn: str | None = msgspec.field(name="ARN", default=None)
    arn_prefix: str | None = msgspec.field(name="ARNPrefix", default=None)
    account_id: str | None = msgspec.field(name="accountId", default=None)
    type: str | None = None


def _named(resource: _Resource) -> JsonObject:
    return present(arn=resource.arn, arn_prefix=resource.arn_prefix, account_id=resource.account_id, type=resource.type)


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
    resources: list[_Resource] | None = None
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


def _known(name: str, data: bytes) -> JsonObject:
    found = orjson.loads(data)
    if found is not None and not isinstance(found, dict):
        raise Malformed(f"{name}: read field by field")
    return found or {}


def _known_caller(identity: bytes) -> _Caller:
    caller = _caller(_known("userIdentity", identity))
    return caller._replace(user=fragment(caller.user), identity=fragment(caller.identity))


def _known_tls(details: bytes) -> _Tls:
    tls = _tls(_known("tlsDetails", details))
    return tls._replace(fields=fragment(tls.fields))


def _known_moment(time: str) -> str:
    return moment("eventTime", time)


def _known_call(call: tuple[str, str, bool | None, bool | None, str, str | None, str | None]) -> _Call:
    action, provider, read_only, management, version, kind, group = call
    if provider.startswith("aws:") or kind == _SIGN_IN:
        raise Malformed("eventSource, eventType: read field by field")
    return _Call(
        event={
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
    return fragment(present(region=region, account=present(id=account)))


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
    if tls.fields:
        document["tls"] = tls.fields
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
    if record.resources and (resources := list(filter(None, map(_named, record.resources)))):
        logged["resources"] = resources
    if parameters := record.request_parameters:
        logged["request_parameters"] = parameters
    if response := record.response_elements:
        logged["response_elements"] = response
    if more := record.additional_event_data:
        logged["additional_event_data"] = more
    other = caller.other
    if (console := record.session_credential_from_console) not in _NOTHING:
        other = {**other, "sessionCredentialFromConsole": console}
    if (owner := record.vpc_endpoint_account_id) not in _NOTHING:
        other = {**other, "vpcEndpointAccountId": owner}
    if (details := record.service_event_details) not in _NOTHING:
        other = {**other, "serviceEventDetails": details}
    if tls.other:
        other = {**other, **tls.other}
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
        "AWS Console Signin via CloudTrail",
        "AWS Insight via CloudTrail",
    ),
)
