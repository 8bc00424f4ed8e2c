"""What a user agent is: browser or tool, system and device, by the expressions of the ua-parser project.

https://github.com/ua-parser/uap-core; matched in Rust, 50,000 a second on a slow core, so that what is not remembered costs
as much as parsing a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from common.enrichment.cache import Cache
from common.enrichment.enricher import Add, Kept, Look, beside
from common.logtype import present

if TYPE_CHECKING:
    from ua_parser import PartialResult


@cache
def _resolver() -> Any:
    """Takes a fifth of a second and 30 MB: only where it is used."""
    from ua_parser import loaders
    from ua_parser.regex import Resolver

    return Resolver(loaders.load_lazy_builtins())


class UserAgents(Kept):
    """Adds name, version, system and device to `user_agent`."""

    def __init__(self, cache_entries: int) -> None:
        cache = Cache(self._find, cache_entries)
        super().__init__("user_agent", (), cache, [Look(("user_agent", "original"), cache.get)])

    def _find(self, original: str) -> Add | None:
        from ua_parser import Domain

        return beside(dict(_additions(_resolver()(original, Domain.ALL))))


def _additions(found: PartialResult) -> Iterator[tuple[str, Any]]:
    agent, system, device = found.user_agent, found.os, found.device
    if agent is not None:
        yield "name", agent.family
        if version := _version(agent.major, agent.minor, agent.patch, agent.patch_minor):
            yield "version", version
    if system is not None:
        version = _version(system.major, system.minor, system.patch, system.patch_minor)
        yield "os", orjson.Fragment(orjson.dumps(present(name=system.family, version=version)))
    if device is not None:
        yield "device", orjson.Fragment(orjson.dumps({"name": device.family}))


def _version(*parts: str | None) -> str:
    numbers: list[str] = []
    for part in parts:
        if part is None:
            break
        numbers.append(part)
    return ".".join(numbers)
