"""GuardDuty findings, in the camelCase of EventBridge events and S3 exports and in the PascalCase of the API.

Fields: GuardDuty user guide, "Finding details" (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html),
and GuardDuty API reference, "Finding" (https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html).
The resource and the service's account of what happened differ with every finding type: what is searched most has fields, and the
others stand in objects the index keeps as flat_object.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from common.distinct import distinct
from common.kinds import FLAG, NUMBER, OPEN, WHOLE, WORD, WORDS
from common.logtype import JsonObject, Malformed, ObjectType, Stamp, always
from common.table import Table
from common.table_code import put

_TRAFFIC = frozenset(("NETWORK_CONNECTION", "PORT_PROBE", "DNS_REQUEST"))
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
    return TABLE.event(_with_first_probe(_camel(record) if "Type" in record else record), stamp)


def _camel(value: Any) -> Any:
    """The same with every key beginning in lower case."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(content) for name, content in value.items()}
    return [_camel(content) for content in value] if isinstance(value, list) else value


def _with_first_probe(record: JsonObject) -> JsonObject:
    """One probe of a port stands for all, as if the action were it; the others remain in the list."""
    service = _object(record, "service")
    action = _object(service, "action")
    probes = _object(action, "portProbeAction")
    found = probes.get("portProbeDetails")
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        return record
    first = {**probes, "portProbeDetails": found[1:], **found[0]}
    return {**record, "service": {**service, "action": {**action, "portProbeAction": first}}}


def _object(holder: JsonObject, name: str) -> JsonObject:
    """The object at `name`; an empty one where there is none."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _first(holder: JsonObject, name: str) -> JsonObject:
    """The first object of the list at `name`; an empty one where there is none."""
    value = holder.get(name)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


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
    action = happened.get("action")
    happened["category"] = ["intrusion_detection", "network"] if action in _TRAFFIC else ["intrusion_detection"]
    happened["outcome"] = _outcome(event, found)
    purpose = kind.partition(":")[0]
    event["rule"]["category"] = purpose
    event["threat"] = {"tactic": {"name": [purpose]}}
    for name, complete in (("resource", _complete_resource), ("service", _complete_service)):
        if isinstance(part := rest.get(name), dict):
            found[name] = rest.pop(name)
            complete(event, part)


def _outcome(event: JsonObject, found: JsonObject) -> str:
    """Whether what GuardDuty saw succeeded; unknown where the finding does not tell."""
    blocked = found.get("blocked")
    if blocked is True or "error" in event:
        return "failure"
    action = event["event"].get("action")
    if blocked is False or action == "AWS_API_CALL":
        return "success"
    status = event.get("http", {}).get("response", {}).get("status_code")
    if status is not None:
        return "failure" if status >= _FAILURE else "success"
    return "unknown"


def _complete_resource(event: JsonObject, resource: JsonObject) -> None:
    if buckets := distinct(resource.get("s3BucketDetails"), "name"):
        event["aws"]["guardduty"]["buckets"] = buckets
    if "container" in event:
        return
    workload = _object(_object(resource, "kubernetesDetails"), "kubernetesWorkloadDetails")
    task = _object(_object(resource, "ecsClusterDetails"), "taskDetails")
    container = _first(workload, "containers") or _first(task, "containers")
    for name, target in _CONTAINER.items():
        if isinstance(value := container.get(name), str) and value:
            put(event, target.split("."), value)


def _complete_service(event: JsonObject, service: JsonObject) -> None:
    """Of an attack sequence, the tactics and techniques it is made of, and the first actor."""
    if lists := distinct(_object(service, "evidence").get("threatIntelligenceDetails"), "threatListName"):
        event["threat"]["feed"] = {"name": lists}
    sequence = _object(_object(service, "detection"), "sequence")
    indicators = sequence.get("sequenceIndicators")
    for indicator in indicators if isinstance(indicators, list) else ():
        if isinstance(indicator, dict) and (words := WORDS.read(indicator.get("values"))):
            for key, target in _INDICATORS.items():
                if indicator.get("key") == key:
                    put(event, target, words)
    if name := WORD.read(_object(_first(sequence, "actors"), "user").get("name")):
        event.setdefault("user", {}).setdefault("name", name)


_INDICATORS = {
    "ATTACK_TACTIC": ["threat", "tactic", "name"],
    "ATTACK_TECHNIQUE": ["threat", "technique", "id"],
}


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value.isalpha() else None


def _system(value: Any) -> int | None:
    """An autonomous system's number."""
    number = WHOLE.read(value)
    return number if number is not None and 0 < number < _LARGEST_SYSTEM else None


