"""Partition projection: which objects are in which partition of a Glue table, from the table's properties alone.

Source: Athena user guide, "Set up partition projection", "Supported types for partition projection", "Specify custom S3 storage
locations". Of the types, date by the day and enum are here, for these are what Weir's tables have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

#: Whether a value is one of the projected.
Projected = Callable[[str], bool]

#: Letters of Java's DateTimeFormatter, as strptime has them.
_JAVA_DATE = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class BadTable(ValueError):
    """A table that Athena could not read, or that is not read here."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the objects of a table are."""

    bucket: str
    prefix: str
    """What the keys of all its objects begin with."""
    _folder: re.Pattern[str]
    _projected: Mapping[str, Projected]

    def partition(self, key: str) -> dict[str, str] | None:
        """Values of the partition keys of an object; None if it is in no projected partition, or hidden: Athena leaves out what
        begins with an underscore or a dot (Athena user guide, "Table location in Amazon S3")."""
        folder = self._folder.match(key)
        if folder is None or any(part.startswith(("_", ".")) for part in key[folder.end() :].split("/")):
            return None
        values = folder.groupdict()
        return values if all(projected(values[name]) for name, projected in self._projected.items()) else None


def layout(table: Mapping[str, Any], now: datetime) -> Layout:
    """Of a Glue table; `now`, in UTC, is what a range may end with. Raises BadTable."""
    where = f"table {table.get('DatabaseName')}.{table['Name']}"
    properties = table.get("Parameters") or {}
    names = [key["Name"] for key in table.get("PartitionKeys") or ()]
    location = (table.get("StorageDescriptor") or {}).get("Location") or ""
    if names and str(properties.get("projection.enabled", "")).strip().lower() != "true":
        raise BadTable(f"{where} has partition keys and no projection.enabled, which is not run locally")
    template = properties.get("storage.location.template") if names else None
    if template is None:
        template = location.rstrip("/") + "".join(f"/{name}=${{{name}}}" for name in names)
    missing = [name for name in names if f"${{{name}}}" not in template]
    if missing:
        raise BadTable(f"{where}: storage.location.template lacks {', '.join(f'${{{name}}}' for name in missing)}")
    parts = urlsplit(template)
    if parts.scheme != "s3" or not parts.netloc:
        raise BadTable(f"{where}: its location {template} is not s3://bucket/folder")
    path = parts.path.strip("/")
    return Layout(
        bucket=parts.netloc,
        prefix=path.split("${", 1)[0] if names else f"{path}/",
        _folder=re.compile(_expression(path, names) + "/"),
        _projected={name: _projection(where, name, properties, now) for name in names},
    )


def _expression(path: str, names: list[str]) -> str:
    expression = re.escape(path)
    for name in names:
        expression = expression.replace(re.escape(f"${{{name}}}"), f"(?P<{name}>[^/]+)", 1)
    return expression


def _projection(where: str, name: str, properties: Mapping[str, str], now: datetime) -> Projected:
    kind = properties.get(f"projection.{name}.type", "").strip().lower()
    if kind == "enum":
        values = frozenset(_property(where, name, "values", properties).split(","))
        return values.__contains__
    if kind == "date":
        return _dates(where, name, properties, now)
    raise BadTable(f"{where}: projection.{name}.type {kind or 'is missing'}; run locally are date and enum")


def _dates(where: str, name: str, properties: Mapping[str, str], now: datetime) -> Projected:
    java = _property(where, name, "format", properties)
    if any(f"projection.{name}.{step}" in properties for step in ("interval", "interval.unit")):
        unit = properties.get(f"projection.{name}.interval.unit", "DAYS").strip().upper()
        if (properties.get(f"projection.{name}.interval", "1").strip(), unit) != ("1", "DAYS"):
            raise BadTable(f"{where}: projection.{name}.interval other than 1 DAYS is not run locally")
    form = re.sub(r"y+|M+|d+|H+|m+|s+", lambda found: _JAVA_DATE.get(found[0], "?"), java)
    if "?" in form:
        raise BadTable(f"{where}: projection.{name}.format {java} is not run locally; use {' '.join(_JAVA_DATE)}")
    bounds = [bound.strip() for bound in _property(where, name, "range", properties).split(",")]
    try:
        first, last = (now if bound == "NOW" else datetime.strptime(bound, form).replace(tzinfo=now.tzinfo) for bound in bounds)
    except ValueError as error:
        raise BadTable(f"{where}: projection.{name}.range {','.join(bounds)} is not two of {java} or NOW: {error}") from error

    def projected(value: str) -> bool:
        try:
            day = datetime.strptime(value, form).replace(tzinfo=now.tzinfo)
        except ValueError:
            return False
        return first <= day <= last and day.strftime(form) == value

    return projected


def _property(where: str, name: str, what: str, properties: Mapping[str, str]) -> str:
    found = properties.get(f"projection.{name}.{what}")
    if not found:
        raise BadTable(f"{where}: projection.{name}.{what} is missing")
    return found
