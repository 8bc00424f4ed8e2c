"""Whatever a file holds, it loads or is refused with a ConfigError; and what loads, an editor accepts too."""

from __future__ import annotations

import importlib
import json
import pathlib
import tempfile
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.loader import ENVIRONMENTS, ConfigError, load_environment
from config.model import Environment
from config.schema import environment_schema

PROD = (ENVIRONMENTS / "prod.yaml").read_text(encoding="utf-8")
#: Every key of an environment with a value it takes, so that a mutation can reach each of them.
WHOLE: dict[str, Any] = load_environment("prod").model_dump(mode="json") | {
    "account": {"id": "123456789012", "region": "eu-central-1"},
    "alerting": {"emails": ["ops@example.com"]},
}
#: cfn-lint's fork of jsonschema; imported by name because it ships no types.
VALIDATOR = importlib.import_module("cfnlint.jsonschema").StandardValidator(schema=environment_schema())

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["prod", "host", "r7g.large.search", "10.0.0.0/16"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5
)


def paths(value: object, around: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every key in a nested mapping."""
    if not isinstance(value, dict):
        return []
    return [path for key, inner in value.items() for path in ((*around, key), *paths(inner, (*around, key)))]


@st.composite
def mutated_documents(draw: st.DrawFn) -> dict[str, Any]:
    """A valid environment in which up to four keys were replaced, removed or added."""
    document: dict[str, Any] = json.loads(json.dumps(WHOLE))
    for _ in range(draw(st.integers(1, 4))):
        *around, key = draw(st.sampled_from(paths(document) or [("name",)]))
        section = document
        for part in around:
            section = section[part]
        match draw(st.sampled_from(["replace", "nudge", "remove", "add"])):
            case "replace":
                section[key] = draw(ANYTHING)
            case "nudge":
                section[key] = draw(st.integers(-1, 2_000))
            case "remove":
                section.pop(key, None)
            case _:
                section[draw(TEXTS)] = draw(ANYTHING)
    return document


def loaded(content: str) -> Environment | None:
    """The environment a prod.yaml of this content gives, or None where it is refused as promised."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "prod.yaml"
        file.write_text(content, encoding="utf-8")
        try:
            return load_environment("prod", file.parent)
        except ConfigError as error:
            refused = str(error)
    assert [line for line in refused.split("\n") if not line.startswith(file.as_posix())] == [], refused
    assert "pydantic" not in refused
    return None


@pytest.mark.parametrize("ascii_only", [True, False])
@given(document=mutated_documents())
@example(document=WHOLE | {"": None})
@example(document=WHOLE | {"analytics": {"prepare": {"": None}}})  # what is missing there is described in several lines
@settings(max_examples=150, deadline=None)
def test_a_mutated_document_loads_or_is_refused(document: dict[str, Any], ascii_only: bool) -> None:
    if loaded(json.dumps(document, ensure_ascii=ascii_only)):
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@given(start=st.integers(0, len(PROD)), length=st.integers(0, 30), inserted=st.text(st.characters(codec="utf-8"), max_size=10))
@settings(max_examples=300, deadline=None)
def test_a_mutated_text_loads_or_is_refused(start: int, length: int, inserted: str) -> None:
    loaded(PROD[:start] + inserted + PROD[start + length :])


def test_the_whole_document_is_valid_before_it_is_mutated() -> None:
    assert loaded(json.dumps(WHOLE)) is not None
