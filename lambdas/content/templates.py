"""Index templates: what the domain is told of the documents before the first one comes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from content.domain import Domain


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What differs between environments."""

    shards: int
    replicas: int
    refresh_seconds: int
    segments_per_tier: int

    @classmethod
    def read(cls, properties: dict[str, Any]) -> Self:
        """From the custom resource's properties, which CloudFormation hands over as text. Raises ValueError naming the one."""
        names = ("IndexShards", "IndexReplicas", "RefreshSeconds", "SegmentsPerTier")
        return cls(*(_number(properties, name) for name in names))


def _number(properties: dict[str, Any], name: str) -> int:
    try:
        return int(properties[name])
    except KeyError:
        raise ValueError(f"the custom resource has no property {name}") from None
    except (TypeError, ValueError):
        raise ValueError(f"the custom resource's property {name} is {properties[name]!r}, not a whole number") from None


def apply(domain: Domain, folder: Path, settings: IndexSettings) -> list[str]:
    """Puts every template in `folder`, replacing the one of the same name; returns their names.

    A file is named after its template. One with `index_patterns` is an index template, any other a component, and components
    go first because index templates name them. Every index gets `settings`.
    """
    templates = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    if not templates:
        raise FileNotFoundError(f"no templates in {folder}: the function's package lacks them")
    components = [name for name, body in templates.items() if "index_patterns" not in body]
    for name in components:
        domain.put(f"/_component_template/{name}", templates[name])
    indices = [name for name in templates if name not in components]
    for name in indices:
        domain.put(f"/_index_template/{name}", templates[name] | {"template": {"settings": {"index": _index(settings)}}})
    return [*components, *indices]


def _index(settings: IndexSettings) -> dict[str, Any]:
    return {
        "number_of_shards": settings.shards,
        "number_of_replicas": settings.replicas,
        "refresh_interval": f"{settings.refresh_seconds}s",
        "merge": {"policy": {"segments_per_tier": settings.segments_per_tier}},
    }
