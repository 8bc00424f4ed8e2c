"""Finds the deployed mappings and keeps one set of threads running for each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localrun.aws import session
from localrun.credentials import Role
from localrun.event_sources.checkpoint import Checkpoint, Checkpoints
from localrun.event_sources.clock import Clock
from localrun.event_sources.destination import FailureDestination
from localrun.event_sources.function import INVOKE_CONFIG, Outcome, invoke
from localrun.event_sources.mapping import Mapping, refusal
from localrun.event_sources.shard_worker import ShardWorker
from localrun.event_sources.shards import Shard, ShardReader, Start, list_shards, readable
from localrun.event_sources.status import Part, Status

#: How often mappings and shards are looked at again, in seconds: a mapping deployed meanwhile starts within this.
REFRESH_SECONDS = 2.0

log = logging.getLogger(__name__)


class Threads:
    """Threads of one worker. One that fails stops them all: half a worker would look like a quiet stream."""

    def __init__(self, clock: Clock) -> None:
        self.failed = False
        self._clock = clock
        self._threads: list[Thread] = []

    def start(self, name: str, step: Callable[[], object], clock: Clock) -> Thread:
        """Run `step` again and again until `clock` is stopped."""

        def run() -> None:
            try:
                while not clock.stopped:
                    step()
            except Exception:
                log.exception("%s: stopped by an error nobody expected; the worker ends", name)
                self.failed = True
                self._clock.stop()

        thread = Thread(target=run, name=name, daemon=True)
        self._threads = [running for running in self._threads if running.is_alive()]
        self._threads.append(thread)
        thread.start()
        return thread

    def join(self, seconds: float) -> None:
        """Wait for all, but `seconds` at most: what still runs then is not checkpointed and will be done again."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))


class MappingWorker:
    """All shards of one mapping."""

    def __init__(
        self,
        mapping: Mapping,
        role: Role,
        invoke_function: Callable[[bytes], Outcome],
        checkpoints: Checkpoints,
        status: Part,
        clock: Clock,
        threads: Threads,
    ) -> None:
        self.mapping = mapping
        self._role = role
        self._invoke = invoke_function
        self._destination = FailureDestination(mapping, role)
        self._checkpoints = checkpoints
        self._status = status
        self._clock = clock
        self._threads = threads
        self._running: dict[str, tuple[ShardWorker, Clock]] = {}
        self._own_threads: list[Thread] = []
        self._start = self._starting_position()

    def refresh(self) -> None:
        """Start shards whose turn it is, and forget those that are gone."""
        where = f"listing shards of {self.mapping.stream_name}"
        try:
            shards = list_shards(self._role.client("kinesis"), self.mapping.stream_arn)
        except (ClientError, BotoCoreError) as error:
            self._status.failed(where, error, self._clock.now())
            return
        self._status.recovered(where)
        checkpoints = {shard.id: self._checkpoints.load(self.mapping.uuid, shard.id) for shard in shards}
        closed = {shard for shard, checkpoint in checkpoints.items() if checkpoint.closed}
        for shard_id, (worker, clock) in list(self._running.items()):
            if worker.ended:
                clock.stop()
                del self._running[shard_id]
            elif shard_id not in checkpoints:
                worker.retire()
                shards.append(Shard(shard_id, ()))  # its children wait for it all the same
        for shard in readable(shards, closed):
            if shard.id not in self._running:
                self._begin(shard.id, checkpoints[shard.id])
        self._status.fact(shards=sorted(self._running))

    def stop(self) -> None:
        self._clock.stop()

    @property
    def stopping(self) -> bool:
        return self._clock.stopped

    @property
    def stopped(self) -> bool:
        """Stopped, and no thread of it works any more."""
        return self._clock.stopped and not any(thread.is_alive() for thread in self._own_threads)

    def _begin(self, shard: str, checkpoint: Checkpoint) -> None:
        start = Start(after_sequence=checkpoint.sequence) if checkpoint.sequence else self._start
        reader = ShardReader(lambda: self._role.client("kinesis"), self.mapping.stream_arn, shard, start)
        clock = self._clock.child()
        worker = ShardWorker(
            self.mapping, shard, reader, self._invoke, self._destination, self._checkpoints, self._status, clock
        )  # fmt: skip
        self._running[shard] = (worker, clock)
        name = f"{self.mapping.function_name}/{shard}"
        started = [self._threads.start(f"{name}/read", lambda: clock.wait(worker.poll()), clock)]
        started += [self._threads.start(f"{name}/{lane}", partial(worker.work, lane), clock) for lane in worker.lanes]
        self._own_threads = [thread for thread in self._own_threads if thread.is_alive()] + started

    def _starting_position(self) -> Start:
        """LATEST is the time the mapping was first seen, kept: a restart must not skip what came meanwhile."""
        if self.mapping.starting_position == "TRIM_HORIZON":
            return Start()
        if self.mapping.starting_position == "AT_TIMESTAMP" and self.mapping.starting_timestamp is not None:
            return Start(at_timestamp=self.mapping.starting_timestamp)
        return Start(at_timestamp=self._checkpoints.first_seen(self.mapping.uuid, self._clock.now()))


