"""What all enrichers have in common: sources that are refreshed, a cache, and counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from common.deadline import Deadline
from common.enrichment.cache import Cache
from common.enrichment.source import Source
from common.logtype import JsonObject


class Counts(NamedTuple):
    """Of one enricher, since it was asked last."""

    hits: int
    """Values whose answer was remembered."""
    misses: int
    """Values that were looked up."""
    loads: int
    """Sources read in a new version."""
    failures: int
    """Attempts to read a source that failed."""


class Enricher(Protocol):
    """Adds what it knows to an event."""

    @property
    def name(self) -> str:
        """What metrics and logs call it."""

    def refresh(self, until: Deadline) -> None:
        """Reads what is due, and no longer than `until`. Never raises."""

    def apply(self, document: JsonObject) -> None:
        """Changes the event in place."""

    def counts(self) -> Counts:
        """What was done since this was asked last."""


class Kept:
    """The sources and the cache of an enricher."""

    def __init__(self, name: str, sources: Sequence[Source[Any]], cache: Cache[Any]) -> None:
        self._name, self._sources, self._cache = name, sources, cache

    @property
    def name(self) -> str:
        return self._name

    def refresh(self, until: Deadline) -> None:
        changed = [source.refresh(until) for source in self._sources]
        if any(changed):
            self._cache.forget()

    def counts(self) -> Counts:
        counted = self._cache.counted()
        loads, failures = (sum(getattr(source, name) for source in self._sources) for name in ("loads", "failures"))
        for source in self._sources:
            source.loads = source.failures = 0
        return Counts(counted.hits, counted.misses, loads, failures)
