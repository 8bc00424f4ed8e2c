"""What all enrichers have in common: sources that are refreshed, a cache, and counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class Look(NamedTuple):
    """A part of an event that something is added for."""

    name: str
    """Of a member of the event: without it there is nothing to do, as in most events."""
    add: Callable[[JsonObject, Any], None]
    """Changes the event in place; it is given that member too."""


class Enricher(Protocol):
    """Adds what it knows to an event."""

    @property
    def name(self) -> str:
        """What metrics and logs call it."""

    def refresh(self, until: Deadline) -> None:
        """Reads what is due, and no longer than `until`. Never raises."""

    @property
    def looks(self) -> Sequence[Look]:
        """What it looks at."""

    def counts(self) -> Counts:
        """What was done since this was asked last."""


class Kept:
    """The sources and the cache of an enricher."""

    def __init__(self, name: str, sources: Sequence[Source[Any]], cache: Cache[Any], looks: Sequence[Look]) -> None:
        self._name, self._sources, self._cache, self._looks = name, sources, cache, looks

    @property
    def name(self) -> str:
        return self._name

    @property
    def looks(self) -> Sequence[Look]:
        return self._looks

    def apply(self, document: JsonObject) -> None:
        """Adds all there is to add."""
        for name, add in self._looks:
            if (held := document.get(name)) is not None:
                add(document, held)

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
