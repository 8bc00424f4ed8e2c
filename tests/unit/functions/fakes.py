"""What stands at the functions' boundary in tests: time, Lambda's context, a Kinesis client, and HTTP servers on this machine."""

from __future__ import annotations

import base64
import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import orjson
from botocore.exceptions import ClientError

from common.deadline import Deadline
from common.search import SearchClient, connect
from common.settings import SearchSettings
from common.source import KinesisRecord

ARRIVAL_SECONDS = 1_722_375_081.123
RAW_ARN = "arn:aws:kinesis:eu-central-1:123456789012:stream/weir-test-raw"


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, clock=lambda: self.now, sleep=self.sleep)


@dataclass
class Context:
    """Lambda's context object."""

    remaining_ms: int = 60_000
    function_name: str = "weir-test"
    memory_limit_in_mb: int = 1_024
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:weir-test"
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def kinesis_record(data: bytes, number: int = 0, arn: str = RAW_ARN) -> KinesisRecord:
    """Record `number` of a batch, as Lambda hands it over."""
    sequence = str(49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898 + number)
    return {
        "kinesis": {
            "partitionKey": f"key-{number}",
            "sequenceNumber": sequence,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": ARRIVAL_SECONDS,
        },
        "eventID": f"shardId-000000000006:{sequence}",
        "eventSourceARN": arn,
    }


def batch(*data: bytes) -> list[KinesisRecord]:
    return [kinesis_record(item, number) for number, item in enumerate(data)]


def sequence(number: int) -> str:
    """The sequence number of record `number` of a batch."""
    return kinesis_record(b"", number)["kinesis"]["sequenceNumber"]


@dataclass
class Put:
    """One record a stream took."""

    data: bytes
    key: str
    hash_key: str | None = None


def client_error(code: str, message: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]  # the rest is not read
        "PutRecords",
    )


class FakeKinesis:
    """Takes records, except where it is told not to."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Put]] = {}
        self.calls: list[int] = []
        """Number of records in each call."""
        self.failures: list[Exception] = []
        """Raised by the next calls, one each."""
        self.refuse: Callable[[bytes], str | None] = lambda data: None
        """The error code for a record, or None to take it."""

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        self.calls.append(len(Records))
        if self.failures:
            raise self.failures.pop(0)
        results: list[dict[str, str]] = []
        for record in Records:
            code = self.refuse(record["Data"])
            if code:
                results.append({"ErrorCode": code, "ErrorMessage": "refused by the test"})
            else:
                self.streams.setdefault(StreamName, []).append(
                    Put(record["Data"], record["PartitionKey"], record.get("ExplicitHashKey"))
                )
                results.append({"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
        return {"Records": results, "FailedRecordCount": sum("ErrorCode" in result for result in results)}

    def on(self, stream: str) -> list[Any]:
        """What a stream holds, decoded."""
        return [orjson.loads(put.data) for put in self.streams.get(stream, [])]


@dataclass
class Request:
    """A request a server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


Answer = tuple[int, Any]


@dataclass
class Server:
    """An HTTP server on a free port of this machine that answers as it is told."""

    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Server:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
            timeout: ClassVar[float] = 5

            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                if headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                request = Request(self.command, self.path, headers, body)
                server.requests.append(request)
                status, content = server.answer(request)
                payload = content if isinstance(content, bytes) else orjson.dumps(content)
                self.send_response(status)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_PUT = do_POST = do_GET = respond

            def log_message(self, *args: object) -> None:
                """Tests assert on requests; nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"


@contextmanager
def connected(url: str) -> Iterator[SearchClient]:
    """A client of the domain at `url`, which closes its connections at the end."""
    client = connect(SearchSettings(search_endpoint="unused.test", aws_region="eu-central-1", aws_endpoint_url_opensearch=url))
    try:
        yield client
    finally:
        client.pool.clear()


class FakeIndex:
    """The `_bulk` end of a domain: gives each document the next of the results it is told to give, 201 when there is none."""

    def __init__(self) -> None:
        self.results: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        """Results to give, by document id, before the document is taken."""
        self.requests: list[Answer | None] = []
        """Answers to give to whole requests before items are looked at; None to go on to the items."""
        self.documents: dict[tuple[str, str], bytes] = {}
        self.sizes: list[int] = []
        """Number of documents in each request."""

    def answer(self, request: Request) -> Answer:
        assert request.method == "POST"
        assert request.path.startswith("/_bulk?")
        lines = request.body.splitlines()
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        self.sizes.append(len(pairs))
        if self.requests:
            scripted = self.requests.pop(0)
            if scripted is not None:
                return scripted
        items: list[dict[str, Any]] = []
        for action, body in pairs:
            target = orjson.loads(action)["index"]
            waiting = self.results.get(target["_id"], [])
            status, error = waiting.pop(0) if waiting else (201, {})
            if status < 300:
                self.documents[target["_index"], target["_id"]] = body
            items.append({"index": {"status": status} | ({"error": error} if error else {})})
        errors = any(item["index"]["status"] >= 300 for item in items)
        return 200, {"errors": errors, "items": items}
