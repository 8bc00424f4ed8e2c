"""Columns of the lake's tables, out of the index templates: a field is named and typed once, for both.

Types: Athena user guide, "Data types in Amazon Athena". What may hold anything a caller chose (`flat_object`) is a string with
its JSON, as the deserializer makes it (github.com/rcongiu/Hive-JSON-Serde, "Nested structures"), for `json_extract` to look into.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).resolve().parent.parent / "search" / "templates"
#: The key of a column that is called otherwise in the event: no column begins with an @.
JSON_KEYS = {"time": "@timestamp"}

_COLUMNS = {key: column for column, key in JSON_KEYS.items()}
_TYPES = {
    "keyword": "string",
    "text": "string",
    "ip": "string",
    "flat_object": "string",
    "long": "bigint",
    "float": "double",
    "boolean": "boolean",
    # ISO 8601, UTC: it sorts as it is, and `from_iso8601_timestamp` makes it a time to compute with. Not all that write and read
    # Parquet's timestamps take the years before 1678 and after 2261, and an event of a clock so wrong is to be in the lake too.
    "date": "string",
    "geo_point": "struct<lat:double,lon:double>",
}
#: Names that need no quotes (Athena user guide, "Name databases, tables, and columns").
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
#: Prefix of the index templates of one log type each.
_FAMILY = "logs-"
#: The one with the fields of all of them.
_OF_ALL = "logs"

Properties = Mapping[str, Any]


class NoColumn(Exception):
    """A template has a field no column can be made of: which, where, and what to do."""


def datasets(folder: Path = TEMPLATES) -> list[str]:
    """Names of the log types' index families: `aws.alb`, …"""
    return sorted(path.stem.removeprefix(_FAMILY) for path in folder.glob(f"{_FAMILY}*.json"))


def columns_of(dataset: str, folder: Path = TEMPLATES) -> dict[str, str]:
    """Name and type of each column of one log type. Raises NoColumn."""
    return _columns(f"{_FAMILY}{dataset}", folder)


def all_columns(folder: Path = TEMPLATES) -> dict[str, str]:
    """The columns of all log types together. Raises NoColumn, also where two of them disagree."""
    return _columns(_OF_ALL, folder)


def _columns(template: str, folder: Path) -> dict[str, str]:
    fields: dict[str, Any] = {}
    lists: set[str] = set()
    for name in _read(template, folder)["composed_of"]:
        component = _read(name, folder)
        fields = _merged(fields, component["template"]["mappings"]["properties"], name)
        # An index takes one value or many for any field; a table must know.
        lists |= set(component.get("_meta", {}).get("lists", ()))
    return {_COLUMNS.get(name, name): _type(name, mapping, lists) for name, mapping in fields.items()}


def _read(name: str, folder: Path) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return template


def _merged(one: Properties, other: Properties, where: str, above: str = "") -> dict[str, Any]:
    merged = dict(one)
    for name, mapping in other.items():
        path, known = f"{above}{name}", merged.get(name)
        if known is None:
            merged[name] = mapping
        elif "properties" in known and "properties" in mapping:
            merged[name] = {"properties": _merged(known["properties"], mapping["properties"], where, f"{path}.")}
        elif known != mapping:
            raise NoColumn(f"{where}: {path} is {mapping}, another template has {known}; give it one type")
    return merged


def _type(path: str, mapping: Properties, lists: Set[str]) -> str:
    name = _COLUMNS.get(path, path.rpartition(".")[2])
    if not _NAME.fullmatch(name):
        raise NoColumn(f"{path}: no column can be called so; use lower-case letters, digits and `_`, or name it in JSON_KEYS")
    if "properties" in mapping:
        members = (f"{inner}:{_type(f'{path}.{inner}', kind, lists)}" for inner, kind in mapping["properties"].items())
        found = f"struct<{','.join(members)}>"
    else:
        found = _scalar(path, mapping)
    return f"array<{found}>" if path in lists else found


def _scalar(path: str, mapping: Properties) -> str:
    if mapping["type"] not in _TYPES:
        raise NoColumn(
            f"{path}: no column type is known for {mapping['type']}; use {', '.join(_TYPES)}, or add it to lake/columns.py"
        )
    return _TYPES[mapping["type"]]
