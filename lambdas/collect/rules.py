"""Whose an object is, and of what type its records are, by where it lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import orjson

from common.model import Given


@dataclass(frozen=True, slots=True)
class Rule:
    """Of objects of a bucket below a prefix."""

    bucket: str
    prefix: str
    given: Given


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule with the longest prefix counts; what none of them says is left to recognition and to the default tenant."""

    rules: tuple[Rule, ...]
    default_tenant: str

    @classmethod
    def read(cls, text: str, default_tenant: str) -> Self:
        """From a JSON list of {"bucket", "prefix"} with "type" and "tenant" where the rule says them."""
        read: Iterable[dict[str, Any]] = orjson.loads(text)
        rules = (Rule(rule["bucket"], rule["prefix"], Given(rule.get("tenant"), rule.get("type"))) for rule in read)
        return cls(tuple(sorted(rules, key=lambda rule: len(rule.prefix), reverse=True)), default_tenant)

    def given(self, bucket: str, key: str) -> Given:
        """What is known of the records of an object: always a tenant."""
        for rule in self.rules:
            if rule.bucket == bucket and key.startswith(rule.prefix):
                return Given(rule.given.tenant or self.default_tenant, rule.given.type)
        return Given(self.default_tenant)
