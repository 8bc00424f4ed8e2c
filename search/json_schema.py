"""JSON Schemas of the log types' events, out of the registry as index templates are: what a consumer of `events` may rely on.

JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). A schema describes an event as its type's parser and enrichment
make it. What shaping makes of one keeps to it too, unless a rule renames a field to what is none of any type.
"""

from __future__ import annotations

from typing import Any

from common import ecs
from common.logtype import LogType

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(log_type: LogType) -> dict[str, Any]:
    """The schema of one type's events: every field there may be, no other but in open objects, and those that no event lacks."""
    event = _object()
    for name, kind in {**ecs.FIELDS, **log_type.own}.items():
        *holders, leaf = name.split(".")
        node = event
        for step in holders:
            node = node["properties"].setdefault(step, _object())
        node["properties"][leaf] = kind.schema
    own = event["properties"]["event"]
    own["properties"]["dataset"] = {"const": log_type.dataset}
    own["required"] = ["id", "dataset", "ingested"]
    return {"$schema": _DRAFT, "title": log_type.title, **event, "required": ["@timestamp", "event", "tenant"]}


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "additionalProperties": False}
