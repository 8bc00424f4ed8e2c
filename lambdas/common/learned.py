"""What is made for shapes that come often: of records of a table, of lines, of application logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Told = TypeVar("Told", bound=Hashable)
Made = TypeVar("Made")

#: Records of a shape that come before anything is made for it, which takes as long as a hundred records do.
_BEFORE = 8
#: Shapes for which something is made, and characters of a shape's names. Beyond them records are worked off the general way:
#: whoever sends ever new shapes must not fill the memory.
_MOST, _LARGEST = 512, 8_192
#: What is tried for a record of which is told the same as of others before it.
_TRIED = 16


class Learned(Generic[Told, Made]):
    """What was made, by what is told of a record in no time, such as its names."""

    def __init__(self) -> None:
        self._tried: dict[Told, list[Made]] = {}
        self._made: dict[Hashable, Made] = {}
        self._seen: Counter[Hashable] = Counter()

    def told(self, told: Told) -> list[Made]:
        """What may fit such a record, in the order to try it in, which may be changed."""
        return self._tried.get(told) or []

    def of_shape(self, told: Told, shape: Hashable, characters: int, make: Callable[[], Made]) -> Made | None:
        """What `make` makes for records of `shape`, whose names have so many characters, of which nothing that may fit does; None
        where it has not come often enough."""
        key = told, shape
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= _MOST or characters > _LARGEST:
                return None
            if len(self._seen) >= _MOST:
                self._seen.clear()
            self._seen[key] += 1
            if self._seen[key] < _BEFORE:
                return None
            made = self._made[key] = make()
        tried = self._tried.setdefault(told, [])
        if made not in tried:
            tried.insert(0, made)
            del tried[_TRIED:]
        return made
