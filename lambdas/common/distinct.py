"""The different words that the objects of a list have under one name."""

from __future__ import annotations

from typing import Any


def distinct(objects: Any, name: str) -> list[str]:
    """Each once, in the list's order. Empty where `objects` is no list; what in it is no object or has no word is passed over."""
    if not isinstance(objects, list):
        return []
    found = [item.get(name) for item in objects if isinstance(item, dict)]
    return list(dict.fromkeys(word for word in found if isinstance(word, str) and word))
