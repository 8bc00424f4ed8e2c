"""The newest documents, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localrun.console.engines import Search
from localrun.latency import need_whole

#: Findings are events to a reader, and metrics, many a second, are not.
INDICES = "logs-*,-logs-weir.metric-*"
ROWS = 25
#: Of a text: a log line can be a megabyte, and the table shows one line.
CHARACTERS = 400

ANSWER_PATHS = ("error", "timed_out", "_shards.failed", "hits.hits._source")

#: The fields a column is taken from, the first that is there.
COLUMNS: dict[str, tuple[str, ...]] = {
    "time": ("@timestamp",),
    "dataset": ("event.dataset",),
    "service": ("service.name", "host.name", "url.domain", "aws.elb.name", "event.provider", "cloud.instance.id"),
    "source": ("source.ip", "source.address"),
    "user": ("user.name", "user.id"),
    "outcome": ("event.outcome",),
    "message": ("message", "error.message"),
}
#: What tells what happened where nobody wrote a message.
HAPPENED = (
    "event.action",
    "http.request.method",
    "url.path",
    "http.response.status_code",
    "network.transport",
    "destination.ip",
    "destination.port",
)


def newest() -> Search:
    fields = [field for fields in (*COLUMNS.values(), HAPPENED) for field in fields]
    order = {"event.ingested": {"order": "desc", "unmapped_type": "date"}}
    return Search(INDICES, {"size": ROWS, "track_total_hits": False, "sort": [order], "_source": fields})


def read_newest(answer: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows with the names of COLUMNS, empty text where a document has nothing to show. Raises UnusableAnswer."""
    need_whole(answer)
    return [_row(hit.get("_source", {})) for hit in answer.get("hits", {}).get("hits", ())]


def _row(document: dict[str, Any]) -> dict[str, str]:
    row = {name: next(filter(None, (_text(document, field) for field in fields)), "") for name, fields in COLUMNS.items()}
    row["message"] = row["message"] or " ".join(filter(None, (_text(document, field) for field in HAPPENED)))
    return row


def _text(document: dict[str, Any], field: str) -> str:
    value: Any = document
    for key in field.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else str(value)[:CHARACTERS]
