"""How long events take from their arrival on `raw` to the first search that finds them, measured from the index itself.

Every so often the index is asked how many documents it holds by time of arrival (`event.ingested`), in narrow buckets. By how
much a bucket has grown is how many documents became searchable in between, and their latency is the time of asking minus the
middle of the bucket: exact to half a bucket, plus the time between two questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

BUCKET_MS = 50
#: How far back buckets are asked for: a document that takes longer is not counted here.
WINDOW_SECONDS = 60.0


def histogram_body(now: float) -> dict[str, Any]:
    """Body of the search to send at `now`, epoch seconds."""
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"range": {"event.ingested": {"gte": int((now - WINDOW_SECONDS) * 1_000), "format": "epoch_millis"}}},
        "aggs": {
            "arrival": {"date_histogram": {"field": "event.ingested", "fixed_interval": f"{BUCKET_MS}ms", "min_doc_count": 1}}
        },
    }


def read_histogram(answer: Mapping[str, Any]) -> dict[int, int]:
    """Documents by the start of their bucket, epoch milliseconds; none when there is no index yet."""
    buckets = answer.get("aggregations", {}).get("arrival", {}).get("buckets", ())
    return {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}


class _Became(NamedTuple):
    """Documents of one bucket that became searchable between two questions."""

    arrived: float
    latency: float
    documents: int


class LatencyMeter:
    """Latencies of the documents that arrived since `start`, epoch seconds."""

    def __init__(self, start: float, *, keep_seconds: float | None = None) -> None:
        """`keep_seconds` forgets what became searchable longer ago; None keeps everything."""
        self._start_ms = start * 1_000
        self._keep = keep_seconds
        self._seen: dict[int, int] = {}
        self._became: list[_Became] = []

    def observe(self, now: float, counts: Mapping[int, int]) -> int:
        """Take in an answer to the question asked at `now`, epoch seconds; returns how many documents it shows newly."""
        new = 0
        for bucket, documents in counts.items():
            grown = documents - self._seen.get(bucket, 0)
            if bucket + BUCKET_MS > self._start_ms and grown > 0:
                arrived = (bucket + BUCKET_MS / 2) / 1_000
                self._became.append(_Became(arrived, max(0.0, now - arrived), grown))
                self._seen[bucket] = documents
                new += grown
        oldest = (now - 2 * WINDOW_SECONDS) * 1_000
        self._seen = {bucket: documents for bucket, documents in self._seen.items() if bucket >= oldest}
        if self._keep is not None:
            self._became = [some for some in self._became if some.arrived + some.latency >= now - self._keep]
        return new

    def percentile(self, share: float, *, since: float | None = None, until: float | None = None) -> float | None:
        """Latency in seconds that `share` (0 to 1) of the documents stay within; None when there are none.

        Only documents that arrived at or after `since` and before `until`, epoch seconds, count.
        """
        chosen = sorted(
            (some.latency, some.documents)
            for some in self._became
            if (since is None or some.arrived >= since) and (until is None or some.arrived < until)
        )
        below = 0
        wanted = share * sum(documents for _, documents in chosen)
        for latency, documents in chosen:
            below += documents
            if below >= wanted:
                return round(latency, 3)
        return None
