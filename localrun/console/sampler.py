"""Looks at the pipeline once a second while somebody looks at the page, and now and then when nobody does."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from localrun import latency
from localrun.console import events
from localrun.console.engines import Health, Search, ask, ask_all
from localrun.delivery.http import Server
from localrun.event_sources.clock import Clock
from localrun.flink.reading import read_applications
from localrun.latency import INDICES, LatencyMeter, need_whole
from localrun.state import State

SAMPLE_SECONDS = 1.0
IDLE_SECONDS = 5.0
#: After the last time the page asked, somebody is taken to look for this long.
WATCHED_SECONDS = 10.0
HISTORY_SECONDS = 300.0
#: A rate is over at least this long: the index shows new documents once a second, all at once.
RATE_SECONDS = 5.0
#: Latencies of documents that became searchable in this time, and that arrived at most as long before.
LATENCY_SECONDS = 60.0
WORKERS = ("event_sources", "delivery", "flink")

_COUNT = Search(INDICES, {"size": 0, "track_total_hits": True})


class Sample(NamedTuple):
    """Totals at one time; None: not known, since an engine did not answer."""

    at: float
    records: int | None
    """Put on `raw` since the start."""
    errors: int | None
    """Put on `errors` since the start."""
    documents: int | None
    """Searchable."""
    unmeasured: int | None
    """Documents less those the meter measured: it grows by the documents the meter did not see arrive."""


class Sampler:
    """`run` samples until the clock stops; `status` is the last result, from any thread."""

    def __init__(self, aws: Server, search: Server, state_file: Path, clock: Clock) -> None:
        self._aws = aws
        self._search = search
        self._state_file = state_file
        self._clock = clock
        self._state: State | None = None
        self._aws_health = Health("AWS emulator", clock)
        self._search_health = Health("OpenSearch", clock)
        self._own_health = Health("console", clock)
        self._worker_health = {name: Health(name.replace("_", " "), clock) for name in WORKERS}
        self._samples: deque[Sample] = deque()
        self._meter: LatencyMeter | None = None
        self._measured = 0
        self._events: list[dict[str, str]] = []
        self._asked = float("-inf")
        self._status: dict[str, Any] = self._summary()

    def run(self) -> None:
        last = float("-inf")
        while not self._clock.stopped:
            due = SAMPLE_SECONDS if self._watched else IDLE_SECONDS
            if self._clock.now() - last >= due - SAMPLE_SECONDS / 2:
                last = self._clock.now()
                with self._own_health.watching():
                    self.sample()
            # To the full second since the last sample began: what the engines took to answer is not added to it.
            self._clock.wait(max(SAMPLE_SECONDS - (self._clock.now() - last) % SAMPLE_SECONDS, 0.05))

    def status(self) -> dict[str, Any]:
        """The last result, see `localrun.console.app`; that it is asked for means that somebody looks."""
        self._asked = self._clock.now()
        own = self._own_health.problem
        return self._status if own is None else self._status | {"problems": [own._asdict(), *self._status["problems"]]}

    @property
    def _watched(self) -> bool:
        return self._clock.now() - self._asked < WATCHED_SECONDS

    def sample(self) -> None:
        """Look once."""
        records = errors = documents = unmeasured = None
        self._read_state()
        with self._aws_health.watching():
            streams = ask(self._aws, "/_weir/streams")
            if self._state:
                records = streams.get(self._state.outputs["ingestion"]["RawStream"], 0)
                errors = streams.get(self._state.outputs["normalisation"]["ErrorsStream"], 0)
        with self._search_health.watching():
            documents = self._look() if self._watched else self._count()
            unmeasured = documents - self._measured
        if documents is None:
            self._events = []
        self._read_workers()
        self._samples.append(Sample(self._clock.now(), records, errors, documents, unmeasured))
        while self._samples[0].at < self._clock.now() - HISTORY_SECONDS:
            self._samples.popleft()
        self._status = self._summary()

    def _count(self) -> int:
        self._meter, self._events = None, []  # what becomes searchable while it is not watched has no latency
        (count,) = ask_all(self._search, [_COUNT], ("error", "timed_out", "_shards.failed", "hits.total.value"))
        return _total(count)

    def _look(self) -> int:
        meter = self._meter = self._meter or LatencyMeter(LATENCY_SECONDS)
        searches = [Search(INDICES, latency.histogram(self._clock.now() - LATENCY_SECONDS)), _COUNT, events.newest()]
        paths = {*latency.ANSWER_PATHS, *events.ANSWER_PATHS, "hits.total.value"}
        histogram, count, newest = ask_all(self._search, searches, sorted(paths))
        self._measured += meter.observe(self._clock.now(), latency.read_histogram(histogram))
        self._events = events.read_newest(newest)
        return _total(count)

    def _read_state(self) -> None:
        if self._state is None and self._state_file.exists():
            try:
                self._state = State.model_validate_json(self._state_file.read_bytes())
            except ValidationError as error:
                raise ValueError(f"{self._state_file} is of another version of weir") from error

    def _read_workers(self) -> None:
        """What fails in the engines that have no API: they write it beside the state file."""
        for name, health in self._worker_health.items():
            file = self._state_file.parent / name / "status.json"
            parts = json.loads(file.read_bytes())["parts"] if file.exists() else {}
            failing = [f"{part}: {text}" for part, facts in parts.items() for text in facts["failing"].values()]
            if failing:
                more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
                health.failed(failing[0] + more)
            else:
                health.works()

    def _summary(self) -> dict[str, Any]:
        now = self._samples[-1] if self._samples else Sample(self._clock.now(), None, None, None, None)
        rates = {name: list(_rates(self._samples, of)) for name, of in _COUNTERS.items()}
        healths = (self._aws_health, self._search_health, *self._worker_health.values())
        state = self._state
        return {
            "time": now.at,
            "ready": state is not None,
            "environment": state.environment if state else None,
            "tiles": {
                name: {"total": of(now), "per_second": rates[name][-1] if rates[name] else None} for name, of in _COUNTERS.items()
            }
            | {"latency": self._latency(now)},
            "series": {"time": [sample.at for sample in self._samples], **rates},
            "events": self._events,
            "problems": [health.problem._asdict() for health in healths if health.problem],
            "absent": list(state.absent) if state else [],
            "engines": [engine.model_dump(mode="json") for engine in state.engines] if state else [],
            "applications": read_applications(self._state_file.parent / "flink"),
            "links": {
                "indices": f"{self._search.url}/_cat/indices/logs-*?v&s=index",
                "newest documents": f"{self._search.url}/logs-*/_search?size=10&sort=event.ingested:desc&pretty",
                "records put on each stream": f"{self._aws.url}/_weir/streams",
                "what this page shows, as JSON": "/api/status",
            },
        }

    def _latency(self, now: Sample) -> dict[str, Any]:
        meter = self._meter if now.documents is not None else None
        documents, slower = meter.documents() if meter else 0, self._slower()

        def percentile(share: float) -> float | None:
            beyond = (slower or 0) > (1 - share) * (documents + (slower or 0))
            return meter.percentile(share) if meter and not beyond else None

        return {
            "p50": percentile(0.5),
            "p99": percentile(0.99),
            "documents": documents,
            "slower": slower,
            "window_seconds": LATENCY_SECONDS,
        }

    def _slower(self) -> int | None:
        """Documents of the window that no histogram saw, because they arrived too long before they became searchable.

        None until the meter has watched for as long as a histogram reaches back: before, they may have arrived before it watched.
        """
        if self._meter is None or self._meter.started is None:
            return None
        first = max(self._meter.started + LATENCY_SECONDS, self._clock.now() - LATENCY_SECONDS)
        unmeasured = [s.unmeasured for s in self._samples if s.at >= first and s.unmeasured is not None]
        # The two searches do not see the index at the same instant; the least of a few samples is free of that.
        return max(min(unmeasured[-5:]) - min(unmeasured[:5]), 0) if unmeasured else None


_COUNTERS: dict[str, Callable[[Sample], int | None]] = {
    "records_in": lambda sample: sample.records,
    "documents": lambda sample: sample.documents,
    "errors": lambda sample: sample.errors,
}


def _rates(samples: deque[Sample], of: Callable[[Sample], int | None]) -> Iterator[float | None]:
    """A second, at each sample; None where it is not known, as after a restart of what counts."""
    listed = list(samples)
    before = 0
    for sample in listed:
        while listed[before + 1 : before + 2] and listed[before + 1].at <= sample.at - RATE_SECONDS + SAMPLE_SECONDS / 2:
            before += 1
        earlier = listed[before]
        seconds, now, then = sample.at - earlier.at, of(sample), of(earlier)
        rate: float | None = None
        if now is not None and then is not None and now >= then and SAMPLE_SECONDS / 2 < seconds < 3 * IDLE_SECONDS:
            rate = (now - then) / seconds
        yield rate


def _total(count: dict[str, Any]) -> int:
    need_whole(count)
    return int(count.get("hits", {}).get("total", {}).get("value", 0))
