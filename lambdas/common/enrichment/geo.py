"""Where an address is, and whose network it is in, by MaxMind DB files of MaxMind or DB-IP.

Format: https://maxmind.github.io/MaxMind-DB/. Fields: those both vendors have in their city, country and ASN databases
(https://dev.maxmind.com/geoip/docs/databases/city-and-country, https://db-ip.com/db/format/ip-to-city-lite/mmdb.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import maxminddb
import orjson

from common.enrichment.cache import Cache
from common.enrichment.enricher import Add, Kept, Look, beside
from common.enrichment.source import Source
from common.kinds import PLACE, WHOLE, WORD, is_ip
from common.logtype import JsonObject, present

_LANGUAGE = "en"


def open_database(path: Path) -> maxminddb.Reader:
    """A reader that outlives the file: its pages stay mapped. Raises maxminddb.InvalidDatabaseError."""
    return maxminddb.open_database(path)


class GeoIP(Kept):
    """Adds `geo` and `as` beside the addresses of an event."""

    def __init__(self, databases: Sequence[Source[maxminddb.Reader]], ends: Iterable[str], cache_entries: int) -> None:
        """`ends` hold an `ip` each: source, destination. Of two databases that know a field the first decides."""
        cache = Cache(self._find, cache_entries)
        super().__init__("geo", databases, cache, [Look((name, "ip"), cache.get) for name in ends])
        self._databases = databases

    def _find(self, address: str) -> Add | None:
        record: JsonObject = {}
        if is_ip(address):
            for database in self._databases:
                record = _looked_up(database, address) | record
        known = present(geo=_geo(record)) | present(**{"as": _system(record)})
        return beside({name: orjson.Fragment(orjson.dumps(members)) for name, members in known.items()})


def _looked_up(database: Source[maxminddb.Reader], address: str) -> JsonObject:
    reader = database.value
    if reader is None or (":" in address and reader.metadata().ip_version == 4):
        return {}
    try:
        found = reader.get(address)
    except maxminddb.InvalidDatabaseError:  # a damaged part of a file whose beginning and end are whole
        database.failures += 1
        return {}
    return found if isinstance(found, dict) else {}


def _geo(record: JsonObject) -> JsonObject:
    country, city, location = (_member(record, name) for name in ("country", "city", "location"))
    return present(
        country_name=WORD.read(_member(country, "names").get(_LANGUAGE)),
        country_iso_code=WORD.read(country.get("iso_code")),
        city_name=WORD.read(_member(city, "names").get(_LANGUAGE)),
        location=PLACE.read({"lat": location.get("latitude"), "lon": location.get("longitude")}),
    )


def _system(record: JsonObject) -> JsonObject:
    name = WORD.read(record.get("autonomous_system_organization"))
    return present(number=WHOLE.read(record.get("autonomous_system_number")), organization=present(name=name))


def _member(record: JsonObject, name: str) -> dict[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}
