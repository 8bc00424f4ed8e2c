"""Records nobody can parse: the ways in which producers get it wrong."""

from __future__ import annotations

import random

from producers.generator import lines
from producers.generator.clock import Moment
from producers.generator.containers import subscription
from producers.generator.requests import Request
from producers.generator.sample import Sample


def truncated_line(rng: random.Random, request: Request, at: Moment) -> bytes:
    """A line whose writer was killed half-way."""
    line = (lines.load_balancer if rng.random() < 0.5 else lines.flow)(request, at)
    return line[: len(line) // 2].encode()


def broken_json(rng: random.Random, request: Request, at: Moment) -> bytes:
    """An application log that ends too early."""
    line = lines.application(request, at)
    return line[: rng.randrange(60, len(line) - 10)].encode()


def random_bytes(rng: random.Random, request: Request, at: Moment) -> bytes:
    """No text in any encoding: 0xff is in no UTF-8."""
    return b"\xff" + rng.randbytes(rng.randrange(80, 400))


def unknown_type(rng: random.Random, request: Request, at: Moment) -> bytes:
    """An envelope of a type nobody registered."""
    return f'{{"type":"netflow","tenant":"default","message":"v9 {request.client} {request.port} {request.trace}"}}'.encode()


def corrupt_gzip(rng: random.Random, request: Request, at: Moment) -> bytes:
    """A CloudWatch Logs subscription of which a part got lost."""
    data, _ = subscription(rng, at, "/aws/lambda/shop", [lines.application(request, at)])
    return data[: len(data) * 2 // 3]


KINDS = (truncated_line, broken_json, random_bytes, unknown_type, corrupt_gzip)


def make(rng: random.Random, number: int, request: Request, at: Moment) -> Sample:
    """The `number`-th malformed record: every kind in turn."""
    kind = KINDS[number % len(KINDS)]
    return Sample(kind(rng, request, at), request.trace, kind.__name__, malformed=True)
