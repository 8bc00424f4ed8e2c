"""Where an address is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import maxminddb
import orjson
import pytest

from common.deadline import Deadline
from common.enrichment.geo import GeoIP, open_database
from common.enrichment.source import Loaded, Source

CITY = {
    "country": {"iso_code": "DE", "names": {"en": "Germany", "de": "Deutschland"}},
    "city": {"names": {"en": "Berlin"}},
    "location": {"latitude": 52.5, "longitude": 13.4},
}
ASN = {"autonomous_system_number": 64_500, "autonomous_system_organization": "Example Net"}
GEO = {"country_name": "Germany", "country_iso_code": "DE", "city_name": "Berlin", "location": {"lat": 52.5, "lon": 13.4}}
SYSTEM = {"number": 64_500, "organization": {"name": "Example Net"}}


def applied(geo: GeoIP, **ends: Any) -> dict[str, Any]:
    document = orjson.loads(orjson.dumps(ends))
    geo.apply(document)
    found: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return found


@pytest.fixture
def geo(database: Callable[..., Path], told: Callable[..., Source[Any]]) -> GeoIP:
    city = open_database(database({"203.0.113.0/24": CITY, "2001:db8::/32": {"country": {"iso_code": "FR"}}}))
    networks = open_database(database({"203.0.0.0/16": ASN}, "asn.mmdb", version=4))
    return GeoIP([told(city), told(networks)], ("source", "destination"), 100)


def test_both_ends_get_place_and_network(geo: GeoIP) -> None:
    found = applied(geo, source={"ip": "203.0.113.9", "port": 1}, destination={"ip": "203.0.200.1"})
    assert found["source"] == {"ip": "203.0.113.9", "port": 1, "geo": GEO, "as": SYSTEM}
    assert found["destination"] == {"ip": "203.0.200.1", "as": SYSTEM}


def test_an_ipv6_address_is_not_asked_of_a_database_of_ipv4(geo: GeoIP) -> None:
    assert applied(geo, source={"ip": "2001:db8::1"})["source"] == {"ip": "2001:db8::1", "geo": {"country_iso_code": "FR"}}


@pytest.mark.parametrize("source", [{"ip": "10.0.0.1"}, {"ip": "no address"}, {"ip": 7}, {"port": 1}, "203.0.113.9", None])
def test_what_is_not_known_stays_as_it_is(geo: GeoIP, source: Any) -> None:
    assert applied(geo, source=source) == {"source": source}


def test_what_the_record_says_itself_stays(geo: GeoIP) -> None:
    own = {"ip": "203.0.113.9", "geo": {"country_iso_code": "AT"}}
    assert applied(geo, source=own)["source"] == {**own, "as": SYSTEM}


def test_an_address_is_looked_up_once_and_counted(geo: GeoIP) -> None:
    for last in (1, 2, 1, 1):
        applied(geo, source={"ip": f"203.0.113.{last}"})
    assert geo.counts()[:2] == (2, 2)


def test_a_new_database_is_seen_at_once(database: Callable[..., Path]) -> None:
    versions = iter([{"203.0.113.0/24": CITY}, {"203.0.113.0/24": {"country": {"iso_code": "PL"}}}])
    now = [0.0]
    source: Source[maxminddb.Reader] = Source(
        "city", lambda version, until: Loaded(open_database(database(next(versions)))), every=60, clock=lambda: now[0]
    )
    geo = GeoIP([source], ["source"], 100)
    assert applied(geo, source={"ip": "203.0.113.9"})["source"] == {"ip": "203.0.113.9"}
    geo.refresh(Deadline(10))
    assert applied(geo, source={"ip": "203.0.113.9"})["source"]["geo"] == GEO
    now[0] += 60
    geo.refresh(Deadline(10))
    assert applied(geo, source={"ip": "203.0.113.9"})["source"]["geo"] == {"country_iso_code": "PL"}
    assert geo.counts() == (0, 3, 2, 0)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mmdb").write_bytes(b"no database")
    with pytest.raises(maxminddb.InvalidDatabaseError):
        open_database(tmp_path / "x.mmdb")


def test_a_damaged_part_of_a_database_costs_no_event(database: Callable[..., Path], told: Callable[..., Source[Any]]) -> None:
    path = database({"203.0.113.0/24": CITY})
    content = bytearray(path.read_bytes())
    place = content.index(b"iso_code") - 1
    content[place] = 0x1F  # a type that is none
    content[place + 1] = 0xFF
    path.write_bytes(content)
    geo = GeoIP([told(open_database(path))], ["source"], 10)
    assert applied(geo, source={"ip": "203.0.113.9"}) == {"source": {"ip": "203.0.113.9"}}
    assert geo.counts().failures == 1


def test_a_reader_outlives_its_file(database: Callable[..., Path]) -> None:
    path = database({"203.0.113.0/24": CITY})
    reader = open_database(path)
    path.unlink()
    assert reader.get("203.0.113.9") == CITY
