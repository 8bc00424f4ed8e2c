"""The lake's columns are the index's fields, each with a type that takes every event's value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lake.columns import NoColumn, all_columns, columns_of, datasets


def test_a_table_has_the_columns_of_its_type_only() -> None:
    columns = columns_of("aws.alb")
    assert columns["time"] == "string"
    assert "@timestamp" not in columns
    assert columns["url"].startswith("struct<original:string,scheme:string,domain:string,port:bigint,")
    assert "action_executed:array<string>" in columns["aws"]
    assert "guardduty" not in columns["aws"]
    assert "app" not in columns


def test_together_they_have_the_fields_of_all_types() -> None:
    together = all_columns()
    assert all(f"{member}:struct<" in together["aws"] for member in ("cloudtrail", "elb", "guardduty", "vpcflow"))
    assert together["app"] == "string"
    assert {column for dataset in datasets() for column in columns_of(dataset)} == set(together)


@pytest.mark.parametrize(
    ("column", "part"),
    [
        ("event", "category:array<string>"),
        ("event", "ingested:string"),
        ("source", "location:struct<lat:double,lon:double>"),
        ("aws", "resources:array<struct<arn:string,"),
        ("aws", "request_parameters:string"),
        ("aws", "read_only:boolean"),
        ("aws", "request_seconds:double"),
    ],
)
def test_types(column: str, part: str) -> None:
    assert part in all_columns()[column]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Templates of two log types, each with a field of its own."""
    for name, field in (("one", {"type": "long"}), ("two", {"type": "keyword"})):
        (tmp_path / f"logs-{name}.json").write_text(json.dumps({"composed_of": [f"weir-{name}"]}))
        component = {"template": {"mappings": {"properties": {name: field}}}}
        (tmp_path / f"weir-{name}.json").write_text(json.dumps(component))
    (tmp_path / "logs.json").write_text(json.dumps({"composed_of": ["weir-one", "weir-two"]}))
    return tmp_path


def put(folder: Path, properties: object) -> None:
    (folder / "weir-two.json").write_text(json.dumps({"template": {"mappings": {"properties": properties}}}))


def test_each_file_is_a_type(folder: Path) -> None:
    assert datasets(folder) == ["one", "two"]
    assert all_columns(folder) == {"one": "bigint", "two": "string"}


def test_two_templates_that_disagree_are_refused(folder: Path) -> None:
    put(folder, {"one": {"type": "keyword"}})
    with pytest.raises(
        NoColumn, match=r"weir-two: one is \{'type': 'keyword'\}, another template has \{'type': 'long'\}; give it one type"
    ):
        all_columns(folder)


def test_a_field_no_column_can_be_called_after_is_named(folder: Path) -> None:
    put(folder, {"a": {"properties": {"B-c": {"type": "long"}}}})
    with pytest.raises(NoColumn, match=r"a\.B-c: no column can be called so; use lower-case letters"):
        all_columns(folder)


def test_a_field_type_without_a_column_type_is_named(folder: Path) -> None:
    put(folder, {"a": {"properties": {"b": {"type": "completion"}}}})
    with pytest.raises(NoColumn, match=r"a\.b: no column type is known for completion; use keyword, text,"):
        all_columns(folder)
