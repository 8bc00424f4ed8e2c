"""The model written out: the JSON Schema that editors complete and check by, and docs/configuration.md for people.

`python -m config.schema` writes both files; a test fails where they lag behind the model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema, WithDefaultSchema

from config.loader import PROJECT
from config.messages import pages_of, section_of
from config.model import Environment
from config.parts.base import Page
from config.problem import Problem

SCHEMA = PROJECT / "config" / "environment.schema.json"
REFERENCE = PROJECT / "docs" / "configuration.md"

_INTRODUCTION = """\
# Configuration

<!-- Written from config/model.py by `python -m config.schema`: change the model, not this page. -->

An environment is one file, `config/environments/<name>.yaml`; `-c env=<name>` chooses it. Only `name` is required: every
other key has the default below, and a section that sets one key keeps the defaults of the others. To add an environment,
copy the nearest file and change `name`.

The first line, `# yaml-language-server: $schema=../environment.schema.json`, lets an editor complete keys and show their
meaning. Whatever an editor lets pass is refused before anything is synthesized, every problem at once, each with its
line, value, limit and remedy:

```
config/environments/dev.yaml:6: functions.log_levle: unknown key; did you mean `log_level`?
config/environments/dev.yaml:9: search.data_nodes: 0 is below the minimum of 1 (OpenSearch Service quotas); set it to 1 or more
```

Values that are possible alone are checked together too: nodes against zones, replicas and volumes against nodes, the age of
a record against the retention of its stream, a buffer's wait against its alarm.

Files follow YAML 1.2 (`no` is text, not false). Account numbers, versions and tags that look like numbers go in quotes.
Aliases, merges and tags are not read, and a key may be given once.
"""


class _EditorSchema(GenerateJsonSchema):
    """Without titles derived from names, without a section's default (its own keys tell), and with mappings of names closed."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        written = super().dict_schema(schema)
        written.pop("propertyNames", None)  # it lacks the pattern, which pydantic moves to `patternProperties`
        return {**written, "additionalProperties": False}

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        written = super().default_schema(schema)
        if isinstance(schema.get("default"), BaseModel):
            written.pop("default")
        return written


def environment_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an environment file."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **Environment.model_json_schema(schema_generator=_EditorSchema)}


def schema_text() -> str:
    """What config/environment.schema.json must hold."""
    return json.dumps(environment_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_text() -> str:
    """What docs/configuration.md must hold: a table a section, in the model's order."""
    schema = environment_schema()
    places: dict[type[BaseModel], list[str]] = {}
    for place, section in _sections(Environment, Problem((), "")):
        places.setdefault(section, []).append(place.dotted)
    written = [_INTRODUCTION]
    for section, paths in places.items():
        properties = schema["$defs"][section.__name__]["properties"] if paths[0] else schema["properties"]
        heading = ", ".join(f"`{path}`" for path in paths) if paths[0] else "Top level"
        written.append(f"## {heading}\n\n{' '.join((section.__doc__ or '').split())}\n\n{_table(section, properties)}")
    pages = {page.title: page.url for section in places for page in _pages(section)}
    return "\n".join((*written, *(f"[{title}]: {url}" for title, url in sorted(pages.items())), ""))


def _sections(section: type[BaseModel], place: Problem) -> Iterator[tuple[Problem, type[BaseModel]]]:
    yield place, section
    for name, field in section.model_fields.items():
        if inner := section_of(field.annotation):
            yield from _sections(inner, Problem((*place.path, name), ""))


def _pages(section: type[BaseModel]) -> Iterator[Page]:
    for field in section.model_fields.values():
        yield from pages_of(field)


def _table(section: type[BaseModel], properties: dict[str, Any]) -> str:
    rows = ["| Key | Takes | Default | Meaning |", "| --- | --- | --- | --- |"]
    for name, field in section.model_fields.items():
        listed = properties[name].get("type") == "array"
        below = "a list of sections, below" if listed else "a section, below"
        takes = below if section_of(field.annotation) else _takes(properties[name])
        pages = "".join(f" ([{page.title}])" for page in pages_of(field))
        default = "required" if field.is_required() else _default(properties[name])
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `{name}` | {takes}{pages} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _takes(schema: dict[str, Any]) -> str:
    """What a key takes, in words, from its JSON Schema."""
    match schema:
        case {"anyOf": choices}:
            return " or ".join(_takes(choice) for choice in choices)
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"{low:,} to {high:,}"
        case {"type": "integer", "minimum": low}:
            return f"{low:,} or more"
        case {"patternErrorMessage": message}:
            return str(message).removeprefix("write ")
        case {"type": "array", "items": items}:
            return f"a list, each {_takes(items)}"
        case {"type": "object", "maxProperties": most}:
            return f"up to {most} tags: names and values"
        case {"type": "object"}:
            return "names and values"
        case {"type": "number", "minimum": low, "maximum": high}:
            return f"{low} to {high}"
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"type": "null"}:
            return "`null`"
        case _:
            return "text"


def _default(schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return ""
    if schema["default"] == "":
        return "empty"
    return "`{}`".format(json.dumps(schema["default"]).strip('"'))


def main() -> None:
    """Writes both files."""
    for path, text in ((SCHEMA, schema_text()), (REFERENCE, reference_text())):
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
