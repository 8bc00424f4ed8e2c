"""Buffering by size and time, whichever is reached first (Firehose developer guide, "Configure buffering hints")."""

from __future__ import annotations

from typing import Generic, TypeVar

from localrun.delivery.stream import Buffering

T = TypeVar("T")


class Buffer(Generic[T]):
    """What waits for the next stage. One for the whole delivery stream, over all shards."""

    def __init__(self, hints: Buffering) -> None:
        self._hints = hints
        self._items: list[T] = []
        self._first_at = 0.0
        self.size = 0
        """Bytes waiting."""

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """Its size is reached."""
        return bool(self._items) and self.size >= self._hints.size

    def add(self, item: T, size: int, now: float) -> None:
        if not self._items:
            self._first_at = now
        self._items.append(item)
        self.size += size

    def due_in(self, now: float) -> float | None:
        """Seconds until it must be emptied, 0 if now, None while it is empty."""
        if not self._items:
            return None
        if self.full:
            return 0.0
        return max(0.0, self._first_at + self._hints.seconds - now)

    def take(self) -> list[T]:
        items, self._items, self.size = self._items, [], 0
        return items
