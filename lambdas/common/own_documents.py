"""Documents that are events already, as Weir's Flink applications make them, where they come in as records."""

from __future__ import annotations

from common.logtype import JsonObject


def holds(record: JsonObject, name: str) -> bool:
    """Whether the document has an object of this name in `weir`, which tells its type."""
    weir = record["weir"]
    return isinstance(weir, dict) and isinstance(weir.get(name), dict)


def passed(*fields: str) -> dict[str, str]:
    """The table of fields that keep their names."""
    return {field: field for field in fields}


def drop_known(rest: JsonObject, **known: str) -> None:
    """What the event gets by its type (`dataset`, `kind`), the document need not keep."""
    happened = rest.get("event")
    if not isinstance(happened, dict):
        return
    for name, value in known.items():
        if happened.get(name) == value:
            del happened[name]
    if not happened:
        del rest["event"]
