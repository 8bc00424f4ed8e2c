"""Which records are safe, where they are delivered in another order than they were read."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from localrun.delivery.record import Record
from localrun.delivery.source import Source


class Progress:
    """Tells the source of a record once it and all before it in its shard are done: a checkpoint is a place in a shard, and
    nothing behind an undelivered record may be passed over."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: defaultdict[str, deque[Record]] = defaultdict(deque)
        self._done: defaultdict[str, set[str]] = defaultdict(set)
        self._count = 0

    def __len__(self) -> int:
        """Records not yet told, done or not."""
        return self._count

    def begin(self, record: Record) -> None:
        """In the order they were read. Its data is not kept: it may be delivered long before it is told."""
        name, _, arrival_ms, shard, key, sequence, subsequence, last, _ = record
        self._open[shard].append(Record(name, b"", arrival_ms, shard, key, sequence, subsequence, last))
        self._count += 1

    def done(self, records: Iterable[Record]) -> None:
        """Delivered, dropped by the function, or in the error output."""
        safe: list[Record] = []
        for record in records:
            waiting, done = self._open[record.shard], self._done[record.shard]
            if waiting[0].id != record.id:
                done.add(record.id)
                continue
            safe.append(waiting.popleft())
            while done and waiting[0].id in done:
                done.remove(waiting[0].id)
                safe.append(waiting.popleft())
        if safe:
            self._count -= len(safe)
            self._source.delivered(safe)
