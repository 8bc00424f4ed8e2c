"""Fields of a document by dotted name: `source.geo.city_name`."""

from __future__ import annotations

from typing import Any

from common.logtype import JsonObject

Path = tuple[str, ...]


def path_of(dotted: str) -> Path:
    """The names on the way to a field."""
    return tuple(dotted.split("."))


def holder_of(document: JsonObject, path: Path) -> JsonObject | None:
    """The object that would hold the field; None where there is no such object."""
    node: Any = document
    for name in path[:-1]:
        node = node.get(name)
        if not isinstance(node, dict):
            return None
    found: JsonObject = node
    return found


def find(document: JsonObject, path: Path) -> Any:
    """The field's value; None where it is null or absent."""
    node: Any = document
    try:
        for name in path:
            node = node[name]
    except (KeyError, TypeError):  # nothing there, or nothing that could hold it
        return None
    return node


def put(document: JsonObject, path: Path, value: Any) -> bool:
    """Sets the field, and makes the objects on the way to it. False, with nothing changed, where something else is in the way."""
    node: Any = document
    for depth, name in enumerate(path[:-1]):
        inner = node.get(name)
        if inner is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            node[name] = value
            return True
        if not isinstance(inner, dict):
            return False
        node = inner
    node[path[-1]] = value
    return True


def remove(document: JsonObject, path: Path) -> None:
    """Takes the field out, and each object on the way to it that holds nothing else."""
    holder = holder_of(document, path)
    if holder is None or path[-1] not in holder:
        return
    del holder[path[-1]]
    if not holder and len(path) > 1:
        remove(document, path[:-1])
