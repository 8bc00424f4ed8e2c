"""Documents, indexes and bulk requests (Firehose developer guide, "Understand data delivery"). No network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple

Rotation = Literal["NoRotation", "OneHour", "OneDay", "OneWeek", "OneMonth"]

#: Size of one bulk request, in bytes: a buffer may hold 100 MiB, which a small node would refuse at once.
BULK_BYTES = 5 * 2**20
#: Only what is read of the answer.
BULK_PATH = "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"
_HOUR_MS = 3_600_000


class Document(NamedTuple):
    """One document on its way to an index."""

    id: str | None
    """None lets OpenSearch choose."""
    target: str
    """Name of the index."""
    source: bytes
    """JSON on one line, without the line's end."""
    arrival_ms: int


class Refusal(NamedTuple):
    """Why a document was not indexed: an HTTP status, and OpenSearch's words."""

    code: int
    message: str

    @property
    def temporary(self) -> bool:
        """Too many requests, or a failure of the cluster: tried again. Everything else would be refused again."""
        return self.code == 429 or self.code >= 500


NOT_ONE_LINE = Refusal(400, "the record is not one JSON object: it cannot be a line of a bulk request")


def index_name(index: str, rotation: Rotation, arrival_ms: int) -> str:
    """The index a document of that arrival (UTC) goes to."""
    return _rotated(index, rotation, arrival_ms // _HOUR_MS)


@lru_cache(maxsize=1_024)
def _rotated(index: str, rotation: Rotation, hour: int) -> str:
    arrived = datetime.fromtimestamp(hour * 3600, UTC)
    if rotation == "OneWeek":
        # The page states the rule (weeks begin on Sunday, the first one has the year's first Saturday) and an example that
        # counts one week less; this is the rule.
        saturday = arrived + timedelta(days=(5 - arrived.weekday()) % 7)
        return f"{index}-{saturday.year}-w{(saturday.timetuple().tm_yday - 1) // 7 + 1:02d}"
    pattern = {"NoRotation": "", "OneHour": "-%Y-%m-%d-%H", "OneDay": "-%Y-%m-%d", "OneMonth": "-%Y-%m"}[rotation]
    return index + arrived.strftime(pattern)


def one_line(data: bytes) -> bytes | None:
    """`data` as a line of a bulk request; None if it cannot be one.

    A line break inside would end the document early and shift every following one, so such a record is parsed and written anew.
    """
    line = data.strip()
    if b"\n" not in line and b"\r" not in line:
        return line or None
    try:
        return json.dumps(json.loads(line), separators=(",", ":")).encode()
    except ValueError:
        return None


def bulks(documents: Sequence[Document]) -> Iterator[tuple[Sequence[Document], bytes]]:
    """The documents in bulk requests of bounded size, each with its body."""
    start, size = 0, 0
    lines: list[bytes] = []
    for at, document in enumerate(documents):
        if size >= BULK_BYTES:
            yield documents[start:at], b"".join(lines)
            start, size, lines = at, 0, []
        action = {"_index": document.target} if document.id is None else {"_index": document.target, "_id": document.id}
        line = b'{"index":' + json.dumps(action).encode() + b"}\n" + document.source + b"\n"
        lines.append(line)
        size += len(line)
    if lines:
        yield documents[start:], b"".join(lines)


def refusals(status: int, body: bytes, documents: Sequence[Document]) -> list[tuple[Document, Refusal]]:
    """The documents of a bulk request that were not indexed, with the reason."""
    if not 200 <= status < 300:
        refusal = Refusal(status, body.decode(errors="replace")[:1_000])
        return [(document, refusal) for document in documents]
    try:
        answer = json.loads(body)
        if not answer["errors"]:
            return []
        results = [next(iter(item.values())) for item in answer["items"]]
        return [
            (document, Refusal(result["status"], _reason(result.get("error"))))
            for document, result in zip(documents, results, strict=True)
            if result["status"] >= 300
        ]
    except (ValueError, LookupError, TypeError, AttributeError):
        refusal = Refusal(502, f"not an answer to a bulk request: {body[:200].decode(errors='replace')}")
        return [(document, refusal) for document in documents]


def _reason(error: Any) -> str:
    return f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else str(error)
