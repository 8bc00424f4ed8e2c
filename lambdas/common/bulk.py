"""Documents to index families, by bulk requests of which every item's result is read.

API: OpenSearch documentation, "Bulk" (https://docs.opensearch.org/latest/api-reference/document-apis/bulk/).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from aws_lambda_powertools import Logger

from common.deadline import Deadline
from common.search import READ_SECONDS, SearchClient, SearchError, SearchUnavailable, reason

#: Of one request, before compression. OpenSearch recommends 5-15 MiB; small domains take 10 MiB at most (OpenSearch Service
#: developer guide, "Network quotas").
MAX_REQUEST_BYTES = 5 * 1_024 * 1_024
MAX_REQUEST_DOCUMENTS = 5_000

_PATH = "/_bulk?" + urlencode({"filter_path": "errors,items.*.status,items.*.error"})
#: Longest id OpenSearch takes, in bytes. It refuses the whole request for one that is longer.
MAX_ID_BYTES = 512

#: Statuses of an item that are no fault of its document: it may be written later, when the domain has room, the index is no
#: longer blocked, or the role has its permission.
_NOT_ITS_FAULT = frozenset((401, 403, 408, 409, 429))
#: Statuses of a whole request that one of its documents may have caused: the others go on without it.
_PERHAPS_ONE = frozenset((400, 413))

logger = Logger(child=True)


@dataclass(frozen=True, slots=True)
class Document:
    """One document to index."""

    source: int
    """Index, in the function's batch, of the record it came in."""
    index: str
    id: str
    body: bytes
    """JSON in one line."""

    def lines(self) -> bytes:
        """Action and source, as they stand in a bulk request."""
        return b"%b\n%b\n" % (orjson.dumps({"index": {"_index": self.index, "_id": self.id}}), self.body)


@dataclass(slots=True)
class Outcome:
    """What became of some documents; those in neither list are indexed."""

    refused: list[tuple[Document, str]] = field(default_factory=list)
    """Refused for good, with the server's words."""
    waiting: list[Document] = field(default_factory=list)
    """Not written so far."""


def index(client: SearchClient, documents: list[Document], deadline: Deadline) -> Outcome:
    """Writes `documents`, and repeats what fails for the moment (429, 5xx, no answer) until the deadline.

    Raises SearchError when the domain refuses the requests themselves, as for a missing permission.
    """
    outcome = Outcome(waiting=documents)
    attempt = 0
    while outcome.waiting:
        pending, outcome.waiting = outcome.waiting, []
        for number, part in enumerate(_requests(pending)):
            # The first request is always made: without it a function with a short timeout would never get anywhere.
            if number and deadline.left() <= 0:
                outcome.waiting += part
            else:
                _send(client, part, deadline, outcome)
        if not outcome.waiting or not deadline.pause(attempt, before=1):
            break
        attempt += 1
    return outcome


def _send(client: SearchClient, documents: list[Document], deadline: Deadline, outcome: Outcome) -> None:
    """One request, whose results are added to `outcome`."""
    body = gzip.compress(b"".join(document.lines() for document in documents), compresslevel=1)
    headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
    try:
        answer = client.request("POST", _PATH, body, headers=headers, seconds=max(1, min(READ_SECONDS, deadline.left())))
    except SearchUnavailable as error:
        logger.warning("bulk request not accepted for the moment", extra={"documents": len(documents), "reason": str(error)})
        outcome.waiting += documents
        return
    except SearchError as error:
        if error.status not in _PERHAPS_ONE:
            raise
        if len(documents) == 1:
            outcome.refused.append((documents[0], error.words))
            return
        middle = len(documents) // 2
        _send(client, documents[:middle], deadline, outcome)
        _send(client, documents[middle:], deadline, outcome)
        return
    if answer["errors"]:
        _read(answer["items"], documents, outcome)


def _read(items: list[dict[str, Any]], documents: list[Document], outcome: Outcome) -> None:
    waiting: list[str] = []
    for document, item in zip(documents, items, strict=True):
        result = item["index"]
        status = result["status"]
        if status < 300:
            continue
        words = reason(result.get("error") or {})
        if status in _NOT_ITS_FAULT or status >= 500:
            outcome.waiting.append(document)
            waiting.append(f"{status}: {words}")
        else:
            outcome.refused.append((document, words))
    if waiting:
        logger.warning("documents not accepted for the moment", extra={"documents": len(waiting), "first_reason": waiting[0]})


def _requests(documents: list[Document]) -> Iterator[list[Document]]:
    """`documents` in order, cut so that each part makes a request of bearable size."""
    part: list[Document] = []
    total = 0
    for document in documents:
        size = len(document.body) + len(document.index) + len(document.id) + 40
        if part and (len(part) == MAX_REQUEST_DOCUMENTS or total + size > MAX_REQUEST_BYTES):
            yield part
            part, total = [], 0
        part.append(document)
        total += size
    if part:
        yield part
