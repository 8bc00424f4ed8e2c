"""The enrichers of an environment, out of its configuration (config.parts.enrichment, as JSON has it)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from common.enrichment.accounts import Accounts, read_accounts
from common.enrichment.enricher import Enricher
from common.enrichment.files import Client as FileClient
from common.enrichment.files import file_loader
from common.enrichment.geo import GeoIP, open_database
from common.enrichment.master_data import Client as TableClient
from common.enrichment.master_data import Entries, MasterData, read_file, table_loader
from common.enrichment.source import Source, Unusable
from common.enrichment.threats import Feed, Threats, read_list
from common.enrichment.user_agent import UserAgents

#: Bytes of a key pseudonyms are made with: fewer could be tried out, and BLAKE2b takes no more (RFC 7693).
KEY_BYTES = range(16, 65)

Content = TypeVar("Content")
Section = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Where files and tables are, and how often they are read again."""

    files: FileClient
    bucket: str
    tables: TableClient
    table: str
    """The table of master data."""
    refresh_seconds: float
    clock: Callable[[], float] = time.monotonic

    def file(self, key: str, parse: Callable[[Path], Content]) -> Source[Content]:
        """The content of an object in the bucket, as `parse` reads it."""
        load = file_loader(self.files, self.bucket, key, parse)
        return Source(key, load, every=self.refresh_seconds, clock=self.clock)

    def entries(self, kind: str) -> Source[Entries]:
        """The items of a kind in the table."""
        load = table_loader(self.tables, self.table, kind)
        return Source(f"{self.table} {kind}", load, every=self.refresh_seconds, clock=self.clock)


def enrichers(enrichment: Section, origins: Origins) -> Iterator[tuple[Section, Enricher]]:
    """Each with the section that selects its events."""
    most: int = enrichment["cache_entries"]
    if geo := enrichment.get("geo"):
        databases = [origins.file(key, open_database) for key in geo["files"]]
        yield geo, GeoIP(databases, geo["ends"], most)
    if (agents := enrichment.get("user_agent")) is not None:
        yield agents, UserAgents(most)
    if threats := enrichment.get("threats"):
        for enricher in _threats(threats["lists"], origins, most):
            yield threats, enricher
    if accounts := enrichment.get("accounts"):
        yield accounts, Accounts(origins.file(accounts["file"], read_accounts), accounts["tags"], most)
    for data in enrichment.get("master_data", ()):
        yield data, _master_data(data, origins, most)


def hash_key(path: Path) -> bytes:
    """The key pseudonyms are made with: the file as it is. Raises Unusable."""
    key = path.read_bytes()
    if len(key) not in KEY_BYTES:
        raise Unusable(f"{len(key)} bytes; a key has {KEY_BYTES[0]} to {KEY_BYTES[-1]}")
    return key


def _threats(lists: list[Section], origins: Origins, most: int) -> Iterator[Threats]:
    """One for all lists about the same fields."""
    groups: dict[tuple[Any, ...], list[Feed]] = {}
    for listed in lists:
        indicators = origins.file(listed["file"], partial(read_list, kind=listed["kind"]))
        feed = Feed(listed["name"], listed["kind"], tuple(listed["fields"]), indicators)
        groups.setdefault((feed.kind, feed.fields), []).append(feed)
    for (kind, _), feeds in groups.items():
        yield Threats(kind, feeds, most)


def _master_data(data: Section, origins: Origins, most: int) -> MasterData:
    kind = data.get("kind")
    entries = origins.entries(kind) if kind else origins.file(data["file"], partial(read_file, key=data["key"]))
    name, into, fields = data["name"], data["into"], data["fields"]
    return MasterData(name, entries, field=data["field"], into=into, fields=fields, cache_entries=most)
