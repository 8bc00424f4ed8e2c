"""What all enrichers have in common: sources that are refreshed, a cache, and counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from common.deadline import Deadline
from common.enrichment.cache import Cache
from common.enrichment.source import Source
from common.logtype import JsonObject
from common.shaping.paths import Path

#: A longer text is no address, agent or account: it is an attempt at something else, and would fill a cache.
LONGEST = 1_024

Add = Callable[[JsonObject, JsonObject], None]
"""Changes an event in place; it is given the object in it that has the value, too."""


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


def _no_texts(_: object) -> Iterable[str]:
    return ()


class Look(NamedTuple):
    """A value of an event that something may be known of."""

    path: Path
    known: Callable[[str], Add | None]
    """Adds what is known of a text; None where nothing is, as of most."""
    texts: Callable[[Any], Iterable[str]] = _no_texts
    """Those to ask about where the value is no text, or one longer than LONGEST."""
    adds: str | None = None
    """The member of the event that it may add to, beside the one that has the value."""
    in_turn: bool = False
    """It adds what other looks may add as well: it comes after all those before it."""


def beside(members: JsonObject) -> Add | None:
    """Adds `members` to the object that has the value, but for what it has itself. None where there are none."""

    added = tuple(members.items())

    def add(_: JsonObject, holder: JsonObject) -> None:
        for name, value in added:
            if name not in holder:
                holder[name] = value

    return add if members else None


def additions(looks: Iterable[Look]) -> Callable[[JsonObject], None]:
    """Adds what is known to an event. A value that several looks are about is looked for once.

    It is a function of straight lines, made for these looks: a loop over them takes half as long again.
    """
    together: dict[Path | int, list[Look]] = {}
    for number, look in enumerate(looks):
        together.setdefault(number if look.in_turn else look.path, []).append(look)
    lines = ["def add(document):", " holder_0 = document"]
    names: dict[str, Any] = {"unusual": _add_to_unusual}
    for number, found in enumerate(together.values()):
        names[f"looks_{number}"] = found
        *around, last = found[0].path
        for depth, name in enumerate(around, 1):
            lines.append(f"{' ' * depth}holder_{depth} = holder_{depth - 1}.get({name!r})")
            lines.append(f"{' ' * depth}if type(holder_{depth}) is dict:")
        indent, holder = " " * len(found[0].path), f"holder_{len(around)}"
        lines.append(f"{indent}value = {holder}.get({last!r})")
        lines.append(f"{indent}if type(value) is str and len(value) <= {LONGEST}:")
        for place, look in enumerate(found):
            names[f"known_{number}_{place}"] = look.known
            lines.append(f"{indent} addition = known_{number}_{place}(value)")
            lines.append(f"{indent} if addition is not None: addition(document, {holder})")
        lines.append(f"{indent}elif value is not None: unusual(document, {holder}, value, looks_{number})")
    exec(compile("\n".join(lines), "<looks>", "exec"), names)  # noqa: S102 - of names, as literals
    add: Callable[[JsonObject], None] = names["add"]
    return add


def members(looks: Iterable[Look]) -> frozenset[str]:
    """Those of an event that `looks` read or add to."""
    return frozenset(name for look in looks for name in (look.path[0], look.adds) if name)


def _add_to_unusual(document: JsonObject, holder: JsonObject, value: Any, looks: Sequence[Look]) -> None:
    for look in looks:
        for text in look.texts(value):
            if (addition := look.known(text)) is not None:
                addition(document, holder)


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

    def __init__(self, name: str, sources: Sequence[Source[Any]], cache: Cache[Add | None], looks: Sequence[Look]) -> None:
        self._name, self._sources, self._cache, self._looks = name, sources, cache, looks
        self.apply = additions(looks)
        """Adds all there is to add."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def looks(self) -> Sequence[Look]:
        return self._looks

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
