"""GuardDuty findings, in the camelCase of EventBridge events and S3 exports and in the PascalCase of the API.

Fields: GuardDuty user guide, "Finding details" (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html),
and GuardDuty API reference, "Finding" (https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html).
The resource and the service's account of what happened differ with every finding type, so they stand whole in objects the
index keeps as flat_object, and what is searched most is said in a field of its own beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from common.distinct import distinct
from common.kinds import FLAG, IP, NUMBER, OPEN, PLACE, PORT, TEXT, WHOLE, WORD, WORDS
from common.logtype import JsonObject, Malformed, ObjectType, Stamp, always, present
from common.table import Table

_TRAFFIC = ("networkConnectionAction", "portProbeAction", "dnsRequestAction")
_FAILURE = 400
_MOST_SEVERE = 100
_LARGEST_SYSTEM = 2**32

#: What every finding has, as events and exports spell it, and as the API does.
_NAMES = frozenset(["schemaVersion", "service", "severity", "type"])
_API_NAMES = frozenset(["SchemaVersion", "Service", "Severity", "Type"])


def shape(names: Set[str]) -> bool:
    return names >= _NAMES or names >= _API_NAMES


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is when the finding was last updated; `source` is the remote side of what it saw."""
    return TABLE.event(_camel(record) if "Type" in record else record, stamp)


def _camel(value: Any) -> Any:
    """The same with every key beginning in lower case."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(content) for name, content in value.items()}
    return [_camel(content) for content in value] if isinstance(value, list) else value


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """A finding keeps its id through all its updates, and each update is an event: the two together identify it, whichever
    envelope brings it."""
    kind = event.get("rule", {}).get("name")
    if kind is None:
        raise Malformed("type: a finding has one")
    happened, found = event["event"], event.setdefault("aws", {}).setdefault("guardduty", {})
    if "id" in found:
        happened["id"] = f"{found['id']}:{event['@timestamp']}"
    if (severity := found.get("severity")) is not None and 0 <= severity <= _MOST_SEVERE:
        happened["severity"] = int(severity)
    if "message" not in event and "title" in found:
        event["message"] = found["title"]
    for name in ("resource", "service"):
        if isinstance(rest.get(name), dict):
            found[name] = rest.pop(name)
    resource, service = _object(found, "resource"), _object(found, "service")
    action = _object(service, "action")
    name, details = _action(action)
    happened["category"] = ["intrusion_detection", "network"] if name in _TRAFFIC else ["intrusion_detection"]
    happened["outcome"] = _outcome(name, details)
    if (what := _word(action, "actionType")) is not None:
        happened["action"] = what
    sequence = _object(_object(service, "detection"), "sequence")
    purpose = kind.partition(":")[0]
    event["rule"]["category"] = purpose
    event["threat"] = _threat(purpose, service, sequence)
    _place_resource(event, found, resource, sequence)
    event |= _ends(details)
    process = _object(_object(service, "runtimeDetails"), "process")
    event |= present(
        dns=present(question=present(name=_word(details, "domain"))) if name == "dnsRequestAction" else None,
        error=present(code=_word(details, "errorCode")),
        user_agent=present(original=_word(details, "userAgent")),
        process=present(
            name=_word(process, "name"),
            executable=_word(process, "executablePath"),
            pid=_read(WHOLE.read, process, "pid"),
        ),
    )


def _object(holder: JsonObject, name: str) -> JsonObject:
    """The object at `name`; an empty one where there is none."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _first(holder: JsonObject, name: str) -> JsonObject:
    """The first object of the list at `name`; an empty one where there is none."""
    value = holder.get(name)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _word(holder: JsonObject, name: str) -> str | None:
    value: str | None = TEXT.read(holder.get(name))
    return value


def _read(read: Callable[[Any], Any], holder: JsonObject, name: str) -> Any:
    value = holder.get(name)
    return None if value is None else read(value)


def _action(action: JsonObject) -> tuple[str, JsonObject]:
    """Name and content of the one object a finding's action has, beside `actionType`."""
    for name, details in action.items():
        if name.endswith("Action") and isinstance(details, dict):
            return name, details
    return "", {}


def _outcome(name: str, details: JsonObject) -> str:
    """Whether what GuardDuty saw succeeded; unknown where the finding does not tell."""
    if details.get("blocked") is True or details.get("errorCode"):
        return "failure"
    if details.get("blocked") is False or name == "awsApiCallAction":
        return "success"
    status = details.get("statusCode")
    if name == "kubernetesApiCallAction" and isinstance(status, int):
        return "failure" if status >= _FAILURE else "success"
    return "unknown"


def _threat(purpose: str, service: JsonObject, sequence: JsonObject) -> JsonObject:
    """The purpose that begins a finding's type; of an attack sequence, the tactics and techniques it is made of."""
    indicators = sequence.get("sequenceIndicators")
    told: dict[Any, Any] = {}
    for indicator in indicators if isinstance(indicators, list) else ():
        if isinstance(indicator, dict) and isinstance(key := indicator.get("key"), str):
            told[key] = WORDS.read(indicator.get("values"))
    return present(
        tactic={"name": told.get("ATTACK_TACTIC") or [purpose]},
        technique=present(id=told.get("ATTACK_TECHNIQUE")),
        feed=present(name=distinct(_object(service, "evidence").get("threatIntelligenceDetails"), "threatListName")),
    )


