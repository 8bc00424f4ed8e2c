"""One buffer for each place data is delivered to (Firehose developer guide, "Buffer data for dynamic partitioning")."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from localrun.delivery.buffer import Buffer
from localrun.delivery.stream import Buffering

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Partitions(Generic[K, T]):
    """A partition is active from its first item until it is taken. All have the same hints, each its own size and time."""

    def __init__(self, hints: Buffering) -> None:
        self._hints = hints
        self._active: dict[K, Buffer[T]] = {}
        self.size = 0
        """Bytes waiting in all."""

    def __len__(self) -> int:
        return len(self._active)

    def __contains__(self, key: K) -> bool:
        return key in self._active

    def add(self, key: K, item: T, size: int, now: float) -> bool:
        """Whether its partition is full now."""
        if key not in self._active:
            self._active[key] = Buffer(self._hints)
        self._active[key].add(item, size, now)
        self.size += size
        return self._active[key].full

    def due(self, now: float) -> list[K]:
        return [key for key, buffer in self._active.items() if buffer.due_in(now) == 0]

    def due_in(self, now: float) -> float | None:
        """Seconds until the first must be emptied, None while nothing waits."""
        return min((seconds for buffer in self._active.values() if (seconds := buffer.due_in(now)) is not None), default=None)

    def oldest(self) -> K | None:
        return next(iter(self._active), None)

    def take(self, key: K) -> list[T]:
        buffer = self._active.pop(key)
        self.size -= buffer.size
        return buffer.take()
