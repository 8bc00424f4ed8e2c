"""Putting records on a stream at a given rate."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from producers.batch import MAX_CALL_RECORDS, Entry, StreamWriter


def put(writer: StreamWriter, entries: Iterable[Entry], rate: int | None) -> Iterator[int]:
    """Puts all, at most `rate` a second; gives how many have been put so far, after each call."""
    waiting = iter(entries)
    started = time.monotonic()
    # A tenth of a second's worth at a time keeps a low rate even.
    size = min(MAX_CALL_RECORDS, max(1, rate // 10)) if rate else MAX_CALL_RECORDS
    done = 0
    while call := list(islice(waiting, size)):
        writer.put_entries(call)
        done += len(call)
        yield done
        if rate:
            time.sleep(max(0.0, started + done / rate - time.monotonic()))
