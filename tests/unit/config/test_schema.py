"""The written schema and reference say what the model says."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from config.loader import ENVIRONMENTS, environment_names
from config.schema import REFERENCE, SCHEMA, environment_schema, reference_text, schema_text

#: cfn-lint's fork of jsonschema; imported by name because it ships no types.
VALIDATOR = importlib.import_module("cfnlint.jsonschema").StandardValidator(schema=environment_schema())


def test_the_schema_file_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: python -m config.schema"


def test_the_reference_is_current() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference_text(), "run: python -m config.schema"


def test_the_schema_is_draft_2020_12() -> None:
    assert environment_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def keys(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, section in {"": schema, **schema["$defs"]}.items():
        yield from ((f"{name}.{key}", value) for key, value in section["properties"].items())


def test_every_key_has_its_meaning() -> None:
    schema = environment_schema()
    sections = {f"#/$defs/{name}": section["description"] for name, section in schema["$defs"].items()}
    assert [name for name, value in keys(schema) if not value.get("description", sections.get(value.get("$ref", "")))] == []


def test_every_section_is_closed_to_unknown_keys() -> None:
    schema = environment_schema()
    assert [name for name, section in schema["$defs"].items() if section["additionalProperties"] is not False] == []
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", environment_names())
def test_an_environment_satisfies_the_schema_its_first_line_names(name: str) -> None:
    text = (ENVIRONMENTS / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../environment.schema.json\n")
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"name": "dev", "serch": {}}, "Additional properties are not allowed ('serch' was unexpected. Did you mean 'search'?)"),
        ({"name": "dev", "search": {"data_nodes": 0}}, "0 is less than the minimum of 1"),
        ({"name": "Dev"}, "'Dev' does not match '^([a-z][a-z0-9]{1,15})$'"),
        ({}, "'name' is a required property"),
    ],
)
def test_an_editor_marks_what_the_loader_refuses(document: dict[str, Any], message: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == [message]


def test_an_editor_marks_a_reserved_tag() -> None:
    assert len(list(VALIDATOR.iter_errors({"name": "dev", "tags": {"aws:owner": "me"}}))) == 1


def test_the_reference_gives_limits_defaults_and_pages() -> None:
    text = reference_text()
    assert "| `retention_hours` | 24 to 8,760 ([Kinesis Data Streams quotas]) | `24` |" in text
    assert "| `emails` | a list, each an e-mail address | `[]` |" in text
    assert "## `streams.raw`, `streams.prepared`, `streams.metrics`, `streams.findings`\n" in text
    assert "\n[Lambda quotas]: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html\n" in text
