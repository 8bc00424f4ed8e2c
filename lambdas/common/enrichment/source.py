"""What a file or a table says, read again while the function runs.

Nothing of it stops the pipeline: what cannot be read, or means nothing, leaves in force what was read last, and is counted and
logged each time it is tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from aws_lambda_powertools import Logger

from common.deadline import Deadline

#: What failed is tried again this soon, in seconds, where the interval is longer.
RETRY_SECONDS = 30.0

Content = TypeVar("Content")

logger = Logger(child=True)


class Unusable(Exception):
    """It could not be read, or it is not what it should be: the text says why, for a person."""


class Loaded(NamedTuple, Generic[Content]):
    """What was read, and what tells it from another version of itself."""

    value: Content
    version: str | None = None


class Load(Protocol[Content]):
    """Reads the content of a source."""

    def __call__(self, version: str | None, until: Deadline) -> Loaded[Content] | None:
        """None where it still is of this version. May raise anything."""


class Source(Generic[Content]):
    """The content of one file or table."""

    def __init__(self, name: str, load: Load[Content], *, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`every` is the interval in seconds."""
        self.name = name
        self.value: Content | None = None
        """None until it could be read for the first time."""
        self.loads = self.failures = 0
        self._load, self._every, self._clock = load, every, clock
        self._version: str | None = None
        self._due = clock()

    def refresh(self, until: Deadline) -> bool:
        """Reads it where that is due and there is time; says whether the value is another one now."""
        if self._clock() < self._due or until.left() <= 0:
            return False
        try:
            loaded = self._load(self._version, until)
        except Exception as error:  # whatever a file holds, events go on without what it would add
            self.failures += 1
            self._due = self._clock() + min(self._every, RETRY_SECONDS)
            reason = str(error) if isinstance(error, Unusable) else f"{type(error).__name__}: {error}"
            kept = "the last good one stays in use" if self.value is not None else "events go without"
            logger.warning(f"{self.name} cannot be used: {kept}", extra={"reason": reason})
            return False
        self._due = self._clock() + self._every
        if loaded is None:
            return False
        self.loads += 1
        self.value, self._version = loaded
        return True
