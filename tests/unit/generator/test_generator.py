"""The traffic is what it promises to be: exact in number, known in every id, and the same again for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from ipaddress import ip_address, ip_network
from statistics import median
from typing import Any

import orjson
import pytest

from common.ids import timeless
from common.model import Coordinates, Event
from common.recognise import Normaliser
from producers.generator import Generator, Sample, Scenario
from producers.generator.damage import KINDS
from producers.generator.generator import MALFORMED_EVERY
from producers.generator.world import ACCOUNT, ATTACKER, VICTIM
from tests.unit.generator.conftest import EVENTS_PER_STEP, SECONDS, START, STEPS, Outcome

Documents = list[dict[str, Any]]
EVENTS = EVENTS_PER_STEP * STEPS
DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8")]


def test_every_id_is_known_before_anything_is_read_back(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        made = [event.id for event in outcome.events] + [rejected.at.id() for rejected in outcome.rejected]
        assert sorted(map(timeless, made)) == sorted(outcome.expected), outcome.sample


def test_no_two_events_share_an_id(outcomes: list[Outcome]) -> None:
    ids = [name for outcome in outcomes for name in outcome.expected]
    assert len(set(ids)) == len(ids) == EVENTS


def test_a_record_says_how_many_events_it_holds(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert outcome.sample.events == len(outcome.events) + len(outcome.rejected)


def test_exactly_the_malformed_records_are_rejected_whole(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.sample.malformed:
            assert not outcome.events
            assert [rejected.original for rejected in outcome.rejected] == [outcome.sample.data]
        else:
            assert not outcome.rejected


def test_one_event_in_a_hundred_is_malformed_in_every_way_in_turn(minute: list[Sample]) -> None:
    kinds = Counter(sample.type for sample in minute if sample.malformed)
    assert kinds.total() == EVENTS // MALFORMED_EVERY
    assert kinds == {kind.__name__: EVENTS // MALFORMED_EVERY // len(KINDS) for kind in KINDS}


@pytest.mark.parametrize("events", [1, 7, 99, 100, 101, 1_234])
def test_take_gives_exactly_as_many_events_as_asked_for(events: int, scenario: Scenario) -> None:
    generator = Generator(1, scenario)
    for calls in range(1, 30):
        assert sum(sample.events for sample in generator.take(events, START)) == events
        assert generator.events == calls * events
        assert generator.malformed == generator.events // MALFORMED_EVERY


def test_nothing_asked_for_gives_nothing(scenario: Scenario) -> None:
    assert Generator(1, scenario).take(0, START) == []


def test_the_same_seed_gives_the_same_records_and_another_gives_others(minute: list[Sample], scenario: Scenario) -> None:
    again, other = Generator(7, scenario), Generator(8, scenario)
    first = START + SECONDS / STEPS
    taken = again.take(EVENTS_PER_STEP, first)
    assert taken == minute[: len(taken)]
    assert other.take(EVENTS_PER_STEP, first) != taken


def test_every_log_type_comes(documents: Documents, minute: list[Sample]) -> None:
    datasets = Counter(document["event"]["dataset"] for document in documents)
    assert set(datasets) == {"app", "aws.alb", "aws.vpcflow", "aws.cloudtrail", "aws.guardduty"}
    assert datasets["app"] > datasets["aws.alb"] > datasets["aws.cloudtrail"] > datasets["aws.guardduty"] > 0
    assert {"mixed", "app", "alb", "vpc_flow", "cloudtrail", "guardduty"} < {sample.type for sample in minute}
    assert any(sample.data.startswith(b"\x1f\x8b") and len(sample.own_ids) > 1 for sample in minute)
    assert any(sample.data.startswith(b"\xf3\x89\x9a\xc2") and len(sample.positions) > 1 for sample in minute)


def test_records_have_the_size_of_real_ones(minute: list[Sample]) -> None:
    assert 400 <= sum(len(sample.data) for sample in minute) / len(minute) <= 500


def test_addresses_are_those_kept_for_documentation_and_the_account_is_the_example(documents: Documents) -> None:
    for document in documents:
        address = document.get("source", {}).get("ip")
        assert address is None or any(ip_address(address) in net for net in DOCUMENTATION)
        assert document.get("cloud", {}).get("account", {}).get("id", ACCOUNT) == ACCOUNT


def test_an_event_happens_when_it_is_sent(scenario: Scenario) -> None:
    at = Coordinates("raw", "shardId-000000000000", "1", 1_795_420_800_900)
    for sample in Generator(3, scenario).take(99, START + 0.123):
        for event in Normaliser(default_tenant="default").normalise(sample.data, at):
            assert isinstance(event, Event)
            document = orjson.loads(event.body)
            # A flow is told of when its window of ten seconds closes.
            ended = document["event"].get("end") if document["event"]["dataset"] == "aws.vpcflow" else document["@timestamp"]
            assert ended in ("2026-11-23T08:00:00.000Z", "2026-11-23T08:00:00.123Z")


def test_an_application_log_says_all_an_operator_asks(documents: Documents) -> None:
    logs = [document for document in documents if document["event"]["dataset"] == "app"]
    assert {log["service"]["name"] for log in logs} == {"catalogue", "checkout", "login", "payments", "shipping"}
    for log in logs:
        assert log["log"]["level"] in ("info", "warn", "error")
        assert 200 <= log["http"]["response"]["status_code"] <= 503
        assert log["event"]["duration"] > 0
        assert log["user"]["name"]
        assert log["source"]["ip"]
        assert len(log["trace"]["id"]) == 32


def test_the_load_balancer_logs_the_same_requests_as_the_applications(documents: Documents) -> None:
    traces = {document["trace"]["id"] for document in documents if document["event"]["dataset"] == "app"}
    balanced = [document for document in documents if document["event"]["dataset"] == "aws.alb"]
    shared = sum(document["trace"]["id"].removeprefix("1-").replace("-", "") in traces for document in balanced)
    assert shared / len(balanced) > 0.95


def test_one_service_becomes_ten_times_slower_for_a_while(documents: Documents, scenario: Scenario) -> None:
    begin, end = scenario.spike

    def latency(service: str, *, within: bool) -> float:
        durations: list[float] = [
            document["event"]["duration"] / 1e6
            for document in documents
            if document["event"]["dataset"] == "app"
            and document["service"]["name"] == service
            and (begin <= _epoch(document) < end) is within
        ]
        return median(durations)

    assert end - begin == pytest.approx(9.0)
    assert 7 < latency("payments", within=True) / latency("payments", within=False) < 14
    assert 0.7 < latency("checkout", within=True) / latency("checkout", within=False) < 1.4


def test_somebody_guesses_a_password_until_it_is_right(documents: Documents, scenario: Scenario) -> None:
    attack = [document for document in documents if document.get("source", {}).get("ip") == ATTACKER]
    logins = [document for document in attack if document["event"]["dataset"] == "app"]
    console = [document for document in attack if document["event"].get("action") == "ConsoleLogin"]
    findings = [document for document in attack if document["event"]["dataset"] == "aws.guardduty"]
    assert [login["http"]["response"]["status_code"] for login in logins] == [401] * scenario.attempts + [200]
    assert [login["event"]["outcome"] for login in console] == ["failure"] * (scenario.attempts // 2) + ["success"]
    assert [finding["rule"]["name"] for finding in findings] == ["UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B"]
    assert {document["user"]["name"] for document in [*logins, *console, *findings]} == {VICTIM}
    assert START + 0.55 * SECONDS <= _epoch(logins[0]) < _epoch(logins[-1]) <= START + 0.76 * SECONDS


def test_a_run_has_a_length() -> None:
    with pytest.raises(ValueError, match=r"seconds: 0 is not a length of time"):
        Scenario(START, 0)


def _epoch(document: dict[str, Any]) -> float:
    return datetime.fromisoformat(str(document["@timestamp"])).timestamp()
