"""docs/log-types.md, out of the registry: each type, how it comes, its fields, and a line with its event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import ecs
from common.kinds import Kind
from common.logtype import LineType, LogType
from common.logtypes import TYPES
from common.logtypes.samples import samples_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "log-types.md"

_INTRODUCTION = """\
# Log types

<!-- Written from lambdas/common/logtypes by `./weir log-types --write`: change the types, not this page. -->

A record is recognised by its shape, or told by an envelope, `{"type": "<name>", "tenant": "<tenant>", "message": <record>}`. An
event has the fields of the Elastic Common Schema where there is one, the service's own under `aws.<service>` or the product's
name, and what has neither, or is not of its field's kind, under its own name in one open object. All events have `@timestamp`,
`event.id`, `event.dataset`, `event.ingested` and `tenant`.

`./weir log-types --schema <name>` prints the JSON Schema of a type's events, for those who read `events` to test against.

To add a type, add a file to `lambdas/common/logtypes/`, its samples of the same name to `lambdas/common/logtypes/samples/`, and
run `./weir log-types --write`: index templates, tables of the lake and this page follow.

| type | dataset | what it is |
|---|---|---|
"""
#: A longer sample would hide the page.
_LONGEST = 1_500


def text() -> str:
    """The page."""
    rows = [f"| [`{found.name}`](#{found.name}) | `{found.dataset}` | {found.title} |\n" for found in TYPES.values()]
    return _INTRODUCTION + "".join(rows) + "".join("\n" + "\n".join(_section(found)) + "\n" for found in TYPES.values())


def _section(log_type: LogType) -> Iterator[str]:
    yield f"## {log_type.name}\n"
    yield f"{log_type.title}. {log_type.arrival} Fields: [documentation]({log_type.page}).\n"
    yield "| field | kind | from |"
    yield "|---|---|---|"
    sources: dict[str, list[str]] = {}
    for source, target in log_type.fields.items():
        sources.setdefault(target, []).append(f"`{source}`")
    for name, kind in sorted(_kinds(log_type).items()):
        yield f"| `{name}` | {_kind(kind)} | {', '.join(sources.get(name, ()))} |"
    sample = min(samples_of(log_type.name), key=lambda found: len(json.dumps(found.event)))
    record = sample.record if isinstance(log_type, LineType) else json.dumps(sample.record, ensure_ascii=False)
    if len(record) <= _LONGEST:
        yield f"\n```\n{record}\n```\n"
        yield f"```json\n{json.dumps(sample.event, indent=2, ensure_ascii=False)}\n```"


def _kinds(log_type: LogType) -> dict[str, Kind]:
    """Of the fields its events may have: those of its table and of its samples."""
    names = {*log_type.own, *log_type.fields.values()}
    names |= {name for sample in samples_of(log_type.name) for name in _leaves(sample.event) if name in ecs.FIELDS}
    return {name: log_type.own.get(name) or ecs.FIELDS[name] for name in names}


def _leaves(value: Any, prefix: str = "") -> Iterator[str]:
    yield prefix
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{prefix}.{name}" if prefix else name)


def _kind(kind: Kind) -> str:
    name = kind.mapping.get("type", "object")
    return f"{name}, many" if kind.many else name
