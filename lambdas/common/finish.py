"""Finished events as an environment wants them: sampled, put right in time, enriched and shaped, by its rules.

What is to be done with a log type of a tenant is put together when the first event of it comes. Where that is nothing, its events
are not looked into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import orjson

from common import ecs
from common.deadline import Deadline
from common.enrichment.enricher import Counts, Enricher, Look, additions, members
from common.enrichment.source import Source
from common.kinds import Kind
from common.logtype import JsonObject
from common.logtypes import TYPES
from common.model import Event
from common.shaping.conceal import mask, pseudonyms
from common.shaping.fields import Drop, Keep, Rename
from common.shaping.labels import Labels
from common.shaping.moments import LocalTime, TrustedClock
from common.shaping.sample import Sample

#: Plans remembered: a tenant's name comes with a record, so that there may be any number.
_PLANS = 4_096


class Step(Protocol):
    """Changes a finished event in place."""

    def apply(self, document: JsonObject) -> None: ...


Apply = Callable[[JsonObject], None]


class Selected(NamedTuple):
    """An enricher, and whose events it is for."""

    selection: Mapping[str, Sequence[str]]
    """{"types": …, "tenants": …}: all where there are none."""
    enricher: Enricher


class Plan(NamedTuple):
    """What is done with the events of one log type and tenant."""

    samples: tuple[Sample, ...]
    finish: Callable[[JsonObject], bytes] | None
    """Changes an event that is in the samples, and writes it down; None where it stays as it is."""
    changed: frozenset[str] | None
    """The members of an event that `finish` looks into; None where it may be any."""

    def own(self, document: JsonObject) -> JsonObject:
        """`document` with parts of its own where `finish` looks."""
        if self.changed is None:
            copy: JsonObject = orjson.loads(orjson.dumps(document))
            return copy
        for name in self.changed.intersection(document):
            document[name] = orjson.loads(orjson.dumps(document[name]))
        return document


class Finisher:
    """Applies rules to finished events. One a container."""

    def __init__(
        self,
        rules: Sequence[Mapping[str, Any]] = (),
        enrichers: Sequence[Selected] = (),
        hash_key: Source[bytes] | None = None,
    ) -> None:
        """`rules` are those of the configuration (config.parts.shaping), as JSON has them. Without `hash_key`, what is to be
        hashed is masked."""
        self._rules, self._enrichers, self._hash_key = rules, enrichers, hash_key
        self._plan = lru_cache(maxsize=_PLANS)(self._planned)
        self._sampled: Counter[str] = Counter()

    def finish(self, log_type: str, tenant: str, event: Event) -> Event | None:
        """The event after its plan; None where it is not in the sample."""
        plan = self._plan(log_type, tenant)
        if plan is None:
            return event
        if not self._sampled_in(plan, log_type, event.id):
            return None
        if plan.finish is None:
            return event
        return Event(event.id, plan.finish(orjson.loads(event.body)), event.partition_key)

    def finish_plain(self, log_type: str, tenant: str, content: bytes | JsonObject, *, shared: bool = False) -> bytes | None:
        """As `finish`, for an event as JSON or as an object, which is changed (common.plain). Of a `shared` one other events have
        parts too, which stay as they are."""
        plan = self._plan(log_type, tenant)
        if plan is None:
            return content if isinstance(content, bytes) else orjson.dumps(content)
        document: JsonObject = orjson.loads(content) if isinstance(content, bytes) else content
        if plan.samples and not self._sampled_in(plan, log_type, document["event"]["id"]):
            return None
        if plan.finish is None:
            return orjson.dumps(document)
        return plan.finish(plan.own(document) if shared else document)

    def _sampled_in(self, plan: Plan, log_type: str, event_id: str) -> bool:
        if all(sample.keeps(event_id) for sample in plan.samples):
            return True
        self._sampled[log_type] += 1
        return False

    def refresh(self, deadline: Deadline) -> None:
        """Reads files and tables that are due, in at most half of the time there is. Never raises."""
        until = deadline.sooner(deadline.left() / 2)
        if self._hash_key is not None:
            self._hash_key.refresh(until)
        for _, enricher in self._enrichers:
            enricher.refresh(until)

    def sampled_out(self) -> Counter[str]:
        """Events that were left out, by log type, since this was asked last."""
        found, self._sampled = self._sampled, Counter()
        return found

    def counts(self) -> Iterator[tuple[str, Counts]]:
        """What each enricher did since this was asked last, by name."""
        for _, enricher in self._enrichers:
            yield enricher.name, enricher.counts()
        if self._hash_key is not None:
            yield "hash_key", Counts(0, 0, self._hash_key.loads, self._hash_key.failures)
            self._hash_key.loads = self._hash_key.failures = 0

    def _planned(self, log_type: str, tenant: str) -> Plan | None:
        rules = [rule for rule in self._rules if _concerns(rule, log_type, tenant)]
        kinds = {**ecs.FIELDS, **TYPES[log_type].own}
        samples = tuple(Sample(rule["sample"]) for rule in rules if rule.get("sample") is not None)
        times = [step.apply for rule in rules for step in _times(rule)]
        enrichers = [enricher for selection, enricher in self._enrichers if _concerns(selection, log_type, tenant)]
        looks = [look for enricher in enrichers for look in enricher.looks]
        shapes = [step.apply for step in self._shapes(rules, kinds)]
        finish = _finish(times, looks, shapes)
        return Plan(samples, finish, None if times or shapes else members(looks)) if samples or finish else None

    def _shapes(self, rules: Sequence[Mapping[str, Any]], kinds: Mapping[str, Kind]) -> Iterator[Step]:
        """All rules hide before any renames: what is hidden is so under whichever name it goes on."""
        for rule in rules:
            if rule.get("keep"):
                yield Keep(rule["keep"])
            yield from map(Drop, rule.get("drop", ()))
            yield from (mask(dotted, kinds) for dotted in rule.get("mask", ()))
            yield from (pseudonyms(dotted, kinds, self._key) for dotted in rule.get("hash", ()))
        for rule in rules:
            yield from (Rename(old, new, kinds) for old, new in rule.get("rename", {}).items())
            if rule.get("labels"):
                yield Labels(rule["labels"])

    def _key(self) -> bytes | None:
        return self._hash_key.value if self._hash_key else None


def _finish(times: Sequence[Apply], looks: Sequence[Look], shapes: Sequence[Apply]) -> Callable[[JsonObject], bytes] | None:
    """Times are put right, then what is known of values is added, then the event is shaped."""

    add = additions(looks)

    def enrich(document: JsonObject) -> bytes:
        add(document)
        return orjson.dumps(document)

    def finish(document: JsonObject) -> bytes:
        for apply in times:
            apply(document)
        if looks:
            body = enrich(document)
            if not shapes:
                return body
            document = orjson.loads(body)  # a rule may be about a field inside of the finished JSON that enrichment adds
        for apply in shapes:
            apply(document)
        return orjson.dumps(document)

    return finish if times or shapes else enrich if looks else None


def _concerns(selection: Mapping[str, Any], log_type: str, tenant: str) -> bool:
    types, tenants = selection.get("types"), selection.get("tenants")
    return (not types or log_type in types) and (not tenants or tenant in tenants)


def _times(rule: Mapping[str, Any]) -> Iterator[Step]:
    if rule.get("time_zone"):
        yield LocalTime(rule["time_zone"], rule.get("time_fields") or ("@timestamp",))
    if rule.get("trusted_clock_seconds") is not None:
        yield TrustedClock(rule["trusted_clock_seconds"])
