"""Lists of addresses, domains and hashes somebody warned of."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.enrichment import threats
from common.enrichment.source import Source, Unusable
from common.enrichment.threats import Feed, IndicatorKind, Indicators, Threats, read_list

SHA = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[str, IndicatorKind], Indicators]:
    def read(content: str, kind: IndicatorKind) -> Indicators:
        (tmp_path / "list.txt").write_text(content)
        return read_list(tmp_path / "list.txt", kind)

    return read


def test_addresses_and_networks(listed: Callable[..., Indicators]) -> None:
    found = listed(
        "\ufeff# Spamhaus DROP\n198.51.100.0/24 ; SBL1\n203.0.113.9,2026-11-23,botnet\n2001:db8::/32\n\n;end\n203.0.113.77/32\n",
        "ip",
    )
    inside = ["198.51.100.0", "198.51.100.255", "203.0.113.9", "203.0.113.77", "2001:db8:1::7", "::ffff:203.0.113.9"]
    assert [address in found for address in inside] == [True] * 6
    assert [address in found for address in ("198.51.101.0", "203.0.113.10", "2001:db9::", "bad", "")] == [False] * 5


def test_a_domain_stands_for_all_below_it(listed: Callable[..., Indicators]) -> None:
    found = listed("evil.example\nC2.Other.example.\n", "domain")
    assert [name in found for name in ("evil.example", "a.b.EVIL.example.", "c2.other.example")] == [True] * 3
    assert [name in found for name in ("notevil.example", "other.example", "example", "")] == [False] * 4


def test_a_hash_in_any_case(listed: Callable[..., Indicators]) -> None:
    found = listed(f"{SHA} malware.exe\n", "hash")
    assert (SHA in found, SHA.lower() in found, SHA[:-1] in found) == (True, True, False)


def test_a_bad_line_is_left_out_and_a_file_of_them_refused(listed: Callable[..., Indicators]) -> None:
    assert "203.0.113.9" in listed("203.0.113.9\n203.0.113.10\n<html>\n", "ip")
    with pytest.raises(Unusable, match="2 of 3 lines hold no ip"):
        listed("<html>\n<body>\n203.0.113.9\n", "ip")


def test_a_list_too_long_is_refused(listed: Callable[..., Indicators], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threats, "MOST_INDICATORS", 2)
    with pytest.raises(Unusable, match="more than 2 indicators"):
        listed("a.example\nb.example\nc.example\n", "domain")


@settings(deadline=None)
@given(
    st.lists(st.ip_addresses(v=4).flatmap(lambda ip: st.integers(0, 32).map(lambda bits: f"{ip}/{bits}")), max_size=8),
    st.ip_addresses(v=4),
)
def test_networks_hold_what_ipaddress_says(networks: list[str], address: Any) -> None:
    found, bad = threats._addresses(networks)
    assert bad == 0
    assert (str(address) in found) == any(ip_address(address) in ip_network(network, strict=False) for network in networks)


@pytest.fixture
def warned(told: Callable[..., Source[Any]], listed: Callable[..., Indicators]) -> Threats:
    ends = ("source.ip", "destination.ip", "host.ip")
    one, other = (told(listed(content, "ip")) for content in ("203.0.113.0/24\n", "203.0.113.9\n2001:db8::1\n"))
    return Threats("ip", [Feed("drop", "ip", ends, one), Feed("botnets", "ip", ends, other)], 100)


def test_an_event_names_its_indicators_and_their_feeds(warned: Threats) -> None:
    document = {"source": {"ip": "203.0.113.9"}, "destination": {"ip": "2001:db8::1"}, "threat": {"feed": {"name": ["own"]}}}
    warned.apply(document)
    assert document["threat"] == {
        "feed": {"name": ["own", "drop", "botnets"]},
        "indicator": {"name": ["203.0.113.9", "2001:db8::1"], "type": ["ipv4-addr", "ipv6-addr"]},
    }


def test_a_field_of_many_values(warned: Threats) -> None:
    document: dict[str, Any] = {"host": {"ip": ["10.0.0.1", "203.0.113.7", 5]}}
    warned.apply(document)
    assert document["threat"] == {"feed": {"name": ["drop"]}, "indicator": {"name": ["203.0.113.7"], "type": ["ipv4-addr"]}}


def test_an_event_nobody_warned_of_is_left_alone(warned: Threats) -> None:
    document: dict[str, Any] = {"source": {"ip": "10.0.0.1"}, "destination": {"ip": 7}, "host": "x"}
    warned.apply(document)
    assert document == {"source": {"ip": "10.0.0.1"}, "destination": {"ip": 7}, "host": "x"}
    assert warned.counts()[:2] == (0, 1)


def test_the_kinds_of_indicator_have_their_stix_names(
    told: Callable[..., Source[Any]], listed: Callable[..., Indicators]
) -> None:
    domains = told(listed("evil.example\n", "domain"))
    document: dict[str, Any] = {"dns": {"question": {"name": "www.evil.example"}}}
    Threats("domain", [Feed("c2", "domain", ("dns.question.name",), domains)], 100).apply(document)
    assert document["threat"]["indicator"] == {"name": ["www.evil.example"], "type": ["domain-name"]}
    hashes = told(listed(f"{SHA}\n", "hash"))
    document = {"file": {"hash": {"sha256": SHA}}}
    Threats("hash", [Feed("malware", "hash", ("file.hash.sha256",), hashes)], 100).apply(document)
    assert document["threat"]["indicator"] == {"name": [SHA], "type": ["file"]}
