"""Real logs: every line becomes an event of its type, with the values that stand in it (read by hand)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from common.model import Coordinates, Event
from tests.unit.common.conftest import Document, Normalise

Sample = Callable[[str], list[bytes]]

#: Sample file, dataset, most bytes of document for a byte of log.
FILES = [
    ("vpc_flow.log", "aws.vpcflow", 5.0),
    ("alb_access.log", "aws.alb", 2.2),
    ("cloudtrail_attacks.jsonl", "aws.cloudtrail", 1.25),
    ("guardduty_findings.jsonl", "aws.guardduty", 1.25),
    ("waf.jsonl", "aws.waf", 1.4),
    ("s3_server_access.log", "aws.s3access", 3.0),
    ("nginx_access.log", "web.access", 3.0),
    # Lines of a hundred bytes: what every event has weighs most.
    ("linux_auth.log", "linux.auth", 3.7),
    ("rds_postgresql.log", "postgresql.log", 4.1),
]


@pytest.mark.parametrize(("name", "dataset", "growth"), FILES)
def test_every_line_is_an_event_of_its_type(
    name: str, dataset: str, growth: float, sample: Sample, normalise: Normalise, at: Coordinates
) -> None:
    lines = sample(name)
    events = [found for index, line in enumerate(lines) for found in normalise(line, at.user_record(index, "key"))]
    bodies = [found.body for found in events if isinstance(found, Event)]
    assert len(bodies) == len(events) == len(lines) > 0
    assert {orjson.loads(body)["event"]["dataset"] for body in bodies} == {dataset}
    assert sum(map(len, bodies)) <= growth * sum(map(len, lines))


def test_identical_lines_stay_events_of_their_own(sample: Sample, normalise: Normalise, at: Coordinates) -> None:
    lines = sample("vpc_flow.log")
    assert len(set(lines)) == 1
    found = [event for index, line in enumerate(lines) for event in normalise(line, at.user_record(index, "key"))]
    assert len({event.id for event in found if isinstance(event, Event)}) == len(lines) == 22


def at_path(document: Document, path: str) -> Any:
    value: Any = document
    for name in ("@timestamp",) if path == "@timestamp" else path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


BY_HAND: list[tuple[str, int, dict[str, Any]]] = [
    (
        "vpc_flow.log",
        1,
        {
            "@timestamp": "2023-01-28T09:34:56.000Z",
            "event.end": "2023-01-28T09:35:07.000Z",
            "source.ip": "162.142.125.177",
            "source.port": 38471,
            "destination.ip": "10.0.0.200",
            "destination.port": 12313,
            "network.transport": "tcp",
            "network.packets": 1,
            "network.bytes": 44,
            "cloud.account.id": "111111111111",
            "event.outcome": "success",
            "user": None,
        },
    ),
    (
        "alb_access.log",
        1,
        {
            "@timestamp": "2022-07-05T04:47:50.273Z",
            "source.ip": "20.78.123.34",
            "source.port": 65301,
            "destination.ip": "192.168.84.111",
            "http.request.method": "GET",
            "http.response.status_code": 404,
            "url.path": "//_profiler/phpinfo",
            "trace.id": "1-62c3c276-7ebec4d5497565d773421350",
            "cloud.account.id": "347283850106",
            "cloud.region": "us-west-2",
            "event.outcome": "failure",
            "event.duration": 1_000_000,
        },
    ),
    (
        "alb_access.log",
        6,
        {
            "http.response.status_code": 200,
            "event.outcome": "success",
            "aws.elb.classification": "Ambiguous",
            "aws.elb.classification_reason": "UndefinedContentLengthSemantics",
        },
    ),
    (
        "cloudtrail_attacks.jsonl",
        1,
        {
            "@timestamp": "2024-07-30T21:31:21.000Z",
            "event.id": "450230d4-b39e-4a18-a6a0-d07a6e2105cb",
            "event.action": "GetPasswordData",
            "event.provider": "ec2.amazonaws.com",
            "event.outcome": "failure",
            "error.code": "Client.UnauthorizedOperation",
            "source.ip": "200.249.253.51",
            "user.name": "stratus-red-team-ec2-get-password-data-role",
            "cloud.account.id": "457448411975",
            "aws.cloudtrail.request_parameters.instanceId": "i-i2jnm5swa59p4fxg",
        },
    ),
    (
        "cloudtrail_attacks.jsonl",
        310,
        {
            "@timestamp": "2024-08-28T09:54:40.000Z",
            "event.id": "a46a1a42-9ef1-48d4-9c61-507eb6d4019f",
            "event.action": "UpdateLoginProfile",
            "event.outcome": "success",
            "event.category": ["iam"],
            "source.ip": "212.3.253.233",
            "user.name": "christophe",
            "cloud.account.id": "763751499319",
            "user_agent.original": "stratus-red-team_33d1bcd6-0716-4e7f-a145-8a75625cf180",
        },
    ),
    (
        "guardduty_findings.jsonl",
        1,
        {
            "event.id": "6acdc15e4418414a868e8bbdf45b456b:2025-10-09T12:42:50.817Z",
            "rule.name": "CredentialAccess:IAMUser/AnomalousBehavior",
            "event.severity": 5,
            "event.outcome": "failure",
            "source.ip": "198.51.100.0",
            "source.geo.location": {"lat": 0, "lon": 0},
            "user.name": "GeneratedFindingUserName",
            "cloud.account.id": "057372331974",
        },
    ),
]


@pytest.mark.parametrize(("name", "number", "expected"), BY_HAND, ids=[f"{name}:{number}" for name, number, _ in BY_HAND])
def test_values_read_off_the_lines(
    name: str, number: int, expected: dict[str, Any], sample: Sample, document: Callable[..., Document]
) -> None:
    found = document(sample(name)[number - 1])
    assert {path: at_path(found, path) for path in expected} == expected
