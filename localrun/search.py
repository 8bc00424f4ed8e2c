"""Questions to the OpenSearch node."""

from __future__ import annotations

import time
from typing import Any

import orjson

from localrun.delivery.http import Server, Unreachable
from localrun.errors import LocalRunError

TIMEOUT_SECONDS = 30.0
#: While an index is being made the node answers 503: none of its shards can be asked yet.
UNAVAILABLE = 503
PATIENCE_SECONDS = 15.0
PAUSE_SECONDS = 0.1


class Search:
    """One kept connection to a node; for one thread."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint` is a URL without a trailing slash."""
        self._server = Server(endpoint, TIMEOUT_SECONDS)

    def close(self) -> None:
        """Give up the connection; the next question opens another."""
        self._server.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer. Raises LocalRunError with the node's own words when it refuses, or when it does not answer."""
        content = b"" if body is None else orjson.dumps(body)
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            status, answer = self._server.request(method, path, content)
            while status == UNAVAILABLE and time.monotonic() < deadline:
                time.sleep(PAUSE_SECONDS)
                status, answer = self._server.request(method, path, content)
        except Unreachable as error:
            raise LocalRunError(str(error)) from error
        if status >= 400:
            raise LocalRunError(f"OpenSearch refuses {method} {path} with {status}: {answer[:2_000].decode(errors='replace')}")
        return orjson.loads(answer)
