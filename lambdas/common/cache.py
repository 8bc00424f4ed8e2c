"""A bounded memory of what was worked out before, as fast to ask as a dict."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

#: Characters of a key that is remembered. Records may hold a megabyte where a few characters are usual, and whoever sends such
#: must not fill the memory.
LONGEST_KEY = 1_024


class Cache(dict[Key, Value]):
    """`cache[key]` is `make(key)`, worked out once. What `make` raises is not remembered.

    A full cache is emptied: the values in use are back at once, and no question pays for keeping their order.
    """

    def __init__(self, make: Callable[[Key], Value], most: int = 16_384) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, key: Key) -> Value:
        value = self._make(key)
        if _length(key) <= LONGEST_KEY:
            if len(self) >= self._most:
                self.clear()
            self[key] = value
        return value


def remembered(most: int) -> Callable[[Callable[[Key], Value]], Callable[[Key], Value]]:
    """A decorator for a function of one value: as lru_cache, but of a length that is bounded too."""

    def remembering(function: Callable[[Key], Value]) -> Callable[[Key], Value]:
        return Cache(function, most).__getitem__

    return remembering


def _length(key: object) -> int:
    """Characters of a text, or of all of a tuple's."""
    return len(key) if isinstance(key, str) else sum(map(_length, key)) if isinstance(key, tuple) else 0
