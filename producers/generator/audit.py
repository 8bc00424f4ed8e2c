"""What AWS itself reports: CloudTrail records, bare and in EventBridge events, and GuardDuty findings.

Shapes: CloudTrail user guide, "CloudTrail record contents" and "AWS Management Console sign-in events"; GuardDuty user guide,
"Processing GuardDuty findings with Amazon EventBridge".
"""

from __future__ import annotations

import random

from producers.generator.clock import Moment
from producers.generator.world import ACCOUNT, ATTACKER, CALLS, CLIENTS, REGION, USERS, VICTIM

_CALL = (
    '{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE:%(user)s",'
    '"arn":"arn:aws:sts::' + ACCOUNT + ':assumed-role/engineer/%(user)s","accountId":"' + ACCOUNT + '",'
    '"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE",'
    '"arn":"arn:aws:iam::' + ACCOUNT + ':role/engineer","accountId":"' + ACCOUNT + '","userName":"engineer"},'
    '"attributes":{"creationDate":"%(time)s","mfaAuthenticated":"true"}}},"eventTime":"%(time)s",'
    '"eventSource":"%(source)s.amazonaws.com","eventName":"%(name)s","awsRegion":"' + REGION + '",'
    '"sourceIPAddress":"%(client)s","userAgent":"%(agent)s",%(error)s"requestParameters":%(parameters)s,"responseElements":null,'
    '"requestID":"%(request)s","eventID":"%(id)s","readOnly":%(read_only)s,"eventType":"AwsApiCall","managementEvent":true,'
    '"recipientAccountId":"' + ACCOUNT + '","eventCategory":"Management",'
    '"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",'
    '"clientProvidedHostHeader":"%(source)s.' + REGION + '.amazonaws.com"}}'
)
_DENIED = '"errorCode":"AccessDenied","errorMessage":"User: %s is not authorized to perform: %s:%s",'
#: Of 1,000 calls.
_DENIED_CALLS = 30

_SIGN_IN = (
    '{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLEEXAMPLE","accountId":"' + ACCOUNT + '",'
    '"arn":"arn:aws:iam::' + ACCOUNT + ":user/" + VICTIM + '","userName":"' + VICTIM + '"},"eventTime":"%(time)s",'
    '"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"' + REGION + '",'
    '"sourceIPAddress":"' + ATTACKER + '","userAgent":"Mozilla/5.0 (X11; Linux x86_64)",%(error)s"requestParameters":null,'
    '"responseElements":{"ConsoleLogin":"%(result)s"},"additionalEventData":{"MobileVersion":"No","MFAUsed":"No"},'
    '"eventID":"%(id)s","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,'
    '"recipientAccountId":"' + ACCOUNT + '","eventCategory":"Management"}'
)
_WRONG = '"errorMessage":"Failed authentication",'

_EVENT = (
    '{"version":"0","id":"%s","detail-type":"%s","source":"%s","account":"' + ACCOUNT + '","time":"%s",'
    '"region":"' + REGION + '","resources":[],"detail":%s}'
)
_FINDING = (
    '{"schemaVersion":"2.0","accountId":"' + ACCOUNT + '","region":"' + REGION + '","partition":"aws","id":"%(finding)s",'
    '"arn":"arn:aws:guardduty:' + REGION + ":" + ACCOUNT + ':detector/12abc34d567e8fa901bc2d34e56789f0/finding/%(finding)s",'
    '"type":"%(type)s","resource":{"resourceType":"AccessKey","accessKeyDetails":{"accessKeyId":"EXAMPLE",'
    '"principalId":"AIDAEXAMPLEEXAMPLE","userType":"IAMUser","userName":"%(user)s"}},'
    '"service":{"serviceName":"guardduty","detectorId":"12abc34d567e8fa901bc2d34e56789f0","action":{'
    '"actionType":"AWS_API_CALL","awsApiCallAction":{"api":"%(api)s","serviceName":"signin.amazonaws.com",'
    '"callerType":"Remote IP","remoteIpDetails":{"ipAddressV4":"%(client)s",'
    '"organization":{"asn":"64496","asnOrg":"Example Networks","isp":"Example Networks","org":"Example Networks"},'
    '"country":{"countryName":"Netherlands"},"city":{"cityName":"Amsterdam"},"geoLocation":{"lat":52.37,"lon":4.89}}}},'
    '"resourceRole":"TARGET","additionalInfo":{},"eventFirstSeen":"%(time)s","eventLastSeen":"%(time)s","archived":false,'
    '"count":1},"severity":%(severity)s,"createdAt":"%(time)s","updatedAt":"%(time)s","title":"%(title)s",'
    '"description":"%(title)s The user is %(user)s."}'
)


