"""Answers that are asked for over and over: addresses and user agents repeat."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

Answer = TypeVar("Answer")


class Counted(NamedTuple):
    """How often an answer was remembered, and how often it had to be found."""

    hits: int = 0
    misses: int = 0


class Cache(Generic[Answer]):
    """Remembers the answers to the values asked for last."""

    def __init__(self, find: Callable[[str], Answer], size: int) -> None:
        """`size` is the most answers remembered."""
        self._cached = lru_cache(maxsize=size)(find)
        #: The answer to a value.
        self.get: Callable[[str], Answer] = self._cached
        self._told = Counted()

    def forget(self) -> None:
        """For when the answers may be others."""
        told = self.counted()
        self._cached.cache_clear()
        self._told = Counted(-told.hits, -told.misses)

    def counted(self) -> Counted:
        """Since this was asked last."""
        found = self._cached.cache_info()
        told = self._told
        self._told = Counted(found.hits, found.misses)
        return Counted(found.hits - told.hits, found.misses - told.misses)

    def __len__(self) -> int:
        return self._cached.cache_info().currsize
