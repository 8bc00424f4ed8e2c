"""The engines in memory, and a caller of ASGI applications (Starlette's own test client needs httpx)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message

from localrun.console.sampler import Sampler
from localrun.delivery.http import Server, Unreachable
from localrun.state import Endpoints, Engine, State
from tests.unit.event_sources.fakes import FakeClock

STATE = State(
    pid=1,
    environment="local",
    endpoints=Endpoints(aws="http://127.0.0.1:1", opensearch="http://127.0.0.1:2", console="http://127.0.0.1:3"),
    outputs={"ingestion": {"RawStream": "weir-local-raw"}, "normalisation": {"ErrorsStream": "weir-local-errors"}},
    engines=(Engine(name="opensearch", pid=7, log=Path("opensearch.log")),),
    absent=("KMS grants on streams",),
)


class FakeAws(Server):
    """The emulator; `down` makes it unreachable."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.down = False
        self.streams: dict[str, int] = {"weir-local-raw": 0, "weir-local-errors": 0}

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        if self.down:
            raise Unreachable(f"{self.url} does not answer: refused")
        assert (method, path) == ("GET", "/_weir/streams")
        return 200, json.dumps(self.streams).encode()


class FakeIndex(Server):
    """OpenSearch. `arrivals` counts documents by bucket, `sources` are the newest ones; `aggregations` are answers to panels."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:2")
        self.down = False
        self.status = 200
        self.documents = 0
        self.arrivals: dict[int, int] = {}
        self.sources: list[dict[str, Any]] = []
        self.failed_shards = 0
        self.aggregations: list[dict[str, Any]] = []
        self.calls: list[list[dict[str, Any]]] = []
        self.paths: list[str] = []

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        if self.down:
            raise Unreachable(f"{self.url} does not answer: refused")
        assert method == "POST"
        assert content_type == "application/x-ndjson"
        assert path.startswith("/_msearch?")
        lines = [json.loads(line) for line in body.splitlines()]
        assert all(header["ignore_unavailable"] for header in lines[::2])
        self.calls.append(lines[1::2])
        self.paths.append(path)
        if self.status != 200:
            return self.status, b'{"error": "circuit breaker"}'
        return 200, json.dumps({"responses": [self._answer(search) for search in lines[1::2]]}).encode()

    def _answer(self, search: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"status": 200}
        if self.failed_shards:
            answer["_shards"] = {"failed": self.failed_shards}
        if "arrivals" in search.get("aggs", {}):
            buckets = [{"key": start, "doc_count": count} for start, count in self.arrivals.items()]
            return answer | ({"aggregations": {"arrivals": {"buckets": buckets}}} if buckets else {})
        if "aggs" in search:
            return answer | self.aggregations.pop(0)
        if "sort" in search:
            return answer | ({"hits": {"hits": [{"_source": source} for source in self.sources]}} if self.sources else {})
        return answer | {"hits": {"total": {"value": self.documents}}}


@dataclass(frozen=True)
class Console:
    """A sampler with its engines."""

    aws: FakeAws
    index: FakeIndex
    clock: FakeClock
    state_file: Path
    sampler: Sampler

    def second(self, *, records: int = 0, documents: int = 0, errors: int = 0) -> dict[str, Any]:
        """A second in which so many were put and became searchable, a look at its end, and what it shows."""
        self.clock.time += 1
        self.aws.streams["weir-local-raw"] += records
        self.aws.streams["weir-local-errors"] += errors
        self.index.documents += documents
        self.sampler.sample()
        return self.sampler.status()

    def deployed(self) -> None:
        self.state_file.write_text(STATE.model_dump_json())


def console(directory: Path) -> Console:
    """Nothing is deployed yet, and nobody looks."""
    aws, index, clock, state_file = FakeAws(), FakeIndex(), FakeClock(), directory / "state.json"
    return Console(aws, index, clock, state_file, Sampler(aws, index, state_file, clock))


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def get(app: ASGIApp, path: str, host: str = "127.0.0.1:8000") -> Answer:
    """GET `path` of an ASGI application, without its lifespan."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", host.encode())],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # a coroutine, though ASGI types only promise an awaitable
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))
