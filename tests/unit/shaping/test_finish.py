"""Rules by log type and tenant, on events as `normalise` makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import ecs
from common.deadline import Deadline
from common.enrichment.accounts import Account, Accounts
from common.enrichment.source import Loaded, Source
from common.finish import Finisher, Selected
from common.model import Coordinates, Event
from common.recognise import Normaliser
from common.settings import NormaliseSettings
from common.shaping.fields import overlaps
from normalise.finisher import configured_finisher

FLOW = "2 123456789012 eni-0a1b2c3d 203.0.113.12 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
APP = {"type": "app", "tenant": "acme", "message": "hello", "user": {"id": "c-7", "name": "ana"}}


def at(number: int = 0) -> Coordinates:
    return Coordinates("weir-test-raw", "shardId-000000000001", str(number), 1_795_420_800_250, "0", "key")


def finished(content: Any, finisher: Finisher | None, number: int = 0) -> list[dict[str, Any]]:
    data = content.encode() if isinstance(content, str) else orjson.dumps(content)
    normaliser = Normaliser(default_tenant="default", finish=finisher.finish if finisher else None)
    results = normaliser.normalise(data, at(number))
    assert all(isinstance(result, Event) for result in results), results
    return [orjson.loads(result.body) for result in results if isinstance(result, Event)]


def test_a_rule_is_for_its_types_and_tenants() -> None:
    finisher = Finisher([{"types": ["app"], "tenants": ["acme"], "drop": ["user.id"]}])
    ((mine,), (others,), (flow,)) = (finished(event, finisher) for event in (APP, {**APP, "tenant": "other"}, FLOW))
    assert (mine["user"], others["user"]) == ({"name": "ana"}, {"id": "c-7", "name": "ana"})
    assert [flow] == finished(FLOW, None)


def test_an_event_no_rule_is_for_is_not_looked_into() -> None:
    event = Event("e", b"no JSON", "key")
    assert Finisher([{"types": ["alb"], "drop": ["user"]}]).finish("app", "acme", event) is event


def test_the_steps_of_all_rules_come_one_after_the_other() -> None:
    rules: list[dict[str, Any]] = [
        {"drop": ["network"], "rename": {"source.ip": "labels.client"}, "labels": {"site": "fra"}},
        {"types": ["vpc_flow"], "mask": ["source.ip"], "time_zone": "Europe/Berlin", "trusted_clock_seconds": 60},
    ]
    (plain,), (flow,) = finished(FLOW, None), finished(FLOW, Finisher(rules))
    assert plain["@timestamp"] == "2014-12-14T04:06:50.000Z"
    assert flow == {
        **{name: value for name, value in plain.items() if name != "network"},
        "@timestamp": plain["event"]["ingested"],
        "weir": {"source_time": "2014-12-14T03:06:50.000Z"},
        "source": {"port": 20641},
        "labels": {"site": "fra", "client": "::"},  # hidden before it was renamed
    }


def test_an_event_outside_the_sample_is_counted_and_so_is_its_retry() -> None:
    finisher = Finisher([{"types": ["vpc_flow"], "sample": 0.3}])
    first, second = ([bool(finished(FLOW, finisher, number)) for number in range(200)] for _ in range(2))
    assert first == second
    assert 30 < sum(first) < 90
    assert finisher.sampled_out() == {"vpc_flow": 2 * (200 - sum(first))}
    assert finisher.sampled_out() == {}


def test_a_rule_reaches_into_what_enrichment_added() -> None:
    accounts: Source[dict[str, Account]] = Source(
        "accounts", lambda version, until: Loaded({"123456789012": Account("pay", {"owner": "ana", "cost": "7"})}), every=60
    )
    finisher = Finisher(
        [{"mask": ["labels.account.owner"]}],
        [Selected({"types": ["vpc_flow"], "tenants": []}, Accounts(accounts, ["owner", "cost"], 10))],
    )
    finisher.refresh(Deadline(10))
    (flow,) = finished(FLOW, finisher)
    assert (flow["cloud"]["account"]["name"], flow["labels"]) == ("pay", {"account": {"owner": "***", "cost": "7"}})
    assert dict(finisher.counts()) == {"accounts": (0, 1, 1, 0)}
    (app,) = finished(APP, finisher)
    assert "labels" not in app


def test_a_hash_needs_its_key_and_masks_until_it_has_it() -> None:
    key: Source[bytes] = Source("key", lambda version, until: Loaded(b"k" * 32), every=60)
    finisher = Finisher([{"hash": ["user.name"]}], hash_key=key)
    assert finished(APP, finisher)[0]["user"]["name"] == "***"
    finisher.refresh(Deadline(10))
    assert finished(APP, finisher)[0]["user"]["name"] == "73ddf7f52948804e4a5de9163a"


NAMES = st.sampled_from([name for name in ecs.FIELDS if not overlaps(name)] + ["user", "source", "cloud", "labels", "aws"])
RULES = st.fixed_dictionaries(
    {},
    optional={
        "keep": st.lists(NAMES, max_size=3),
        "drop": st.lists(NAMES, max_size=3),
        "mask": st.lists(NAMES, max_size=3),
        "hash": st.lists(NAMES, max_size=3),
        "rename": st.dictionaries(NAMES, NAMES, max_size=3),
        "labels": st.dictionaries(st.text(), st.text(), max_size=2),
        "time_zone": st.sampled_from(["Europe/Berlin", "America/Lima"]),
        "trusted_clock_seconds": st.integers(0, 10**9),
    },
)


RULE_LISTS = st.lists(RULES, max_size=3)


@settings(deadline=None)
@given(RULE_LISTS, st.sampled_from([FLOW, APP]))
def test_no_rule_takes_what_the_pipeline_stands_on(rules: list[dict[str, Any]], content: Any) -> None:
    ((plain,), (event,)) = finished(content, None), finished(content, Finisher(rules))
    assert event["tenant"] == plain["tenant"]
    for name in ("id", "dataset", "ingested"):
        assert event["event"][name] == plain["event"][name]
    assert len(event["@timestamp"]) == len("2026-11-23T08:00:00.250Z")


def test_the_rules_beside_the_function_are_read(tmp_path: Path) -> None:
    settings = NormaliseSettings.read(
        dict.fromkeys(("DEFAULT_TENANT", "DEFAULT_TYPE", "EVENTS_STREAM", "ERRORS_STREAM", "OVERSIZED_BUCKET"), "x")
    )
    rules = tmp_path / "rules.json"
    assert configured_finisher(settings, rules) is None
    shaping = {"rules": [{"types": [], "tenants": [], "drop": ["user"]}], "hash_key": None}
    enrichment = {"refresh_seconds": 300, "cache_entries": 10, "user_agent": {"types": [], "tenants": []}}
    rules.write_bytes(orjson.dumps({"shaping": shaping, "enrichment": enrichment}))
    finisher = configured_finisher(settings, rules)
    assert finisher is not None
    body = orjson.dumps({"user": {"name": "ana"}, "user_agent": {"original": "curl/8.5.0"}})
    event = finisher.finish("alb", "acme", Event("e", body, "key"))
    assert event is not None
    app = orjson.loads(event.body)
    assert "user" not in app
    assert app["user_agent"] == {"original": "curl/8.5.0", "name": "curl", "version": "8.5.0"}


def test_an_event_of_the_short_way_is_finished_alike() -> None:
    rules: list[dict[str, Any]] = [
        {"types": ["vpc_flow"], "mask": ["source.ip"], "labels": {"site": "fra"}},
        {"types": ["app"], "sample": 0.0},
    ]
    finisher = Finisher(rules)
    (flow,) = finished(FLOW, None)
    assert [orjson.loads(finisher.finish_plain("vpc_flow", "acme", orjson.dumps(flow)) or b"")] == finished(FLOW, finisher)
    (app,) = finished(APP, None)
    assert finisher.finish_plain("app", "acme", orjson.dumps(app)) is None
    assert finisher.sampled_out() == {"app": 1}
    other = orjson.dumps({"event": {"dataset": "aws.alb", "id": "e"}, "tenant": "acme"})
    assert finisher.finish_plain("alb", "acme", other) is other


@pytest.mark.parametrize("rules", [[], [{"drop": ["aws"]}]], ids=["enriched", "enriched and shaped"])
def test_parts_that_events_share_stay_as_they_are(rules: list[dict[str, Any]]) -> None:
    accounts: Source[dict[str, Account]] = Source(
        "accounts", lambda version, until: Loaded({"123456789012": Account("pay", {"owner": "ana"})}), every=60
    )
    finisher = Finisher(rules, [Selected({}, Accounts(accounts, ["owner"], 10))])
    finisher.refresh(Deadline(10))
    cloud, labels = {"account": {"id": "123456789012"}}, {"site": "fra"}
    shared = {"event": {"id": "e"}, "cloud": cloud, "labels": labels, "aws": orjson.Fragment(b'{"a":1}')}
    event = orjson.loads(finisher.finish_plain("cloudtrail", "acme", shared, shared=True) or b"")
    assert event["cloud"] == {"account": {"id": "123456789012", "name": "pay"}}
    assert event["labels"] == {"site": "fra", "account": {"owner": "ana"}}
    assert event.get("aws") == (None if rules else {"a": 1})
    assert (cloud, labels) == ({"account": {"id": "123456789012"}}, {"site": "fra"})


@pytest.mark.parametrize("name", ["vpc_flow", "app"])
def test_a_plan_is_made_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finisher = Finisher([{"types": ["app"], "drop": ["user"]}])
    for _ in range(3):
        finisher._plan(name, "acme")
    assert finisher._plan.cache_info().misses == 1