def _place_resource(event: JsonObject, found: JsonObject, resource: JsonObject, sequence: JsonObject) -> None:
    instance, key = _object(resource, "instanceDetails"), _object(resource, "accessKeyDetails")
    kubernetes, function = _object(resource, "kubernetesDetails"), _object(resource, "lambdaDetails")
    cluster = _object(resource, "eksClusterDetails") or _object(resource, "ecsClusterDetails")
    workload = _object(kubernetes, "kubernetesWorkloadDetails")
    container = (
        _object(resource, "containerDetails")
        or _first(workload, "containers")
        or _first(_object(_object(resource, "ecsClusterDetails"), "taskDetails"), "containers")
    )
    event["cloud"] |= present(
        availability_zone=_word(instance, "availabilityZone"),
        instance=present(id=_word(instance, "instanceId")),
        machine=present(type=_word(instance, "instanceType")),
    )
    found |= present(
        resource_type=_word(resource, "resourceType"),
        buckets=distinct(resource.get("s3BucketDetails"), "name"),
        db_instance=_word(_object(resource, "rdsDbInstanceDetails"), "dbInstanceIdentifier"),
    )
    event |= present(
        user=present(
            name=_word(key, "userName")
            or _word(_object(resource, "rdsDbUserDetails"), "user")
            or _word(_object(kubernetes, "kubernetesUserDetails"), "username")
            or _word(_object(_first(sequence, "actors"), "user"), "name"),
            id=_word(key, "principalId"),
        ),
        orchestrator=present(
            cluster=present(name=_word(cluster, "name")),
            namespace=_word(workload, "namespace"),
            resource=present(name=_word(workload, "name"), type=_word(workload, "type")),
        ),
        container=present(
            id=_word(container, "id"),
            name=_word(container, "name"),
            image=present(name=_word(container, "image")),
        ),
        faas=present(id=_word(function, "functionArn"), name=_word(function, "functionName")),
    )


def _ends(details: JsonObject) -> JsonObject:
    """`source`: the remote address of the action, with its place and owner; `destination`: the local one."""
    details = {**details, **_first(details, "portProbeDetails")}  # one probe stands for all; the others remain in service.action
    remote = _object(details, "remoteIpDetails")
    owner, country = _object(remote, "organization"), _object(remote, "country")
    number = _read(WHOLE.read, owner, "asn")
    geo = present(
        country_name=_word(country, "countryName"),
        country_iso_code=_word(country, "countryCode"),
        city_name=_word(_object(remote, "city"), "cityName"),
        location=_read(PLACE.read, remote, "geoLocation"),
    )
    system = present(
        number=number if number is not None and 0 < number < _LARGEST_SYSTEM else None,
        organization=present(name=_word(owner, "asnOrg")),
    )
    source = present(ip=_ip(remote), port=_port(details, "remotePortDetails"), geo=geo, **{"as": system})
    local = present(ip=_ip(_object(details, "localIpDetails")), port=_port(details, "localPortDetails"))
    direction, protocol = _word(details, "connectionDirection"), _word(details, "protocol")
    network = present(
        direction=direction.lower() if direction else None,
        transport=protocol.lower() if protocol and protocol.isalpha() else None,
    )
    return present(source=source, destination=local, network=network)


def _ip(details: JsonObject) -> Any:
    return IP.read(details.get("ipAddressV4")) or IP.read(details.get("ipAddressV6"))


def _port(details: JsonObject, name: str) -> Any:
    return _read(PORT.read, _object(details, name), "port")


TABLE = Table(
    {
        "updatedAt": "@timestamp",
        "createdAt": "event.created",
        "service.eventFirstSeen": "event.start",
        "service.eventLastSeen": "event.end",
        "service.serviceName": "event.provider",
        "description": "message",
        "type": "rule.name",
        "accountId": "cloud.account.id",
        "region": "cloud.region",
        "id": "aws.guardduty.id",
        "arn": "aws.guardduty.arn",
        "title": "aws.guardduty.title",
        "severity": "aws.guardduty.severity",
        "service.detectorId": "aws.guardduty.detector_id",
        "service.resourceRole": "aws.guardduty.resource_role",
        "service.archived": "aws.guardduty.archived",
        "service.count": "aws.guardduty.count",
    },
    own={
        **{
            f"aws.guardduty.{name}": WORD
            for name in ("id", "arn", "title", "detector_id", "resource_type", "resource_role", "db_instance")
        },
        "aws.guardduty.archived": FLAG,
        "aws.guardduty.severity": NUMBER,
        "aws.guardduty.count": WHOLE,
        "aws.guardduty.buckets": WORDS,
        "aws.guardduty.resource": OPEN,
        "aws.guardduty.service": OPEN,
    },
    rest="aws.guardduty.other",
    constants={"event.kind": "alert", "event.type": ["info"], "cloud.provider": "aws"},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="guardduty",
    dataset="aws.guardduty",
    title="GuardDuty finding",
    page="https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html",
    arrival="EventBridge, or GuardDuty's export to S3.",
    recognise=always,
    shape=shape,
    parse=parse,
    own=TABLE.own,
    fields=TABLE.fields,
    detail_types=("GuardDuty Finding",),
)
