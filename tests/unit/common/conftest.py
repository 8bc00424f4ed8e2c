"""What the tests of the parsing library share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings

from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser

#: Raw logs of others, which stand beside the checkout and are no part of it.
SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

# A property is about values: on a busy machine an example may take any time.
settings.register_profile("weir", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("weir")

Normalise = Callable[..., list[Event | Rejected]]
Document = dict[str, Any]


@pytest.fixture
def at() -> Coordinates:
    """Arrived 2026-11-23T08:00:00.250Z."""
    return Coordinates("weir-test-raw", "shardId-000000000001", "49590338271490256608559692538361", 1_795_420_800_250, "0", "key")


@pytest.fixture
def normalise(at: Coordinates) -> Normalise:
    """Normalises bytes, or text, or an object as JSON, as if read at `at`."""

    def run(content: object, where: Coordinates = at, **settings: Any) -> list[Event | Rejected]:
        data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else orjson.dumps(content)
        return Normaliser(**{"default_tenant": "default", **settings}).normalise(data, where)

    return run


@pytest.fixture
def document(normalise: Normalise) -> Callable[..., Document]:
    """The document of a record that holds exactly one event."""

    def run(content: object, **settings: str) -> Document:
        (event,) = normalise(content, **settings)
        assert isinstance(event, Event), event
        found: Document = orjson.loads(event.body)
        assert found["event"]["id"] == event.id
        return found

    return run


@pytest.fixture
def rejected(normalise: Normalise) -> Callable[..., Rejected]:
    """The rejection of a record that is refused whole."""

    def run(content: object, **settings: str) -> Rejected:
        (refused,) = normalise(content, **settings)
        assert isinstance(refused, Rejected), refused
        return refused

    return run


@pytest.fixture
def sample() -> Callable[[str], list[bytes]]:
    """The lines of a sample file."""

    def read(name: str) -> list[bytes]:
        if not SAMPLES.is_dir():
            pytest.skip("needs the real log samples in ../shared/samples, beside the checkout")
        return (SAMPLES / name).read_bytes().splitlines()

    return read
