"""How long a function may still try, and how long it waits between two attempts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Protocol

#: Longest wait before the first repetition, in seconds; it doubles with every attempt.
FIRST_PAUSE = 0.1
#: No wait is longer, in seconds: a service that recovers is noticed soon.
LONGEST_PAUSE = 5.0

_random = random.SystemRandom()


class Context(Protocol):
    """The part of Lambda's context object that says how long the invocation may still run."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


class Deadline:
    """The moment at which work has to stop so that the function can still give its answer."""

    def __init__(
        self, seconds: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._end = clock() + seconds

    @classmethod
    def of(cls, context: Context, *, reserve: float) -> Deadline:
        """The end of the invocation, less `reserve` seconds for what is left to do after it."""
        return cls(context.get_remaining_time_in_millis() / 1_000 - reserve)

    def left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self._end - self._clock()

    def sooner(self, seconds: float) -> Deadline:
        """A deadline `seconds` before this one."""
        return Deadline(self.left() - seconds, clock=self._clock, sleep=self._sleep)

    def pause(self, attempt: int, *, before: float) -> bool:
        """Waits before repetition number `attempt` (from 0) of a call that may take `before` seconds.

        Exponential backoff with full jitter, so that functions throttled together do not come back together
        (AWS Architecture Blog, "Exponential Backoff And Jitter"). Returns False, without waiting, when the wait and the call
        would not end in time.
        """
        seconds = _random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 16)))
        if self.left() < seconds + before:
            return False
        self._sleep(seconds)
        return True
