"""From put on `raw` to searchable: measured by watching documents become visible in the index.

`event.ingested` is when a record arrived on `raw`. A search counts the documents in each short stretch of arrival; what a stretch
has more than at the search before became searchable in between. Nothing is added to the pipeline to measure it.

A latency is off by half a bucket either way, and too long by at most the time since the search before: never too short by more.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

BUCKET_MS = 50
#: What arrived on `raw`: what the Flink applications write arrives when their windows end.
INDICES = "logs-*,-logs-weir.*"

#: What `read_histogram` needs of an answer, for OpenSearch's `filter_path`: the rest is the same times once more, as text.
ANSWER_PATHS = (
    "error",
    "timed_out",
    "_shards.failed",
    "aggregations.arrivals.buckets.key",
    "aggregations.arrivals.buckets.doc_count",
)


class UnusableAnswer(Exception):
    """A search was refused, or only some of its shards answered: counts that are too low would later look like new documents."""


def histogram(since: float) -> dict[str, Any]:
    """Body of the search that counts the documents of `INDICES` by arrival, from epoch second `since` on."""
    first = math.floor(since * 1000 / BUCKET_MS) * BUCKET_MS  # whole buckets only
    arrival = "event.ingested"
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"range": {arrival: {"gte": first, "format": "epoch_millis"}}},
        "aggs": {"arrivals": {"date_histogram": {"field": arrival, "fixed_interval": f"{BUCKET_MS}ms", "min_doc_count": 1}}},
    }


def read_histogram(answer: Mapping[str, Any]) -> dict[int, int]:
    """Documents by start of the bucket in epoch milliseconds. Raises UnusableAnswer."""
    need_whole(answer)
    buckets = answer.get("aggregations", {}).get("arrivals", {}).get("buckets", ())
    return {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}


def need_whole(answer: Mapping[str, Any]) -> None:
    """Raise UnusableAnswer unless every shard answered."""
    if "error" in answer:
        error = answer["error"]
        causes = error.get("root_cause") or [error] if isinstance(error, dict) else [{"reason": error}]
        raise UnusableAnswer(f"refused: {causes[0].get('reason')}")
    if answer.get("timed_out") or answer.get("_shards", {}).get("failed"):
        raise UnusableAnswer("not all shards answered")


class _Seen(NamedTuple):
    at: float
    arrival: float
    documents: int


class LatencyMeter:
    """Latencies of the documents that became searchable while it watched.

    The first observation is where it starts: documents that arrived before it are not measured, however late they appear.
    """

    def __init__(self, window: float | None = None) -> None:
        """Documents that became searchable more than `window` seconds before the last observation are forgotten; None: kept."""
        self._window = window
        self._counts: dict[int, int] = {}
        self._seen: deque[_Seen] = deque()
        self.started: float | None = None
        """Epoch second of the first observation."""
        self.slowest = 0.0
        """Seconds that the slowest document of the last observation took."""

    def observe(self, now: float, counts: Mapping[int, int]) -> int:
        """Take note of what is visible, and return how many documents became visible since the observation before.

        `now` is when the answer was there, in epoch seconds; `counts` is documents by start of their bucket in epoch
        milliseconds, from a search that, where there is a `window`, starts no earlier than the one before.
        """
        if self.started is None:
            self.started = now
        became, self.slowest = 0, 0.0
        for start, documents in counts.items():
            new = documents - self._counts.get(start, 0)
            # A document may move to another bucket (the same id, sent again) and a count so fall: what was seen is not new again.
            if new <= 0:
                continue
            self._counts[start] = documents
            if start >= self.started * 1000:
                seen = _Seen(now, (start + BUCKET_MS / 2) / 1000, new)
                self._seen.append(seen)
                self.slowest = max(self.slowest, now - seen.arrival)
                became += new
        if self._window is not None:
            self._forget(now - self._window, min(counts, default=0))
        return became

    def _forget(self, before: float, oldest: int) -> None:
        """What was seen before an epoch second, and counts of buckets that are not asked for any more."""
        while self._seen and self._seen[0].at < before:
            self._seen.popleft()
        self._counts = {start: documents for start, documents in self._counts.items() if start >= oldest}

    def documents(self, since: float | None = None, until: float | None = None) -> int:
        """How many documents `percentile` speaks of."""
        return sum(documents for _, documents in self._latencies(since, until))

    def percentile(self, share: float, since: float | None = None, until: float | None = None) -> float | None:
        """Seconds within which a `share` (0 to 1) of the documents became searchable; None when there were none.

        Only documents that arrived at or after epoch second `since` and before `until`, where given.
        """
        latencies = sorted(self._latencies(since, until))
        rank = math.ceil(share * sum(documents for _, documents in latencies))
        for latency, documents in latencies:
            rank -= documents
            if rank <= 0:
                return latency
        return None

    def _latencies(self, since: float | None, until: float | None) -> list[tuple[float, int]]:
        """Seconds and documents. A bucket counts as arrived in its middle."""
        return [
            (max(seen.at - seen.arrival, 0.0), seen.documents)
            for seen in self._seen
            if (since is None or seen.arrival >= since) and (until is None or seen.arrival < until)
        ]
