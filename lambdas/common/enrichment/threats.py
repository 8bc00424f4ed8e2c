"""Addresses, domains and file hashes that somebody warned of.

A list is a text file with one indicator a line, as abuse.ch, Spamhaus, FireHOL and others publish them: what follows white space,
a comma or a semicolon is left out, and so is a line that begins with # or ;.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from aws_lambda_powertools import Logger

from common.enrichment.cache import Cache
from common.enrichment.enricher import Add, Kept, Look
from common.enrichment.source import Source, Unusable
from common.logtype import JsonObject
from common.shaping.paths import find, path_of, put

IndicatorKind = Literal["ip", "domain", "hash"]

#: Most indicators of one list.
MOST_INDICATORS = 1_000_000

_FIRST = re.compile(r"[^\s,;]+")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}")
#: `threat.indicator.type` (ECS: the names of STIX 2.0's cyber observables).
_STIX = {"domain": "domain-name", "hash": "file"}
_NAME, _TYPE, _FEED = (path_of(f"threat.{name}") for name in ("indicator.name", "indicator.type", "feed.name"))

logger = Logger(child=True)


class Indicators(Protocol):
    """The content of one list."""

    def __contains__(self, value: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Addresses:
    """Networks, and addresses as networks of one: the bits of each by version and length of the prefix."""

    networks: dict[tuple[int, int], set[int]]

    def __contains__(self, value: object) -> bool:
        try:
            address = ip_address(str(value))
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        bits, number = address.max_prefixlen, int(address)
        return any(
            number >> (bits - length) in found for (version, length), found in self.networks.items() if version == address.version
        )


@dataclass(frozen=True, slots=True)
class Domains:
    """Domains, each with all below it."""

    names: set[str]

    def __contains__(self, value: object) -> bool:
        name = str(value).lower().rstrip(".")
        while name:
            if name in self.names:
                return True
            name = name.partition(".")[2]
        return False


@dataclass(frozen=True, slots=True)
class Hashes:
    """MD5, SHA-1, SHA-256 or SHA-512 of files, as hexadecimal digits."""

    digests: set[str]

    def __contains__(self, value: object) -> bool:
        return str(value).lower() in self.digests


def _addresses(words: Iterable[str]) -> tuple[Indicators, int]:
    networks: dict[tuple[int, int], set[int]] = {}
    bad = 0
    for word in words:
        try:
            network = ip_network(word, strict=False)
        except ValueError:
            bad += 1
            continue
        key = (network.version, network.prefixlen)
        networks.setdefault(key, set()).add(int(network.network_address) >> (network.max_prefixlen - network.prefixlen))
    return Addresses(networks), bad


def _matching(
    pattern: re.Pattern[str], make: Callable[[set[str]], Indicators]
) -> Callable[[Iterable[str]], tuple[Indicators, int]]:
    def read(words: Iterable[str]) -> tuple[Indicators, int]:
        found: set[str] = set()
        bad = 0
        for word in words:
            name = word.lower().rstrip(".")
            if pattern.fullmatch(name):
                found.add(name)
            else:
                bad += 1
        return make(found), bad

    return read


_READ: dict[IndicatorKind, Callable[[Iterable[str]], tuple[Indicators, int]]] = {
    "ip": _addresses,
    "domain": _matching(_DOMAIN, Domains),
    "hash": _matching(_HASH, Hashes),
}


def read_list(path: Path, kind: IndicatorKind) -> Indicators:
    """The indicators of a file. Raises Unusable where most of it is something else, or it is too long."""
    words: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if (first := _FIRST.match(line.lstrip("\ufeff \t"))) and not first[0].startswith("#"):
                words.append(first[0])
                if len(words) > MOST_INDICATORS:
                    raise Unusable(f"more than {MOST_INDICATORS} indicators")
    indicators, bad = _READ[kind](words)
    if bad * 2 > len(words):
        raise Unusable(f"{bad} of {len(words)} lines hold no {kind}")
    if bad:
        logger.warning(f"a list has lines that hold no {kind}", extra={"lines": bad})
    return indicators


class Feed(NamedTuple):
    """One list, and which fields it is about."""

    name: str
    kind: IndicatorKind
    fields: tuple[str, ...]
    indicators: Source[Indicators]


class Threats(Kept):
    """Names the indicators an event's values are found among: `threat.indicator` and `threat.feed`."""

    def __init__(self, kind: IndicatorKind, feeds: Sequence[Feed], cache_entries: int) -> None:
        """Of feeds of one kind, about the same fields."""
        cache = Cache(self._find, cache_entries)
        names = dict.fromkeys(name for feed in feeds for name in feed.fields)
        looks = [Look(path_of(name), cache.get, _texts, adds="threat") for name in names]
        super().__init__(f"threats_{kind}", [feed.indicators for feed in feeds], cache, looks)
        self._kind, self._feeds = kind, feeds

    def _find(self, value: str) -> Add | None:
        feeds = [feed.name for feed in self._feeds if feed.indicators.value is not None and value in feed.indicators.value]
        stix = _STIX.get(self._kind) or ("ipv6-addr" if ":" in value else "ipv4-addr")

        def add(document: JsonObject, _: JsonObject) -> None:
            _add(document, _NAME, [value])
            _add(document, _TYPE, [stix])
            _add(document, _FEED, feeds)

        return add if feeds else None


def _texts(value: Any) -> Iterable[str]:
    """Of a field of many values, each."""
    return (
        (item for item in value if isinstance(item, str))
        if isinstance(value, list)
        else (value,)
        if isinstance(value, str)
        else ()
    )


def _add(document: JsonObject, path: tuple[str, ...], words: Iterable[str]) -> None:
    """To a list of words, each once."""
    known = find(document, path)
    has = known if isinstance(known, list) else [known] if isinstance(known, str) else []
    put(document, path, list(dict.fromkeys((*has, *words))))
