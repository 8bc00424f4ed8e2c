"""GuardDuty findings, in the camelCase of EventBridge events and S3 exports and in the PascalCase of the API.

Fields: GuardDuty user guide, "Finding details" (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html).
The resource and the service's account of what happened differ with every finding type, so they stand whole in objects the
index keeps as flat_object.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any, TypeGuard

from common.kinds import NUMBER, OPEN, WHOLE, WORD, is_ip
from common.logtype import JsonObject, Malformed, ObjectType, Stamp, always, member, moment, present, required, text

_TRAFFIC = ("networkConnectionAction", "portProbeAction", "dnsRequestAction")
#: Members of `service` that have a field of their own.
_PLACED_SERVICE = frozenset(["archived", "count", "detectorId", "eventFirstSeen", "eventLastSeen", "resourceRole", "serviceName"])


#: What every finding has, as events and exports spell it, and as the API does.
_NAMES = frozenset(["schemaVersion", "service", "severity", "type"])
_API_NAMES = frozenset(["SchemaVersion", "Service", "Severity", "Type"])


def shape(names: Set[str]) -> bool:
    return names >= _NAMES or names >= _API_NAMES


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is when the finding was last updated; `source` is the remote side of what it saw.

    A finding keeps its id through all its updates, and each update is an event: the two together identify it, whichever
    envelope brings it.
    """
    finding = _camel(record) if "Type" in record else record
    kind, service, resource = required(finding, "type"), member(finding, "service"), member(finding, "resource")
    severity = finding.get("severity")
    if not _is_number(severity) or not 0 <= severity <= 100:
        raise Malformed(f"severity: {str(severity)[:60]!r} is not a number from 0 to 100")
    action = member(service, "action")
    name, details = _action(action)
    purpose = kind.partition(":")[0]
    finding_id, updated = text(finding, "id"), moment("updatedAt", required(finding, "updatedAt"))
    key, instance = member(resource, "accessKeyDetails"), member(resource, "instanceDetails")

    document = {
        "@timestamp": updated,
        "event": present(
            id=f"{finding_id}:{updated}" if finding_id else None,
            kind="alert",
            category=["intrusion_detection", "network"] if name in _TRAFFIC else ["intrusion_detection"],
            type=["info"],
            action=text(action, "actionType"),
            outcome=_outcome(name, details),
            severity=int(severity),
            created=_time(finding, "createdAt"),
            start=_time(service, "eventFirstSeen"),
            end=_time(service, "eventLastSeen"),
        ),
        "message": text(finding, "description") or text(finding, "title"),
        "rule": {"name": kind, "category": purpose},
        "threat": present(tactic={"name": [purpose]}, feed=present(name=_threat_lists(service))),
        "cloud": present(
            provider="aws",
            account=present(id=text(finding, "accountId")),
            region=text(finding, "region"),
            availability_zone=text(instance, "availabilityZone"),
            instance=present(id=text(instance, "instanceId")),
            machine=present(type=text(instance, "instanceType")),
        ),
        "user": present(name=_user_name(resource), id=text(key, "principalId")),
        **_ends(details),
        "dns": present(question=present(name=text(details, "domain") if name == "dnsRequestAction" else None)),
        "aws": {
            "guardduty": present(
                id=finding_id,
                arn=text(finding, "arn"),
                title=text(finding, "title"),
                severity=severity,
                detector_id=text(service, "detectorId"),
                resource_type=text(resource, "resourceType"),
                resource_role=text(service, "resourceRole"),
                archived=service.get("archived"),
                count=_whole("service.count", service.get("count"), 2**63 - 1),
                resource=resource,
                service={name: value for name, value in service.items() if name not in _PLACED_SERVICE},
            )
        },
    }
    return present(**document)


