"""Finds the deployed applications and keeps a thread running for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from localrun.delivery.http import Server, Unreachable
from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Part, Status
from localrun.event_sources.worker import Threads
from localrun.flink.client import Client
from localrun.flink.deployed import Deployed, Unsupported
from localrun.flink.rest import Refused, Rest
from localrun.flink.worker import Worker
from localrun.paths import make_directory

#: How often applications are looked at, in seconds.
REFRESH_SECONDS = 1.0


class Running:
    """One application in its thread."""

    def __init__(self, deployed: Deployed, worker: Worker, part: Part, clock: Clock, threads: Threads) -> None:
        self.deployed: Deployed | None = deployed
        """As it was seen last; None: it is deleted."""
        self._worker = worker
        self._part = part
        self._clock = clock
        self._thread = threads.start(deployed.name, self._step, clock)

    @property
    def finished(self) -> bool:
        return not self._thread.is_alive()

    def _step(self) -> None:
        deployed = self.deployed
        if deployed is not None:
            self._clock.wait(self._worker.step(deployed))
            return
        try:
            self._worker.forget()
        except (Refused, Unreachable) as error:
            self._part.failed("job", error, self._clock.now())
            self._clock.wait(REFRESH_SECONDS)
        else:
            self._part.fact(state="deleted")
            self._part.recovered("job")
            self._clock.stop()


class Applications:
    """Every application of the account."""

    def __init__(self, endpoint: str, client: Client, checkpoints: Path, state: Path, status: Status, clock: Clock) -> None:
        """`client` is the cluster's, `checkpoints` its directory of them."""
        self._endpoint = endpoint
        self._client = client
        self._checkpoints = checkpoints
        self._state = state
        self._status = status
        self._clock = clock
        self._emulator = Server(endpoint)
        self._running: dict[str, Running] = {}
        self.threads = Threads(clock)

    def refresh(self) -> None:
        """Look at the deployed applications again: start new ones, end deleted ones, tell the others what they are now."""
        details = self._deployed()
        if details is None:
            return
        for name, running in list(self._running.items()):
            if name not in details:
                running.deployed = None
            if running.finished:
                del self._running[name]
        for name, detail in details.items():
            self._keep(name, detail)

    def _keep(self, name: str, detail: dict[str, Any]) -> None:
        part = self._status.part(name)
        try:
            deployed = Deployed.read(detail)
        except Unsupported as error:
            part.fact(state="refused", status=detail["ApplicationStatus"])
            part.failed("configuration", error, self._clock.now())
            return
        part.recovered("configuration")
        if name in self._running:
            self._running[name].deployed = deployed
            return
        clock = self._clock.child()
        directory = make_directory(self._state / name)
        worker = Worker(name, self._endpoint, Rest(self._client.cluster), self._client, self._checkpoints, directory, part, clock)
        self._running[name] = Running(deployed, worker, part, clock, self.threads)

    def _deployed(self) -> dict[str, dict[str, Any]] | None:
        """What the emulator says of each application, by name."""
        part = self._status.part("discovery")
        where = "listing applications"
        try:
            status, body = self._emulator.request("GET", "/_weir/applications")
        except Unreachable as error:
            part.failed(where, error, self._clock.now())
            return None
        if status != 200:
            part.failed(where, f"/_weir/applications answers {status}: {body[:200]!r}", self._clock.now())
            return None
        part.recovered(where)
        return {detail["ApplicationName"]: detail for detail in json.loads(body)}
