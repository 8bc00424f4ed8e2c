"""An HTTP proxy between the functions and the OpenSearch node that answers in the node's place when it is told to."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

NODE_SECONDS = 60.0


class FaultProxy(ThreadingHTTPServer):
    """Forwards every request to `node`; while `status` is set, answers with that instead."""

    daemon_threads = True

    def __init__(self, node: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = urlsplit(node)
        self.status: int | None = None
        self.refused = 0
        """Requests answered with `status`."""
        self.unanswered = 0
        """Requests the node has not answered, for it was not there, or not in time."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[FaultProxy]:
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.server.status is not None:
            self.server.refused += 1
            error = {"type": "rejected_execution_exception", "reason": "a fault was asked for"}
            self._answer(self.server.status, json.dumps({"error": error, "status": self.server.status}).encode())
            return
        node = http.client.HTTPConnection(self.server.node.hostname or "", self.server.node.port, timeout=NODE_SECONDS)
        self.server.unanswered += 1
        try:
            with contextlib.closing(node):
                node.request(self.command, self.path, body, dict(self.headers.items()))
                answer = node.getresponse()
                status, content = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # as the node's own connection ended: without an answer
            return
        self.server.unanswered -= 1
        self._answer(status, content)

    do_GET = do_PUT = do_DELETE = do_POST

    def _answer(self, status: int, content: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # who asked has given up
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name it has in the standard library
        """Nothing: a fault makes hundreds of lines."""
