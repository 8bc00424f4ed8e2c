"""GuardDuty findings, in the format of the GuardDuty user guide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from common.model import Coordinates, Rejected
from tests.unit.common.conftest import Document

REMOTE = {
    "ipAddressV4": "198.51.100.9",
    "organization": {"asn": "64500", "asnOrg": "Example Net"},
    "country": {"countryName": "Sweden", "countryCode": "SE"},
    "city": {"cityName": "Lund"},
    "geoLocation": {"lat": 55.7, "lon": 13.19},
}
PLACE = {
    "ip": "198.51.100.9",
    "geo": {"country_name": "Sweden", "country_iso_code": "SE", "city_name": "Lund", "location": {"lat": 55.7, "lon": 13.19}},
    "as": {"number": 64500, "organization": {"name": "Example Net"}},
}
CALL = {"actionType": "AWS_API_CALL", "awsApiCallAction": {"api": "ListUsers", "remoteIpDetails": REMOTE}}


def finding(action: dict[str, Any] = CALL, **changes: Any) -> dict[str, Any]:
    return {
        "schemaVersion": "2.0",
        "accountId": "111122223333",
        "region": "eu-north-1",
        "id": "f1",
        "arn": "arn:aws:guardduty:eu-north-1:111122223333:detector/d/finding/f1",
        "type": "Discovery:IAMUser/AnomalousBehavior",
        "resource": {
            "resourceType": "AccessKey",
            "accessKeyDetails": {"userName": "alice", "principalId": "AIDA", "accessKeyId": "ASIAEXAMPLE"},
        },
        "service": {
            "serviceName": "guardduty",
            "detectorId": "d",
            "action": action,
            "resourceRole": "TARGET",
            "eventFirstSeen": "2025-10-01T10:00:00.000Z",
            "eventLastSeen": "2025-10-01T11:00:00.000Z",
            "archived": False,
            "count": 3,
            "evidence": {"threatIntelligenceDetails": [{"threatListName": "list-1", "threatNames": ["t"]}]},
        },
        "severity": 5.3,
        "createdAt": "2025-10-01T10:05:00.000Z",
        "updatedAt": "2025-10-01T11:05:00.000Z",
        "title": "A title",
        "description": "A description",
    } | changes


def in_event(detail: dict[str, Any]) -> dict[str, Any]:
    return {"version": "0", "id": "cd2d702e", "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": detail}


def pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: pascal(content) for name, content in value.items()}
    return [pascal(content) for content in value] if isinstance(value, list) else value


def test_a_finding_delivered_by_eventbridge(document: Callable[..., Document]) -> None:
    assert document(in_event(finding())) == {
        "@timestamp": "2025-10-01T11:05:00.000Z",
        "event": {
            "id": "f1:2025-10-01T11:05:00.000Z",
            "dataset": "aws.guardduty",
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "action": "AWS_API_CALL",
            "outcome": "success",
            "provider": "guardduty",
            "severity": 5,
            "created": "2025-10-01T10:05:00.000Z",
            "start": "2025-10-01T10:00:00.000Z",
            "end": "2025-10-01T11:00:00.000Z",
            "ingested": "2026-11-23T08:00:00.250Z",
        },
        "tenant": "default",
        "message": "A description",
        "rule": {"name": "Discovery:IAMUser/AnomalousBehavior", "category": "Discovery"},
        "threat": {"tactic": {"name": ["Discovery"]}, "feed": {"name": ["list-1"]}},
        "cloud": {"account": {"id": "111122223333"}, "region": "eu-north-1"},
        "user": {"name": "alice", "id": "AIDA"},
        "source": PLACE,
        "aws": {
            "guardduty": {
                "id": "f1",
                "arn": "arn:aws:guardduty:eu-north-1:111122223333:detector/d/finding/f1",
                "title": "A title",
                "severity": 5.3,
                "detector_id": "d",
                "resource_type": "AccessKey",
                "resource_role": "TARGET",
                "archived": False,
                "count": 3,
                "resource": {"accessKeyDetails": {"accessKeyId": "ASIAEXAMPLE"}},
                "service": {
                    "action": {"awsApiCallAction": {"api": "ListUsers"}},
                    "evidence": finding()["service"]["evidence"],
                },
                "other": {"schemaVersion": "2.0"},
            }
        },
    }


def test_the_api_s_spelling_makes_the_same_document(document: Callable[..., Document]) -> None:
    assert document(in_event(pascal(finding()))) == document(in_event(finding()))


def test_archived_that_is_neither_true_nor_false_stays_in_the_service(document: Callable[..., Document]) -> None:
    service = finding()["service"]
    found = document(finding(service=service | {"archived": "no"}))["aws"]["guardduty"]
    assert "archived" not in found
    assert found["service"]["archived"] == "no"


@pytest.mark.parametrize("spelling", [pascal, dict])
@pytest.mark.parametrize("envelope", [in_event, dict])
def test_a_finding_and_its_update_identify_the_event(
    spelling: Callable[[Any], Any], envelope: Callable[[Any], Any], document: Callable[..., Document]
) -> None:
    """A finding keeps its own id through all its updates, and each update is an event, whatever brings it."""
    assert document(envelope(spelling(finding())))["event"]["id"] == "f1:2025-10-01T11:05:00.000Z"


def test_a_finding_without_an_id_takes_the_one_of_its_place(document: Callable[..., Document], at: Coordinates) -> None:
    assert document({**finding(), "id": None})["event"]["id"] == at.id()


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            {
                "actionType": "NETWORK_CONNECTION",
                "networkConnectionAction": {
                    "connectionDirection": "INBOUND",
                    "protocol": "TCP",
                    "blocked": False,
                    "remoteIpDetails": REMOTE,
                    "remotePortDetails": {"port": 32794},
                    "localIpDetails": {"ipAddressV4": "10.0.0.23"},
                    "localPortDetails": {"port": 22, "portName": "SSH"},
                },
            },
            {
                "source": PLACE | {"port": 32794},
                "destination": {"ip": "10.0.0.23", "port": 22},
                "network": {"direction": "inbound", "transport": "tcp"},
            },
        ),
        (
            {
                "actionType": "PORT_PROBE",
                "portProbeAction": {
                    "blocked": True,
                    "portProbeDetails": [{"remoteIpDetails": REMOTE, "localPortDetails": {"port": 80}}, {"remoteIpDetails": {}}],
                },
            },
            {"source": PLACE, "destination": {"port": 80}},
        ),
        (
            {"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "bad.example", "protocol": "0", "blocked": False}},
            {"dns": {"question": {"name": "bad.example"}}},
        ),
        (
            {"actionType": "KUBERNETES_API_CALL", "kubernetesApiCallAction": {"statusCode": 403, "remoteIpDetails": REMOTE}},
            {"source": PLACE},
        ),
        (
            {"actionType": "RDS_LOGIN_ATTEMPT", "rdsLoginAttemptAction": {"remoteIpDetails": {"ipAddressV6": "2001:db8::9"}}},
            {"source": {"ip": "2001:db8::9"}},
        ),
        ({}, {}),
    ],
    ids=["connection", "probe", "dns", "kubernetes", "rds", "none"],
)
def test_where_it_came_from(action: dict[str, Any], expected: dict[str, Any], document: Callable[..., Document]) -> None:
    found = document(finding(action))
    assert {name: found[name] for name in ("source", "destination", "network", "dns") if name in found} == expected


@pytest.mark.parametrize(
    ("kind", "name", "details", "outcome"),
    [
        ("AWS_API_CALL", "awsApiCallAction", {}, "success"),
        ("AWS_API_CALL", "awsApiCallAction", {"errorCode": "AccessDenied"}, "failure"),
        ("NETWORK_CONNECTION", "networkConnectionAction", {"blocked": False}, "success"),
        ("NETWORK_CONNECTION", "networkConnectionAction", {"blocked": True}, "failure"),
        ("KUBERNETES_API_CALL", "kubernetesApiCallAction", {"statusCode": 200}, "success"),
        ("KUBERNETES_API_CALL", "kubernetesApiCallAction", {"statusCode": 403}, "failure"),
        ("RDS_LOGIN_ATTEMPT", "rdsLoginAttemptAction", {}, "unknown"),
    ],
)
def test_outcome_is_that_of_the_action(
    kind: str, name: str, details: dict[str, Any], outcome: str, document: Callable[..., Document]
) -> None:
    assert document(finding({"actionType": kind, name: details}))["event"]["outcome"] == outcome


def test_places_off_the_map_and_owners_without_number_are_left_out(document: Callable[..., Document]) -> None:
    odd = REMOTE | {"geoLocation": {"lat": 91, "lon": 0}, "organization": {"asn": "-1"}, "country": None, "city": {}}
    assert document(finding({"awsApiCallAction": {"remoteIpDetails": odd}}))["source"] == {"ip": "198.51.100.9"}


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ({"rdsDbUserDetails": {"user": "dba"}}, "dba"),
        ({"kubernetesDetails": {"kubernetesUserDetails": {"username": "system:anonymous"}}}, "system:anonymous"),
        ({}, None),
    ],
)
def test_the_user_of_other_resources(resource: dict[str, Any], name: str | None, document: Callable[..., Document]) -> None:
    assert document(finding(resource=resource)).get("user", {}).get("name") == name


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            {
                "eksClusterDetails": {"name": "prod", "arn": "arn:aws:eks:eu-north-1:111122223333:cluster/prod"},
                "kubernetesDetails": {
                    "kubernetesWorkloadDetails": {
                        "name": "web",
                        "type": "pods",
                        "namespace": "shop",
                        "containers": [{"name": "web", "image": "shop/web:1", "id": "c0ffee"}, {"name": "sidecar"}],
                    }
                },
            },
            {
                "orchestrator": {
                    "cluster": {"name": "prod"},
                    "namespace": "shop",
                    "resource": {"name": "web", "type": "pods"},
                },
                "container": {"id": "c0ffee", "name": "web", "image": {"name": "shop/web:1"}},
            },
        ),
        (
            {"ecsClusterDetails": {"name": "batch", "taskDetails": {"containers": [{"name": "job", "image": "shop/job"}]}}},
            {
                "orchestrator": {"cluster": {"name": "batch"}},
                "container": {"name": "job", "image": {"name": "shop/job"}},
            },
        ),
        (
            {"lambdaDetails": {"functionName": "f", "functionArn": "arn:aws:lambda:eu-north-1:111122223333:function:f"}},
            {"faas": {"name": "f", "id": "arn:aws:lambda:eu-north-1:111122223333:function:f"}},
        ),
    ],
    ids=["eks", "ecs", "lambda"],
)
def test_what_a_finding_is_about(resource: dict[str, Any], expected: dict[str, Any], document: Callable[..., Document]) -> None:
    found = document(finding(resource=resource))
    assert {name: found[name] for name in ("orchestrator", "container", "faas") if name in found} == expected


def test_the_probes_that_no_field_tells_of_are_kept(document: Callable[..., Document]) -> None:
    probes = [{"localPortDetails": {"port": 80, "portName": "HTTP"}}, {"localPortDetails": {"port": 22}}]
    found = document(finding({"actionType": "PORT_PROBE", "portProbeAction": {"portProbeDetails": probes}}))
    assert found["destination"] == {"port": 80}
    assert found["aws"]["guardduty"]["service"]["action"] == {
        "portProbeAction": {"portProbeDetails": probes[1:], "localPortDetails": {"portName": "HTTP"}}
    }


def test_buckets_and_databases_are_named(document: Callable[..., Document]) -> None:
    buckets = [{"name": "a", "s3ObjectDetails": [{"key": "k"}]}, {"name": "b"}]
    found = document(finding(resource={"s3BucketDetails": buckets, "rdsDbInstanceDetails": {"dbInstanceIdentifier": "db"}}))
    assert (found["aws"]["guardduty"]["buckets"], found["aws"]["guardduty"]["db_instance"]) == (["a", "b"], "db")


def test_the_process_of_runtime_monitoring(document: Callable[..., Document]) -> None:
    process = {"name": "xmrig", "executablePath": "/opt/xmrig", "pid": 4711, "lineage": [{"pid": 1}]}
    found = document(finding(service={"runtimeDetails": {"process": process}}))
    assert found["process"] == {"name": "xmrig", "executable": "/opt/xmrig", "pid": 4711}
    assert found["aws"]["guardduty"]["service"] == {"runtimeDetails": {"process": {"lineage": [{"pid": 1}]}}}


def test_an_attack_sequence_tells_its_tactics_techniques_and_actor(document: Callable[..., Document]) -> None:
    sequence = {
        "uid": "s-1",
        "actors": [{"id": "a-1", "user": {"name": "mallory", "type": "IAMUser"}}],
        "sequenceIndicators": [
            {"key": "ATTACK_TACTIC", "values": ["Discovery", "Exfiltration"]},
            {"key": "ATTACK_TECHNIQUE", "values": ["T1526"]},
            {"key": "TOR_IP"},
        ],
    }
    change: dict[str, Any] = {"service": {"detection": {"sequence": sequence}}, "resource": {"resourceType": "AttackSequence"}}
    found = document(finding(type="AttackSequence:S3/CompromisedData", severity=9.5, **change))
    assert found["threat"] == {"tactic": {"name": ["Discovery", "Exfiltration"]}, "technique": {"id": ["T1526"]}}
    assert (found["rule"]["category"], found["user"], found["event"]["severity"]) == ("AttackSequence", {"name": "mallory"}, 9)


def test_what_has_no_place_and_what_is_not_of_its_kind_is_kept(document: Callable[..., Document]) -> None:
    later = {"partition": "aws", "associatedAttackSequenceArn": "arn:x", "severity": "high", "createdAt": "yesterday"}
    found = document(finding({"awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": "nowhere"}}}, **later))
    assert found["aws"]["guardduty"]["other"] == {"schemaVersion": "2.0", **later}
    assert "source" not in found
    assert found["aws"]["guardduty"]["service"]["action"]["awsApiCallAction"] == {"remoteIpDetails": {"ipAddressV4": "nowhere"}}
    assert document(finding(service=["x"]))["aws"]["guardduty"]["other"] == {"schemaVersion": "2.0", "service": ["x"]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"updatedAt": "now"}, "updatedAt: 'now' is no point in time"), ({"type": ""}, "type: a finding has one")],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str, rejected: Callable[..., Rejected]) -> None:
    refused = rejected(in_event(finding(**changes)))
    assert (refused.reason, refused.type) == ("malformed", "guardduty")
    assert refused.detail.startswith(field)
