"""Environment and boundary of the functions under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.search import SearchClient
from tests.unit.functions.fakes import Clock, FakeIndex, FakeKinesis, Server, connected


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are signed; nothing here leaves this machine."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kinesis() -> FakeKinesis:
    return FakeKinesis()


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
def domain(index: FakeIndex) -> Iterator[Server]:
    """An HTTP server that answers bulk requests as `index` says."""
    with Server(index.answer) as server:
        yield server


@pytest.fixture
def client(domain: Server) -> Iterator[SearchClient]:
    with connected(domain.url) as client:
        yield client