class EventSources:
    """Every Kinesis mapping of the account."""

    def __init__(self, endpoint: str, checkpoints: Checkpoints, status: Status, clock: Clock) -> None:
        root = session(endpoint)
        self._endpoint = endpoint
        self._lambda = root.client("lambda")
        self._invoker = root.client("lambda", config=INVOKE_CONFIG)  # Lambda invokes as itself, not as a role
        self._checkpoints = checkpoints
        self._status = status
        self._clock = clock
        self._workers: dict[str, MappingWorker] = {}
        self.threads = Threads(clock)

    def refresh(self) -> None:
        """Look at the deployed mappings again: start new ones, stop disabled and deleted ones, restart changed ones."""
        part = self._status.part("discovery")
        try:
            descriptions = self._descriptions()
        except (ClientError, BotoCoreError) as error:
            part.failed("listing event source mappings", error, self._clock.now())
            return
        part.recovered("listing event source mappings")
        deployed = {found["UUID"] for found in descriptions}
        for uuid, worker in self._workers.items():
            if uuid not in deployed:
                worker.stop()
                self._status.part(uuid).over("deleted")
        for found in descriptions:
            self._keep(found)

    def _keep(self, description: dict[str, Any]) -> None:
        uuid, function_arn, stream_arn = (description[key] for key in ("UUID", "FunctionArn", "EventSourceArn"))
        part = self._status.part(uuid, function=function_arn.split(":")[6], stream=stream_arn.split("/")[1])
        refused = refusal(description)
        if refused is not None:
            part.fact(state="refused")
            part.failed("configuration", refused, self._clock.now())
            return
        try:
            configuration = self._lambda.get_function_configuration(FunctionName=function_arn)
        except (ClientError, BotoCoreError) as error:
            part.failed("reading the function's configuration", error, self._clock.now())
            return
        part.recovered("reading the function's configuration")
        mapping = Mapping.from_api(description, configuration["Role"])
        part.fact(state="reading" if mapping.enabled else "disabled")
        running = self._workers.get(uuid)
        if running and running.mapping != mapping:
            running.stop()
        if running and running.stopped:
            running = None
        if running is None and mapping.enabled:
            running = self._workers[uuid] = self._begin(mapping, part)
        if running and not running.stopping:
            running.refresh()

    def _begin(self, mapping: Mapping, part: Part) -> MappingWorker:
        role = Role(self._endpoint, mapping.role_arn, mapping.function_name)
        run = partial(invoke, lambda: self._invoker, mapping.function_arn)
        return MappingWorker(mapping, role, run, self._checkpoints, part, self._clock.child(), self.threads)

    def _descriptions(self) -> list[dict[str, Any]]:
        pages = self._lambda.get_paginator("list_event_source_mappings").paginate()
        found: list[Any] = [item for page in pages for item in page["EventSourceMappings"]]
        return [item for item in found if item["EventSourceArn"].split(":")[2] == "kinesis"]
