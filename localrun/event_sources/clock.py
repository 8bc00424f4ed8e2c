"""Time and stopping, in one object that tests replace."""

from __future__ import annotations

import time
from threading import Event


class Clock:
    """The time now, waits that a stop ends, and the stop itself.

    A child stops with its parent, and alone when only its part of the work ends.
    """

    def __init__(self) -> None:
        self._stop = Event()
        self._children: list[Clock] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def wait(self, seconds: float) -> None:
        """Wait, or return at once when stopped."""
        self._stop.wait(seconds)

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()
        for child in self._children:
            child.stop()

    def child(self) -> Clock:
        clock = Clock()
        self._children = [child for child in self._children if not child.stopped]
        self._children.append(clock)
        if self.stopped:
            clock.stop()
        return clock