def _camel(value: Any) -> Any:
    """The same with every key beginning in lower case."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(content) for name, content in value.items()}
    return [_camel(content) for content in value] if isinstance(value, list) else value


def _time(record: JsonObject, name: str) -> str | None:
    value = text(record, name)
    return moment(name, value) if value else None


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
        return "failure" if status >= 400 else "success"
    return "unknown"


def _user_name(resource: JsonObject) -> str | None:
    return (
        text(member(resource, "accessKeyDetails"), "userName")
        or text(member(resource, "rdsDbUserDetails"), "user")
        or text(member(member(resource, "kubernetesDetails"), "kubernetesUserDetails"), "username")
    )


def _ends(details: JsonObject) -> JsonObject:
    """`source`: the remote address of the action, with its place and owner; `destination`: the local one."""
    probes = details.get("portProbeDetails")
    if isinstance(probes, list) and probes and isinstance(probes[0], dict):
        details = {**details, **probes[0]}  # one probe stands for all; the others remain in service.action
    remote = member(details, "remoteIpDetails")
    owner, location = member(remote, "organization"), member(remote, "geoLocation")
    country, city = member(remote, "country"), member(remote, "city")
    number = text(owner, "asn") or ""
    geo = present(
        country_name=text(country, "countryName"),
        country_iso_code=text(country, "countryCode"),
        city_name=text(city, "cityName"),
        location={"lat": location["lat"], "lon": location["lon"]} if _on_earth(location) else None,
    )
    system = present(
        number=int(number) if number.isascii() and number.isdigit() and 0 < int(number[:11]) < 2**32 else None,
        organization=present(name=text(owner, "asnOrg")),
    )
    source = present(ip=_ip(remote), port=_port(details, "remotePortDetails"), geo=geo, **{"as": system})
    local = present(ip=_ip(member(details, "localIpDetails")), port=_port(details, "localPortDetails"))
    direction, protocol = text(details, "connectionDirection"), text(details, "protocol")
    network = present(
        direction=direction.lower() if direction else None,
        transport=protocol.lower() if protocol and protocol.isalpha() else None,
    )
    return present(source=source, destination=local, network=network)


def _ip(details: JsonObject) -> str | None:
    for name in ("ipAddressV4", "ipAddressV6"):
        address = text(details, name)
        if address:
            if not is_ip(address):
                raise Malformed(f"{name}: {address[:60]!r} is not an IP address")
            return address
    return None


def _port(details: JsonObject, name: str) -> int | None:
    return _whole(f"{name}.port", member(details, name).get("port"), 65_535)


def _whole(name: str, value: object, most: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Malformed(f"{name}: {str(value)[:60]!r} is not a whole number up to {most}")
    return value


def _on_earth(location: JsonObject) -> bool:
    """Whether the index takes the location as a geo_point."""
    lat, lon = location.get("lat"), location.get("lon")
    return _is_number(lat) and _is_number(lon) and -90 <= lat <= 90 and -180 <= lon <= 180


def _is_number(value: object) -> TypeGuard[int | float]:
    """JSON's true and false are numbers to Python, and to nobody else."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _threat_lists(service: JsonObject) -> list[str]:
    """The lists on which GuardDuty found the address or domain."""
    intelligence = member(service, "evidence").get("threatIntelligenceDetails")
    found = intelligence if isinstance(intelligence, list) else []
    return [name for entry in found if isinstance(entry, dict) and (name := text(entry, "threatListName"))]


OWN = {
    **{
        f"aws.guardduty.{name}": WORD
        for name in ("id", "arn", "title", "detector_id", "resource_type", "resource_role", "archived")
    },
    "aws.guardduty.severity": NUMBER,
    "aws.guardduty.count": WHOLE,
    "aws.guardduty.resource": OPEN,
    "aws.guardduty.service": OPEN,
}

LOG_TYPE = ObjectType(
    name="guardduty",
    dataset="aws.guardduty",
    title="GuardDuty finding",
    page="https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html",
    arrival="EventBridge, or GuardDuty's export to S3.",
    recognise=always,
    shape=shape,
    parse=parse,
    own=OWN,
    detail_types=("GuardDuty Finding",),
)
