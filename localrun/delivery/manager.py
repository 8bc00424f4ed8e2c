"""Finds the deployed delivery streams and keeps a thread running for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from localrun.credentials import Role
from localrun.delivery.glue_schema import GlueSchema
from localrun.delivery.http import Server, Unreachable
from localrun.delivery.output import Bucket, Search
from localrun.delivery.source import DirectPut, KinesisStream, Source
from localrun.delivery.spool import Spool
from localrun.delivery.stream import DeliveryStream, S3Configuration
from localrun.delivery.unsupported import Unsupported
from localrun.delivery.worker import DeliveryWorker
from localrun.event_sources.checkpoint import Checkpoints
from localrun.event_sources.clock import Clock
from localrun.event_sources.function import INVOKE_CONFIG, Outcome, invoke
from localrun.event_sources.status import Part, Status
from localrun.event_sources.worker import Threads

#: How often delivery streams are looked for, in seconds.
REFRESH_SECONDS = 2.0


class Running:
    """One delivery stream in its thread."""

    def __init__(self, stream: DeliveryStream, worker: DeliveryWorker, clock: Clock, threads: Threads) -> None:
        self.stream = stream
        self._worker = worker
        self._clock = clock
        self._thread = threads.start(stream.name, self._step, clock)

    def stop(self) -> None:
        self._clock.stop()

    @property
    def finished(self) -> bool:
        return not self._thread.is_alive()

    def _step(self) -> None:
        self._clock.wait(self._worker.step())
        if self._clock.stopped:
            self._worker.finish()


class Deliveries:
    """Every delivery stream of the account."""

    def __init__(self, endpoint: str, search: str, state: Path, status: Status, clock: Clock) -> None:
        """`search` is the URL of the OpenSearch node that stands for every domain."""
        self._endpoint = endpoint
        self._search = search
        self._state = state
        self._checkpoints = Checkpoints(state / "checkpoints")
        self._emulator = Server(endpoint)
        self._status = status
        self._clock = clock
        self._running: dict[str, Running] = {}
        self.threads = Threads(clock)

    def refresh(self) -> None:
        """Look at the deployed delivery streams again: start new ones, stop deleted ones, restart changed ones."""
        deployed = self._deployed()
        if deployed is None:
            return
        for name, running in list(self._running.items()):
            if name not in {found["Name"] for found in deployed}:
                running.stop()
                self._status.part(name).fact(state="deleted")
            if running.finished:
                del self._running[name]
        for found in deployed:
            self._keep(found)

    def _keep(self, found: dict[str, Any]) -> None:
        part = self._status.part(found["Name"], destination=found["DestinationType"], source=found["Type"])
        try:
            stream = DeliveryStream.from_deployed(found)
        except Unsupported as error:
            part.fact(state="refused")
            part.failed("configuration", error, self._clock.now())
            return
        running = self._running.get(stream.name)
        if running is None:
            part.fact(state="delivering")
            running = self._running[stream.name] = self._begin(stream, part)
        elif running.stream != stream:
            running.stop()  # its successor starts when it has delivered what it holds

    def _begin(self, stream: DeliveryStream, part: Part) -> Running:
        clock = self._clock.child()
        role = Role(self._endpoint, stream.role_arn, stream.name)
        worker = DeliveryWorker(
            stream,
            self._source(stream, part, clock),
            self._function(stream, role),
            self._bucket(stream, stream.s3, role, part, clock),
            Search(Server(self._search), stream.opensearch.retry_seconds if stream.opensearch else 0.0, part, clock),
            self._schema(stream, part, clock),
            self._bucket(stream, stream.backup.s3, role, part, clock) if stream.backup else None,
            part,
            clock,
        )
        return Running(stream, worker, clock, self.threads)

    def _source(self, stream: DeliveryStream, part: Part, clock: Clock) -> Source:
        if stream.source is None:
            spool = Spool(self._state / "spool" / f"{stream.name}.jsonl")
            return DirectPut(Server(self._endpoint), stream.name, spool, part, clock)
        role = Role(self._endpoint, stream.source.role_arn, stream.name)
        return KinesisStream(stream.name, stream.source.stream_arn, role, self._checkpoints, part, clock)

    def _bucket(self, stream: DeliveryStream, destination: S3Configuration, role: Role, part: Part, clock: Clock) -> Bucket:
        same = destination.role_arn == stream.role_arn
        writer = role if same else Role(self._endpoint, destination.role_arn, stream.name)
        return Bucket(stream, destination, lambda: writer.client("s3"), part, clock)

    def _schema(self, stream: DeliveryStream, part: Part, clock: Clock) -> GlueSchema | None:
        if stream.conversion is None:
            return None
        table = stream.conversion.table
        reader = Role(self._endpoint, table.role_arn, stream.name)
        return GlueSchema(table, lambda: reader.client("glue"), part, clock)

    def _function(self, stream: DeliveryStream, role: Role) -> Callable[[bytes], Outcome] | None:
        processor = stream.processor
        if processor is None:
            return None
        invoker = Role(self._endpoint, processor.role_arn, stream.name) if processor.role_arn else role
        return partial(invoke, lambda: invoker.client("lambda", INVOKE_CONFIG), processor.function_arn)

    def _deployed(self) -> list[dict[str, Any]] | None:
        part = self._status.part("discovery")
        where = "listing delivery streams"
        try:
            status, body = self._emulator.request("GET", "/_weir/deliveries")
        except Unreachable as error:
            part.failed(where, error, self._clock.now())
            return None
        if status != 200:
            part.failed(where, f"/_weir/deliveries answers {status}: {body[:200]!r}", self._clock.now())
            return None
        part.recovered(where)
        deployed: list[dict[str, Any]] = json.loads(body)
        return deployed
