"""Plain HTTP to one server of this machine, over a kept connection."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


class Unreachable(Exception):
    """The server did not answer."""


class Server:
    """Not for use by several threads at once."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        """`url` is http://host:port."""
        self.url = url
        self._address = urlsplit(url).netloc
        self._timeout = timeout
        self._connection: HTTPConnection | None = None

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        """Status and body of the answer. Raises Unreachable."""
        kept = self._connection is not None
        try:
            return self._send(method, path, body, content_type)
        except (OSError, HTTPException) as error:
            self.close()
            closed_while_idle = kept and isinstance(error, ConnectionError)
            if not closed_while_idle:
                raise Unreachable(f"{self.url} does not answer: {type(error).__name__}: {error}") from error
        return self.request(method, path, body, content_type)

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = HTTPConnection(self._address, timeout=self._timeout)
        self._connection.request(method, path, body, {"Content-Type": content_type})
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
