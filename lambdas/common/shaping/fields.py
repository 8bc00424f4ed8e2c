"""Which fields an event has, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from common.kinds import Kind
from common.logtype import JsonObject
from common.shaping.paths import find, path_of, put, remove

#: What routing, retries and the lake stand on. It is never dropped, renamed or hidden.
PROTECTED = ("@timestamp", "event.id", "event.dataset", "event.ingested", "tenant", "weir")


class Drop:
    """Takes a field out; an object with everything in it."""

    def __init__(self, dotted: str) -> None:
        self._path = path_of(dotted)

    def apply(self, document: JsonObject) -> None:
        remove(document, self._path)


class Keep:
    """Takes out all but the named fields, each with everything in it, and what is protected."""

    def __init__(self, dotted: Iterable[str]) -> None:
        self._paths = [path_of(name) for name in (*PROTECTED, *dotted)]

    def apply(self, document: JsonObject) -> None:
        kept: JsonObject = {}
        for path in self._paths:
            value = find(document, path)
            if value is not None:
                put(kept, path, value)
        document.clear()
        document.update(kept)


class Rename:
    """Moves a value to a field of another name.

    It stays where it is if the other field cannot hold it: a value of another kind, or something in the way.
    """

    def __init__(self, old: str, new: str, kinds: Mapping[str, Kind]) -> None:
        self._old, self._new = path_of(old), path_of(new)
        self._read: Callable[[Any], Any] = (
            kinds[new].read if new in kinds else _anything if takes_anything(new, kinds) else _nothing
        )

    def apply(self, document: JsonObject) -> None:
        value = find(document, self._old)
        if value is None or find(document, self._new) is not None:
            return
        read = self._read(value)
        if read is not None and put(document, self._new, read):
            remove(document, self._old)


def overlaps(dotted: str, protected: Iterable[str] = PROTECTED) -> str | None:
    """The protected field that is `dotted`, is in it or holds it; None where there is none."""
    for name in protected:
        if name == dotted or name.startswith(f"{dotted}.") or dotted.startswith(f"{name}."):
            return name
    return None


def takes_anything(dotted: str, kinds: Mapping[str, Kind]) -> bool:
    """Whether neither index nor lake expect anything of the field: it is of no kind, holds no field of a kind, and is in none but
    one of open objects."""
    names = dotted.split(".")
    above = [".".join(names[:depth]) for depth in range(1, len(names) + 1)]
    held = any(name in kinds and kinds[name].mapping.get("type") != "flat_object" for name in above)
    return not held and not any(name.startswith(f"{dotted}.") for name in kinds)


def _anything(value: Any) -> Any:
    return value


def _nothing(value: Any) -> None:
    return None
