"""Sending at a pace: what is due, made now or ahead, is put by a few threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count

from localrun.demo.ledger import Ledger
from localrun.demo.plan import Plan
from producers.batch import MAX_CALL_RECORDS, Entry, StreamWriter
from producers.generator import Generator, Sample

TICK_SECONDS = 0.1
#: One call answers in 10–20 ms, so that these carry more than the machine can generate.
PUTTERS = 3
#: A slow stream must slow the sender down, not fill its memory.
MOST_CALLS_WAITING = 2 * PUTTERS


@dataclass(slots=True)
class Sender:
    """Sends one plan. `run` returns when the stream has taken everything, or `stop` was called."""

    generator: Generator
    plan: Plan
    writer: StreamWriter
    ledger: Ledger
    seconds: float = 0.0
    """How long it took, once it is done."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _ahead: deque[tuple[float, list[Sample]]] = field(default_factory=deque)
    """What is made already, by the seconds after which it is due."""

    def make_ahead(self, start: float) -> None:
        """Make all of it as if it were sent from epoch second `start` on: sources elsewhere take nothing of this machine."""
        for tick in count():
            elapsed = tick * TICK_SECONDS
            while (due := self.plan.due(elapsed) - self.generator.events) > 0:
                self._ahead.append((elapsed, self.generator.take(min(due, MAX_CALL_RECORDS), start + elapsed)))
            if self.generator.events >= self.plan.total or self._stop.is_set():
                return

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()

    def run(self) -> None:
        """Raises what the first refused call raised."""
        began = time.monotonic()
        under_way: deque[Future[None]] = deque()
        with ThreadPoolExecutor(PUTTERS, thread_name_prefix="put") as pool:
            while (self._ahead or self.generator.events < self.plan.total) and not self._stop.is_set():
                samples, more = self._due(time.monotonic() - began)
                if samples:
                    under_way.append(pool.submit(self._put, samples))
                while under_way and (under_way[0].done() or len(under_way) >= MOST_CALLS_WAITING):
                    under_way.popleft().result()
                if not more:
                    self._stop.wait(TICK_SECONDS)
            wait(under_way)
            for put in under_way:
                put.result()
        self.seconds = time.monotonic() - began

    def _due(self, elapsed: float) -> tuple[list[Sample], bool]:
        """What one call takes of it, and whether more may be due."""
        if self._ahead:
            ready = self._ahead[0][0] <= elapsed
            return (self._ahead.popleft()[1] if ready else []), ready
        due = self.plan.due(elapsed) - self.generator.events
        return self.generator.take(min(due, MAX_CALL_RECORDS), time.time()), due >= MAX_CALL_RECORDS

    def _put(self, samples: list[Sample]) -> None:
        places = self.writer.put_entries([Entry(sample.data, sample.partition_key) for sample in samples])
        self.ledger.note(samples, places)
