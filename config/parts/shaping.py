"""What events are made of in the end: fields kept, hidden and renamed, samples, labels and times, by log type and tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from config.parts.base import Model, TenantName, Text
from config.parts.functions import log_types
from config.problem import Problem, shown

#: What routing, retries, the index and the lake stand on: no rule may touch it. The functions have the same list
#: (common.shaping.fields), and a test compares the two.
PROTECTED = ("@timestamp", "event.id", "event.dataset", "event.ingested", "tenant", "weir")

FieldName = Annotated[
    str, Text(r"[A-Za-z@_][A-Za-z0-9@_-]*(\.[A-Za-z0-9_-]+)*", "the name of a field, such as source.geo.city_name")
]
#: An object's key in the bucket of look-ups (S3 user guide, "Naming Amazon S3 objects": safe characters).
LookupFile = Annotated[
    str, Text(r"[A-Za-z0-9][A-Za-z0-9!_.'()/-]{0,255}", "an object's key: up to 256 letters, digits and ! _ . ' ( ) / -")
]


class Selection(Model):
    """Whose events something is for."""

    types: tuple[str, ...] = Field(default=(), strict=False)
    """Log types: files of lambdas/common/logtypes. All, if empty."""
    tenants: tuple[TenantName, ...] = Field(default=(), strict=False)
    """Tenants. All, if empty."""

    @field_validator("types")
    @classmethod
    def types_are_registered(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = log_types()
        for name in value:
            if name not in known:
                raise ValueError(f"{shown(name)} is no log type; write some of {', '.join(known)}")
        return value


class ShapingRule(Selection):
    """What is done with the events of some types and tenants. All rules for an event apply, in their order."""

    sample: Annotated[float | None, Field(ge=0, le=1)] = None
    """Share of the events that goes on, from 0 to 1; the rest is counted and stays in the archive. An event's id decides, so that
    a retry decides alike."""
    time_zone: str | None = None
    """Zone of times that the source writes without an offset, such as Europe/Berlin. Only for sources that write none."""
    time_fields: tuple[FieldName, ...] = Field(default=("@timestamp",), strict=False)
    """Fields `time_zone` is about."""
    trusted_clock_seconds: Annotated[int | None, Field(ge=1)] = None
    """A source's time further than this from the arrival gives way to it, and is kept in `weir.source_time`, in seconds."""
    keep: tuple[FieldName, ...] = Field(default=(), strict=False)
    """Fields that stay, each with all below it; any other goes, but for what the pipeline needs. All, if empty."""
    drop: tuple[FieldName, ...] = Field(default=(), strict=False)
    """Fields that go, each with all below it."""
    mask: tuple[FieldName, ...] = Field(default=(), strict=False)
    """Fields whose texts become `***` and whose addresses `::`; numbers, flags and times go. What enrichment found by them stays:
    a matched address is in `threat.indicator.name` too."""
    hash: tuple[FieldName, ...] = Field(default=(), strict=False)
    """Fields whose values become pseudonyms, the same for the same value, made with `shaping.hash_key`: an address one of
    fd00::/8."""
    rename: dict[FieldName, FieldName] = Field(default_factory=dict)
    """New names of fields. A value that the other field cannot hold stays where it is."""
    labels: dict[Annotated[str, Text(r"[a-z][a-z0-9_]{0,63}", "a label of lower-case letters, digits and _")], str] = Field(
        default_factory=dict
    )
    """Texts put into `labels`, where the event has none of the name."""

    @field_validator("time_zone")
    @classmethod
    def zone_is_known(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{shown(value)} is no time zone of the IANA; write one such as Europe/Berlin")
        return value

    def conflicts(self) -> Iterator[Problem]:
        for name in ("drop", "mask", "hash", "rename"):
            for position, field in enumerate(getattr(self, name)):
                where = (name, field if name == "rename" else position)
                yield from _protected(where, field, "taken away" if name in ("drop", "rename") else "hidden")
        for old, new in self.rename.items():
            yield from _protected(("rename", old), new, "written over")


def _protected(path: tuple[str | int, ...], field: str, done: str) -> Iterator[Problem]:
    for name in PROTECTED:
        if name == field or name.startswith(f"{field}.") or field.startswith(f"{name}."):
            yield Problem(path, f"{field} cannot be {done}: the pipeline needs {name}; name the fields beside it, or remove this")
            return


class Shaping(Model):
    """Fields, samples, labels and times of events, by log type and tenant. Of those on `raw`: what is put directly into the index
    is neither shaped nor enriched."""

    rules: tuple[ShapingRule, ...] = Field(default=(), strict=False)
    """What is done with the events of some types and tenants. Sampled first, then put right in time, enriched, hidden, renamed
    and labelled."""
    hash_key: LookupFile | None = None
    """Object in the bucket of look-ups that holds the key of pseudonyms: 16 to 64 random bytes. Until it is there, what is to be
    hashed is masked; another key makes other pseudonyms."""

    def conflicts(self) -> Iterator[Problem]:
        renamed = {new for rule in self.rules for new in rule.rename.values()}
        for number, rule in enumerate(self.rules):
            if rule.hash and self.hash_key is None:
                yield Problem(("hash_key",), "missing, and there are fields to hash; name the object that holds the key")
            for name in ("keep", "drop", "mask", "hash"):
                for position, field in enumerate(getattr(rule, name)):
                    if any(new == field or new.startswith(f"{field}.") or field.startswith(f"{new}.") for new in renamed):
                        yield Problem(
                            ("rules", number, name, position),
                            f"{field} is there only after renaming, which comes last; name the field it is renamed from",
                        )

    @property
    def files(self) -> tuple[str, ...]:
        """Objects of the bucket of look-ups."""
        return (self.hash_key,) if self.hash_key and any(rule.hash for rule in self.rules) else ()