_CONTAINER = {"id": "container.id", "name": "container.name", "image": "container.image.name"}
#: What the actions of a finding have in common, of which it has one.
_ACTION = {
    "remoteIpDetails.ipAddressV4": "source.ip",
    "remoteIpDetails.ipAddressV6": "source.ip",
    "remoteIpDetails.country.countryName": "source.geo.country_name",
    "remoteIpDetails.country.countryCode": "source.geo.country_iso_code",
    "remoteIpDetails.city.cityName": "source.geo.city_name",
    "remoteIpDetails.geoLocation": "source.geo.location",
    "remoteIpDetails.organization.asn": "source.as.number",
    "remoteIpDetails.organization.asnOrg": "source.as.organization.name",
    "remotePortDetails.port": "source.port",
    "localIpDetails.ipAddressV4": "destination.ip",
    "localIpDetails.ipAddressV6": "destination.ip",
    "localPortDetails.port": "destination.port",
    "connectionDirection": "network.direction",
    "protocol": "network.transport",
    "blocked": "aws.guardduty.blocked",
    "domain": "dns.question.name",
    "userAgent": "user_agent.original",
    "errorCode": "error.code",
    "statusCode": "http.response.status_code",
}
_READ_ACTION = {
    "connectionDirection": _lower,
    "protocol": _lower,
    "remoteIpDetails.organization.asn": _system,
}
_ACTIONS = tuple(
    f"service.action.{name}Action"
    for name in ("awsApiCall", "networkConnection", "portProbe", "dnsRequest", "kubernetesApiCall", "rdsLoginAttempt")
)
_WORKLOAD = "resource.kubernetesDetails.kubernetesWorkloadDetails"
TABLE = Table(
    {
        "updatedAt": "@timestamp",
        "createdAt": "event.created",
        "description": "message",
        "type": "rule.name",
        "accountId": "cloud.account.id",
        "region": "cloud.region",
        "id": "aws.guardduty.id",
        "arn": "aws.guardduty.arn",
        "title": "aws.guardduty.title",
        "severity": "aws.guardduty.severity",
        "service.serviceName": "event.provider",
        "service.eventFirstSeen": "event.start",
        "service.eventLastSeen": "event.end",
        "service.detectorId": "aws.guardduty.detector_id",
        "service.resourceRole": "aws.guardduty.resource_role",
        "service.archived": "aws.guardduty.archived",
        "service.count": "aws.guardduty.count",
        "service.action.actionType": "event.action",
        **{f"{action}.{source}": target for action in _ACTIONS for source, target in _ACTION.items()},
        "service.runtimeDetails.process.name": "process.name",
        "service.runtimeDetails.process.executablePath": "process.executable",
        "service.runtimeDetails.process.pid": "process.pid",
        "resource.resourceType": "aws.guardduty.resource_type",
        "resource.instanceDetails.availabilityZone": "cloud.availability_zone",
        "resource.instanceDetails.instanceId": "cloud.instance.id",
        "resource.instanceDetails.instanceType": "cloud.machine.type",
        "resource.accessKeyDetails.userName": "user.name",
        "resource.accessKeyDetails.principalId": "user.id",
        "resource.rdsDbUserDetails.user": "user.name",
        "resource.rdsDbInstanceDetails.dbInstanceIdentifier": "aws.guardduty.db_instance",
        "resource.kubernetesDetails.kubernetesUserDetails.username": "user.name",
        f"{_WORKLOAD}.namespace": "orchestrator.namespace",
        f"{_WORKLOAD}.name": "orchestrator.resource.name",
        f"{_WORKLOAD}.type": "orchestrator.resource.type",
        "resource.eksClusterDetails.name": "orchestrator.cluster.name",
        "resource.ecsClusterDetails.name": "orchestrator.cluster.name",
        **{f"resource.containerDetails.{source}": target for source, target in _CONTAINER.items()},
        "resource.lambdaDetails.functionArn": "faas.id",
        "resource.lambdaDetails.functionName": "faas.name",
    },
    own={
        **{
            f"aws.guardduty.{name}": WORD
            for name in ("id", "arn", "title", "detector_id", "resource_type", "resource_role", "db_instance")
        },
        "aws.guardduty.archived": FLAG,
        "aws.guardduty.blocked": FLAG,
        "aws.guardduty.severity": NUMBER,
        "aws.guardduty.count": WHOLE,
        "aws.guardduty.buckets": WORDS,
        "aws.guardduty.resource": OPEN,
        "aws.guardduty.service": OPEN,
    },
    rest="aws.guardduty.other",
    constants={"event.kind": "alert", "event.type": ["info"]},
    read={f"{action}.{source}": read for action in _ACTIONS for source, read in _READ_ACTION.items()},
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
