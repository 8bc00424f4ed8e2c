"""The benchmark of enrichment measures enriched events, and the caches at work."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from bench import enrichment, yardsticks
from common.deadline import Deadline
from common.model import Event


def test_every_enricher_has_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrichment, "INDICATORS", 10)
    enrichment.write_lookups(tmp_path)
    finisher = enrichment._finisher(tmp_path)
    finisher.refresh(Deadline(60))
    event = finisher.finish("alb", "bench", Event("e", orjson.dumps({
        "source": {"ip": "203.0.113.66"}, "user": {"name": "user7"}, "user_agent": {"original": "curl/8.5.0"},
        "url": {"domain": "host3.evil.example"}, "cloud": {"account": {"id": "123456789012"}},
    }), "key"))  # fmt: skip
    assert event is not None
    found = orjson.loads(event.body)
    assert (found["source"]["geo"]["country_iso_code"], found["source"]["as"]["number"]) == ("DE", 64_500)
    assert (found["user_agent"]["name"], found["labels"]["user"]) == ("curl", {"team": "team-7"})
    assert found["threat"]["feed"]["name"] == ["addresses", "domains"]
    assert found["cloud"]["account"]["name"] == "account-123456789012"
    assert [counts.failures for _, counts in finisher.counts()] == [0] * 6


def test_the_report_is_of_the_same_events_with_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrichment, "INDICATORS", 10)
    everything = yardsticks.samples(enrichment.SEED)
    monkeypatch.setattr(yardsticks, "samples", lambda seed: everything[:300])
    found = enrichment.run(lambda line: None, rounds=1)
    assert found.events > 200
    assert found.share_of_plain == pytest.approx(found.enriched_per_second / found.plain_per_second, abs=0.001)
    assert found.enriched_share > 0.9
    assert set(found.hit_rates) == {"geo", "user_agent", "threats_ip", "threats_domain", "accounts", "master_data_users"}
    assert min(found.hit_rates.values()) > 0.9
