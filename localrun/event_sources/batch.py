"""Batches: how they are gathered, and how one is retried, split and given up. No clock, no network, no threads.

Sources in the Lambda developer guide: "Process Amazon Kinesis Data Streams records with Lambda" (batching), "Configuring partial
batch response with Kinesis Data Streams and Lambda", "Retain discarded batch records for a Kinesis Data Streams event source".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from localrun.event_sources.event import ENVELOPE_BYTES, PAYLOAD_LIMIT, Item

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]

#: Waits between retries double from the first to the last. Lambda documents neither; these are short because a run is.
FIRST_BACKOFF, LAST_BACKOFF = 0.1, 5.0


class Gatherer:
    """Records of one lane waiting for an invocation.

    A batch is due when it is full, when it reaches the payload limit, or when its oldest record waited for the batching window;
    without a window, as soon as there is a record.
    """

    def __init__(self, batch_size: int, window_seconds: float, limit: int = PAYLOAD_LIMIT) -> None:
        self._batch_size = batch_size
        self._window = window_seconds
        self._limit = limit - ENVELOPE_BYTES
        self._items: deque[tuple[Item, float]] = deque()
        self.size = 0
        """Payload bytes waiting."""

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item, now: float) -> None:
        self._items.append((item, now))
        self.size += item.size

    def due_in(self, now: float) -> float | None:
        """Seconds until a batch is due, 0 if one is, None without records."""
        if not self._items:
            return None
        if len(self._items) >= self._batch_size or self.size >= self._limit:
            return 0.0
        return max(0.0, self._items[0][1] + self._window - now)

    def take(self) -> list[Item]:
        """A batch: the oldest records, as many as the batch size and the payload limit allow, and at least one."""
        batch: list[Item] = []
        size = 0
        while self._items and len(batch) < self._batch_size:
            item = self._items[0][0]
            if batch and size + item.size > self._limit:
                break
            batch.append(self._items.popleft()[0])
            size += item.size
        self.size -= size
        return batch


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke the function with these records, then report the outcome to the batch."""

    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so many seconds before asking again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Discard:
    """Give these records up: tell the failure destination and go on."""

    items: Sequence[Item]
    condition: Condition
    invokes: int
    """How often the function was invoked with the batch they came from."""


Action = Invoke | Wait | Discard


@dataclass(slots=True)
class _Part:
    """A batch, or what splitting left of it."""

    items: Sequence[Item]
    retries: int = 0
    invokes: int = 0
    throttles: int = 0
    wait: float = field(default=0.0)


class Batch:
    """One batch on its way through retries.

    Ask `next` for what to do; after an Invoke report exactly one of `returned`, `failed` or `not_invoked`. `settled` tells how
    far the shard may be checkpointed. Parts are handled strictly in order.
    """

    def __init__(self, items: Sequence[Item], *, partial: bool, bisect: bool, max_retries: int, max_age: float) -> None:
        """`max_retries` and `max_age` (seconds) may be -1, without limit: on AWS the stream's retention ends it then."""
        self._parts: deque[_Part] = deque([_Part(items)])
        self._partial = partial
        self._bisect = bisect
        self._max_retries = max_retries
        self._max_age = max_age
        self.settled: int | None = None
        """Ordinal of the last record that ended with all before it; None before the first."""

    def next(self, now: float) -> Action | None:
        """What to do at time `now`; None when the whole batch has ended."""
        if not self._parts:
            return None
        part = self._parts[0]
        if part.wait:
            wait, part.wait = part.wait, 0.0
            return Wait(wait)
        too_old = self._too_old(part, now)
        if too_old:
            discarded = part.items[:too_old]
            self._end(too_old)
            return Discard(discarded, "RecordAgeExceeded", part.invokes)
        if self._exhausted(part):
            self._end(len(part.items))
            return Discard(part.items, "RetryAttemptsExhausted", part.invokes)
        return Invoke(part.items)

    def returned(self, response: Any) -> int:
        """The function returned `response` (decoded JSON). Returns how many records it settled."""
        part = self._parts[0]
        part.invokes += 1
        succeeded = first_failure(response, part.items) if self._partial else len(part.items)
        if not succeeded:
            self._retry(part)
            return 0
        self._end(succeeded)
        return succeeded

    def failed(self) -> None:
        """The function was invoked and failed: split the batch if that is asked for, else use up a retry."""
        part = self._parts[0]
        part.invokes += 1
        self._retry(part)

    def not_invoked(self) -> None:
        """Throttled, or the service failed: tried again without using up a retry, until the records are too old."""
        part = self._parts[0]
        part.wait = backoff(part.throttles)
        part.throttles += 1

    def _retry(self, part: _Part) -> None:
        if self._bisect and len(part.items) > 1:
            middle = len(part.items) // 2
            self._parts.popleft()
            self._parts.extendleft(_Part(half, part.retries, part.invokes) for half in (part.items[middle:], part.items[:middle]))
            return
        part.wait = 0.0 if self._used_up(part) else backoff(part.retries)
        part.retries += 1

    def _end(self, count: int) -> None:
        part = self._parts[0]
        self.settled = part.items[count - 1].ordinal
        if count == len(part.items):
            self._parts.popleft()
        else:
            part.items = part.items[count:]

    def _used_up(self, part: _Part) -> bool:
        return 0 <= self._max_retries <= part.retries

    def _exhausted(self, part: _Part) -> bool:
        """Retried as often as allowed; or a lone record beyond the payload limit, which no invocation can carry."""
        unsendable = len(part.items) == 1 and part.items[0].size + ENVELOPE_BYTES > PAYLOAD_LIMIT
        return unsendable or 0 <= self._max_retries < part.retries

    def _too_old(self, part: _Part, now: float) -> int:
        """How many records at the front are beyond the maximum age."""
        if self._max_age < 0:
            return 0
        oldest = now - self._max_age
        for count, item in enumerate(part.items):
            if item.arrival >= oldest:
                return count
        return len(part.items)


def backoff(attempt: int) -> float:
    """Seconds to wait after failure number `attempt`, counted from 0."""
    return float(min(FIRST_BACKOFF * 2 ** min(attempt, 16), LAST_BACKOFF))


def first_failure(response: Any, items: Sequence[Item]) -> int:
    """Index of the first record a partial batch response reports as failed; len(items) if none, 0 if all must be retried.

    Nothing, an empty object, and a null or empty list are complete successes. An identifier that is empty, missing or not of the
    batch makes it a complete failure, as does anything else that is not a partial batch response. Several identifiers mean the
    lowest.
    """
    if response is None:
        return len(items)
    if not isinstance(response, dict):
        return 0
    failures = response.get("batchItemFailures")
    if not failures:
        return len(items)
    index = {item.sequence: at for at, item in enumerate(items)}
    try:
        return min(index[failure["itemIdentifier"]] for failure in failures)
    except (KeyError, TypeError):
        return 0
