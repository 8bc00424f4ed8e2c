"""What the index holds, asked as a user would ask it."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Document = dict[str, Any]

#: Of what arrived on `raw`, not of what Flink applications made of it.
ARRIVED = "logs-*,-logs-weir.*"
#: Of what applications made.
MADE = "logs-weir.*"

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_never = threading.Event()


def search(endpoint: str, query: dict[str, Any], indices: str = ARRIVED) -> list[Document]:
    """Documents that match, at most a thousand."""
    body = json.dumps({"query": query, "size": 1_000}).encode()
    request = urllib.request.Request(f"{endpoint}/{indices}/_search", body, {"content-type": "application/json"})
    with _direct.open(request, timeout=10) as answer:
        return [hit["_source"] for hit in json.load(answer)["hits"]["hits"]]


def of_tenant(endpoint: str, tenant: str) -> list[Document]:
    """Every document of a tenant: a test that sends under a name of its own finds only what is its own."""
    return search(endpoint, {"term": {"tenant": tenant}})


def wait_for(look: Callable[[], T], enough: Callable[[T], bool], seconds: float = 60) -> T:
    """Look until it is enough; fails with what was seen last. An index that is just being made answers with 503."""
    deadline = time.monotonic() + seconds
    seen: object = None
    while True:
        try:
            found = look()
            if enough(found):
                return found
            seen = found
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            seen = error
        assert time.monotonic() < deadline, f"not within {seconds} s; last seen: {str(seen)[:2_000]}"
        _never.wait(0.2)
