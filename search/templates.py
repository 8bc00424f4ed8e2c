"""Index templates of the log types, out of the registry: a field is named and given its kind once, where its type is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common import ecs
from common.kinds import Kind
from common.logtype import LogType
from common.logtypes import TYPES

FOLDER = Path(__file__).resolve().parent / "templates"

#: Fields and objects an index may have. OpenSearch's own limit of 1,000 is too small for indices with the fields of all types
#: (documentation, "Mapping limits and settings").
_MOST_FIELDS = 3_000
_SHARED = "weir-ecs"


def texts() -> dict[str, str]:
    """The templates' files: name in FOLDER, content."""
    bodies = {_SHARED: _shared(), "logs": _of_all()}
    for dataset, log_types in _families().items():
        bodies[_component_name(dataset)] = _component(log_types)
        bodies[f"logs-{dataset}"] = _family(dataset)
    return {f"{name}.json": json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in bodies.items()}


def _shared() -> dict[str, Any]:
    description = (
        "The Elastic Common Schema fields every log type may have. Unmapped fields are kept in the document and never reach the "
        "mapping; a value that is not of its field's type is left out of that field's index and named in _ignored."
    )
    index = {"mapping.ignore_malformed": True, "mapping.total_fields.limit": _MOST_FIELDS}
    return {
        "_meta": _meta(description, ecs.FIELDS),
        "template": {"settings": {"index": index}, "mappings": _mappings(ecs.FIELDS)},
    }


def _families() -> dict[str, list[LogType]]:
    """The log types of each index family: a service may write text, and the same as JSON."""
    families: dict[str, list[LogType]] = {}
    for log_type in TYPES.values():
        families.setdefault(log_type.dataset, []).append(log_type)
    return families


def _component(log_types: Sequence[LogType]) -> dict[str, Any]:
    titles = "; ".join(log_type.title for log_type in log_types)
    own = {name: kind for log_type in log_types for name, kind in log_type.own.items()}
    description = f"{titles}: fields without a place in the Elastic Common Schema."
    return {"_meta": _meta(description, own), "template": {"mappings": _mappings(own)}}


def _family(dataset: str) -> dict[str, Any]:
    return {
        "_meta": {"description": f"Indices of {dataset}."},
        "index_patterns": [f"logs-{dataset}-*"],
        "priority": 200,
        "composed_of": [_SHARED, _component_name(dataset)],
    }


def _of_all() -> dict[str, Any]:
    description = "Indices of no single log type, such as those written by direct put: the fields of all types."
    return {
        "_meta": {"description": description},
        "index_patterns": ["logs-*"],
        "priority": 100,
        "composed_of": [_SHARED, *map(_component_name, _families())],
    }


def _component_name(dataset: str) -> str:
    return f"weir-{dataset}"


def _meta(description: str, fields: Mapping[str, Kind]) -> dict[str, Any]:
    """An index takes one value or many for any field; who makes tables of the templates must know which have many."""
    lists = sorted(name for name, kind in fields.items() if kind.many)
    return {"description": description} | ({"lists": lists} if lists else {})


def _mappings(fields: Mapping[str, Kind]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, kind in fields.items():
        *holders, leaf = name.split(".") if name != "@timestamp" else [name]
        node = properties
        for step in holders:
            node = node.setdefault(step, {"properties": {}})["properties"]
        node[leaf] = kind.mapping
    return {"dynamic": False, "properties": properties}