def new_id(rng: random.Random) -> str:
    """A random UUID."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def api_call(rng: random.Random, moment: Moment) -> tuple[str, str, str]:
    """A CloudTrail record; its eventID and its service."""
    call = rng.choice(CALLS)
    user, event_id = rng.choice(USERS), new_id(rng)
    denied = rng.randrange(1_000) < _DENIED_CALLS
    record = _CALL % {
        "user": user,
        "time": moment.iso_seconds,
        "source": call.source,
        "name": call.name,
        "client": rng.choice(CLIENTS),
        "agent": call.agent,
        "error": _DENIED % (user, call.source, call.name) if denied else "",
        "parameters": call.parameters,
        "request": new_id(rng),
        "id": event_id,
        "read_only": "true" if call.read_only else "false",
    }
    return record, event_id, call.source


def api_call_event(rng: random.Random, moment: Moment) -> tuple[str, str]:
    """A CloudTrail record inside an EventBridge event, and its eventID."""
    record, event_id, service = api_call(rng, moment)
    event = _EVENT % (new_id(rng), "AWS API Call via CloudTrail", f"aws.{service}", moment.iso_seconds, record)
    return event, event_id


def sign_in_event(rng: random.Random, moment: Moment, *, succeeds: bool) -> tuple[str, str]:
    """The attacker at the console's door: an EventBridge event, and the eventID in it."""
    event_id = new_id(rng)
    record = _SIGN_IN % {
        "time": moment.iso_seconds,
        "error": "" if succeeds else _WRONG,
        "result": "Success" if succeeds else "Failure",
        "id": event_id,
    }
    return _EVENT % (new_id(rng), "AWS Console Sign In via CloudTrail", "aws.signin", moment.iso_seconds, record), event_id


_LOGIN = ("UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B", "ConsoleLogin", "Multiple successful console logins were seen.")
_FINDINGS = (
    ("Recon:IAMUser/UserPermissions", "ListRoles", "An API used to discover permissions was called unusually often.", 5),
    ("Discovery:IAMUser/AnomalousBehavior", "DescribeInstances", "An API of discovery tactics was called unusually.", 2),
    ("Policy:IAMUser/RootCredentialUsage", "DescribeInstances", "An API was called with root credentials.", 2),
)


def finding(rng: random.Random, moment: Moment) -> tuple[str, str]:
    """A GuardDuty finding about ordinary curiosity: an EventBridge event, and the finding's event id."""
    kind, api, title, severity = rng.choice(_FINDINGS)
    return _finding(rng, moment, kind, api, title, severity, rng.choice(USERS), rng.choice(CLIENTS))


def login_finding(rng: random.Random, moment: Moment) -> tuple[str, str]:
    """The GuardDuty finding about the attacker who got in: an EventBridge event, and the finding's event id."""
    return _finding(rng, moment, *_LOGIN, 8, VICTIM, ATTACKER)


def _finding(
    rng: random.Random, moment: Moment, kind: str, api: str, title: str, severity: int, user: str, client: str
) -> tuple[str, str]:
    number = f"{rng.getrandbits(128):032x}"
    detail = _FINDING % {
        "finding": number,
        "type": kind,
        "user": user,
        "api": api,
        "client": client,
        "time": moment.iso_milliseconds,
        "severity": severity,
        "title": title,
    }
    event = _EVENT % (new_id(rng), "GuardDuty Finding", "aws.guardduty", moment.iso_seconds, detail)
    # A finding that is updated is an event of its own: see `common.logtypes.guardduty`.
    return event, f"{number}:{moment.iso_milliseconds}"
