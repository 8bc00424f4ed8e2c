"""Which records are safe, where they are delivered in another order than they were read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from localrun.delivery.record import Record
from localrun.delivery.source import Source


class Progress:
    """Tells the source of a record once it and all before it in its shard are done: a checkpoint is a place in a shard, and
    nothing behind an undelivered record may be passed over."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: dict[str, deque[Record]] = {}
        self._done: dict[str, set[str]] = {}

    def __len__(self) -> int:
        """Records not yet told, done or not."""
        return sum(map(len, self._open.values()))

    def begin(self, record: Record) -> None:
        """In the order they were read. Its data is not kept: it may be delivered long before it is told."""
        self._open.setdefault(record.shard, deque()).append(record._replace(data=b"", sent=None))

    def done(self, records: Iterable[Record]) -> None:
        """Delivered, dropped by the function, or in the error output."""
        shards: dict[str, None] = {}
        for record in records:
            self._done.setdefault(record.shard, set()).add(record.id)
            shards[record.shard] = None
        safe = [record for shard in shards for record in self._safe(shard)]
        if safe:
            self._source.delivered(safe)

    def _safe(self, shard: str) -> Iterable[Record]:
        waiting, done = self._open[shard], self._done[shard]
        while waiting and waiting[0].id in done:
            done.remove(waiting[0].id)
            yield waiting.popleft()
