"""Requests to the company's services: what the application, the load balancer and the network then log about each."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from producers.generator.scenario import Scenario
from producers.generator.world import AGENTS, CLIENTS, SERVICES, USERS, Service

#: Drawn once, then picked from: drawing each request afresh would cost more than writing it.
_POOL = 4_096
#: Of 1,000 requests: those the client got wrong, and those the service did.
_CLIENT_FAULTS, _SERVER_FAULTS = 25, 8


class Request(NamedTuple):
    """One request and its answer."""

    service: Service
    method: str
    path: str
    status: int
    milliseconds: float
    user: str
    client: str
    port: int
    agent: str
    trace: str
    """32 hexadecimal digits."""


class Requests:
    """An endless supply of requests."""

    def __init__(self, rng: random.Random, scenario: Scenario) -> None:
        self._rng = rng
        self._scenario = scenario
        weights = [service.weight for service in SERVICES]
        # A few clients do most of the asking, as everywhere.
        client_weights = [1 / rank for rank in range(1, len(CLIENTS) + 1)]
        shuffled = rng.sample(CLIENTS, len(CLIENTS))
        services = rng.choices(SERVICES, weights, k=_POOL)
        clients = rng.choices(shuffled, client_weights, k=_POOL)
        self._pool = [self._draw(service, client) for service, client in zip(services, clients, strict=True)]

    def _draw(self, service: Service, client: str) -> Request:
        rng = self._rng
        route = rng.choice(service.routes)
        fate = rng.randrange(1_000)
        status = route.status
        if fate < _SERVER_FAULTS:
            status = rng.choice((500, 502, 503))
        elif fate < _SERVER_FAULTS + _CLIENT_FAULTS:
            status = rng.choice((400, 401, 404))
        milliseconds = route.milliseconds * rng.lognormvariate(0, 0.35)
        path = route.path % rng.randrange(1_000, 100_000)
        port = rng.randrange(1_024, 65_536)
        return Request(service, route.method, path, status, milliseconds, rng.choice(USERS), client, port, rng.choice(AGENTS), "")

    def next(self, now: float) -> Request:
        """One request answered at `now`, epoch seconds."""
        draw: Callable[[], float] = self._rng.random
        service, method, path, status, milliseconds, user, client, port, agent, _ = self._pool[int(draw() * _POOL)]
        milliseconds *= 0.8 + 0.4 * draw()
        if service.name == self._scenario.slow_service:
            milliseconds *= self._scenario.slowness(now)
        trace = f"{self._rng.getrandbits(128):032x}"
        return Request(service, method, path, status, milliseconds, user, client, port, agent, trace)
