"""One shard of one mapping: read, spread over lanes, invoked, checkpointed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Condition
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localrun.event_sources.batch import Batch, Discard, Gatherer, Invoke, Wait, backoff
from localrun.event_sources.checkpoint import Checkpoint, Checkpoints, Progress
from localrun.event_sources.clock import Clock
from localrun.event_sources.destination import FailureDestination
from localrun.event_sources.event import PAYLOAD_LIMIT, Encoder, Item, payload
from localrun.event_sources.filtering import Filters
from localrun.event_sources.function import NotInvoked, Outcome
from localrun.event_sources.mapping import Mapping
from localrun.event_sources.shards import ShardReader
from localrun.event_sources.status import Part

#: Lambda polls a shard once per second; a run of a minute should not spend half its latency waiting for that. Every 0.2 s, the
#: most a shard allows (Streams developer guide, "Quotas and limits"), costs a tenth of a core more at 2,000 records a second.
POLL_SECONDS = 0.4
#: An idle lane looks again this often for a stop.
IDLE_SECONDS = 1.0
#: Batches of payload kept waiting per lane, beside the one in flight: enough to keep it busy, little enough for memory.
WAITING_BATCHES = 2

NEVER_INVOKED: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}


class ShardWorker:
    """Reads with `poll` and works with `work`, each lane in a thread of its own; one lane for every concurrent batch.

    Lambda keeps the order of a partition key however many batches run at once: a key always goes to the same lane.
    """

    def __init__(
        self,
        mapping: Mapping,
        shard: str,
        reader: ShardReader,
        invoke: Callable[[bytes], Outcome],
        destination: FailureDestination,
        checkpoints: Checkpoints,
        status: Part,
        clock: Clock,
    ) -> None:
        """`invoke` takes a payload and raises NotInvoked."""
        self.shard = shard
        self.lanes = range(mapping.parallelization_factor)
        self.ended = False
        """The shard is closed and every record of it has ended."""
        self._mapping = mapping
        self._reader = reader
        self._invoke = invoke
        self._destination = destination
        self._checkpoints = checkpoints
        self._status = status
        self._clock = clock
        self._encoder = Encoder(mapping)
        self._filters = Filters(mapping.filters)
        self._gatherers = [Gatherer(mapping.batch_size, mapping.window_seconds) for _ in self.lanes]
        self._progress = Progress(len(self.lanes), checkpoints.load(mapping.uuid, shard).sequence)
        self._changed = Condition()
        self._read_all = False
        self._read_failures = 0
        self._unsaved = False
        """The last checkpoint could not be written."""

    def poll(self) -> float:
        """Read once if the lanes have room. Returns the seconds to wait before the next time."""
        if self._unsaved:
            self._checkpoint()
        if self._read_all:
            return POLL_SECONDS
        with self._changed:
            if self._full():
                self._changed.wait(IDLE_SECONDS)
                return 0.0
        where = f"{self.shard}: reading {self._mapping.stream_name}"
        try:
            read = self._reader.read()
        except (ClientError, BotoCoreError) as error:
            self._status.failed(where, error, self._clock.now())
            self._status.add(read_errors=1)
            self._read_failures += 1
            return max(POLL_SECONDS, backoff(self._read_failures))
        self._read_failures = 0
        self._status.recovered(where)
        now = self._clock.now()
        encoded = [
            (self._lane(record.partition_key), record, self._encoder.encode(record) if self._filters.match(record.data) else None)
            for record in read.records
        ]
        filtered = 0
        with self._changed:
            for lane, record, body in encoded:
                if body is None:
                    self._progress.skip(record.sequence)
                    filtered += 1
                else:
                    ordinal = self._progress.read(lane, record.sequence)
                    self._gatherers[lane].add(Item(ordinal, record.sequence, record.arrival, body), now)
            moved = self._progress.advance()
            self._changed.notify_all()
        if filtered:
            self._status.add(filtered=filtered)
        if moved:
            self._checkpoint()
        if read.ended:
            self.retire()
        return 0.0 if read.behind_seconds and read.records else POLL_SECONDS

    def work(self, lane: int) -> None:
        """Wait for a batch of `lane` and process it to its end, or return without one after a while or a stop."""
        with self._changed:
            due = self._gatherers[lane].due_in(self._clock.now())
            if due is None or due > 0:
                self._changed.wait(IDLE_SECONDS if due is None else min(due, IDLE_SECONDS))
                return
            items = self._gatherers[lane].take()
            self._changed.notify_all()  # the reader may wait for room
        self._process(lane, items)

    def retire(self) -> None:
        """Read no more: the shard is closed, or gone. It has ended when what was read has."""
        self._read_all = True
        self._checkpoint()

    def _process(self, lane: int, items: list[Item]) -> None:
        mapping = self._mapping
        batch = Batch(
            items,
            partial=mapping.partial_responses,
            bisect=mapping.bisect,
            max_retries=mapping.max_retries,
            max_age=mapping.max_age_seconds,
        )
        context = NEVER_INVOKED
        while not self._clock.stopped:
            action = batch.next(self._clock.now())
            match action:
                case None:
                    break
                case Wait(seconds):
                    self._clock.wait(seconds)
                case Invoke(records):
                    context = self._run(batch, records, context)
                case Discard():
                    if not self._give_up(action, context):
                        return
            self._settle(lane, batch.settled)
        age = self._clock.now() - items[-1].arrival
        self._status.fact(iterator_age_seconds=round(age, 3))

    def _run(self, batch: Batch, records: Any, context: dict[str, Any]) -> dict[str, Any]:
        where = f"{self.shard}: invoking {self._mapping.function_name}"
        try:
            outcome = self._invoke(payload(records))
        except NotInvoked as error:
            batch.not_invoked()
            self._status.failed(where, error, self._clock.now())
            self._status.add(throttles=1)
            return context
        self._status.add(invokes=1)
        if outcome.error is not None:
            batch.failed()
            self._status.failed(where, f"function error: {outcome.error}", self._clock.now())
            self._status.add(function_errors=1)
            return outcome.context
        settled = batch.returned(outcome.response)
        self._status.add(records=settled)
        if settled < len(records):
            self._status.add(partial_failures=1)
            self._status.failed(where, "the function reported records of a batch as failed", self._clock.now())
        else:
            self._status.recovered(where)
        return outcome.context

    def _give_up(self, discard: Discard, context: dict[str, Any]) -> bool:
        """Keep what is given up, trying until it is kept: Lambda would drop it, but a missing grant must not cost records here.

        Returns False when stopped before it was kept.
        """
        where = f"{self.shard}: failure destination {self._mapping.destination_arn}"
        attempt = 0
        while True:
            try:
                self._destination.send(self.shard, discard, now=self._clock.now(), response=context)
            except (ClientError, BotoCoreError) as error:
                self._status.failed(where, error, self._clock.now())
                self._status.add(destination_errors=1)
            else:
                self._status.recovered(where)
                self._status.recovered(f"{self.shard}: invoking {self._mapping.function_name}")
                self._status.add(discarded=len(discard.items))
                return True
            if self._clock.stopped:
                return False
            self._clock.wait(backoff(attempt))
            attempt += 1

    def _settle(self, lane: int, ordinal: int | None) -> None:
        if ordinal is None:
            return
        with self._changed:
            moved = self._progress.settle(lane, ordinal)
        if moved:
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Save how far all lanes are; the last one saves that the shard is done."""
        with self._changed:
            self.ended = self._read_all and not self._progress.pending
            where = f"{self.shard}: checkpoint"
            try:
                self._checkpoints.save(self._mapping.uuid, self.shard, Checkpoint(self._progress.sequence, self.ended))
            except OSError as error:  # a full disk: the old one stays, and what came after it would be processed again
                self._unsaved = True
                self._status.failed(where, error, self._clock.now())
            else:
                self._unsaved = False
                self._status.recovered(where)

    def _full(self) -> bool:
        """Every record in flight is in memory, so a slow function must hold the reader back."""
        size = max(gatherer.size for gatherer in self._gatherers)
        records = max(len(gatherer) for gatherer in self._gatherers)
        return size >= WAITING_BATCHES * PAYLOAD_LIMIT or records >= WAITING_BATCHES * self._mapping.batch_size

    def _lane(self, partition_key: str) -> int:
        if len(self.lanes) == 1:
            return 0
        digest = hashlib.blake2b(partition_key.encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") % len(self.lanes)
