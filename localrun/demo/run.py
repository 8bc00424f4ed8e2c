"""A run of the demonstration: send, watch, and give account."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from config.loader import load_environment
from localrun import cpu
from localrun.aws import session
from localrun.demo.evidence import Archive, ErrorRecords, count_documents, documents
from localrun.demo.ledger import Account, Ledger
from localrun.demo.plan import Plan
from localrun.demo.report import Latency, Report
from localrun.demo.sender import Sender
from localrun.errors import LocalRunError
from localrun.latency import ANSWER_PATHS, INDICES, LatencyMeter, UnusableAnswer, histogram, read_histogram
from localrun.search import Search
from localrun.state import State
from producers.batch import StreamWriter
from producers.generator import Generator, Scenario

T = TypeVar("T")

SEED = 1
WATCH_SECONDS = 0.25
REPORT_SECONDS = 5.0
STILL_LOOK_SECONDS = 1.0
#: Events that are made before the first is sent; of more there would not be the memory.
MOST_AHEAD = 1_000_000
#: One takes about half as long to make.
MAKING_SECONDS = 20e-6
MEASURE = f"/{INDICES}/_search?filter_path={','.join(ANSWER_PATHS)}"
#: A document that becomes searchable later than this is not in the percentiles; it is in the account.
LATENCY_WINDOW_SECONDS = 60.0
#: What arrived longer ago, and twice as long as the slowest one took, is looked for every REPORT_SECONDS only: to count all of a
#: minute each time took the node a twentieth of its CPU.
RECENT_SECONDS = 10.0
#: When nothing has changed for so long, nothing will: longer than every buffer and retry of the environment `local`.
STILL_SECONDS = 30.0


class Demonstration:
    """One run against a running pipeline."""

    def __init__(
        self, state: State, plan: Plan, search: Search, report: Callable[[str], None], check: Callable[[], None]
    ) -> None:
        self._state = state
        self._plan = plan
        self._report = report
        self._check = check
        now = time.time()
        self._ahead = plan.total <= MOST_AHEAD
        self._start = now + (plan.total * MAKING_SECONDS if self._ahead else 0)
        aws = session(state.endpoints.aws)
        raw = state.outputs["ingestion"]["RawStream"]
        limit = load_environment(state.environment).streams.raw.max_record_kib * 1_024
        scenario = Scenario(start=self._start, seconds=plan.seconds)
        self._ledger = Ledger(raw)
        self._sender = Sender(Generator(SEED, scenario), plan, StreamWriter(aws.client("kinesis"), raw, limit), self._ledger)
        self._search = search
        self._errors = ErrorRecords(aws, state.outputs["normalisation"]["ErrorsStream"], now)
        self._archive = Archive(aws, state.outputs["foundation"]["ArchiveBucket"], now)
        self._meter = LatencyMeter()
        self._first_indexed: float | None = None
        self._arrived_seconds = 0.0
        self._cpu_seconds: tuple[dict[str, float], dict[str, float]] = ({}, {})

    def run(self, started: float | None) -> Report:
        """Send everything, wait until all of it has arrived or nothing moves any more, and give account."""
        try:
            return self._as_report(self._demonstrate(), started)
        except (LocalRunError, BotoCoreError, ClientError) as error:
            self._check()  # an engine that has ended explains it better
            raise LocalRunError(f"the demonstration was broken off: {error}") from error

    def _demonstrate(self) -> Account:
        if self._ahead:
            self._sender.make_ahead(self._start)
            time.sleep(max(0.0, self._start - time.time()))  # when the first of them happens
        self._start = time.time()
        self._measure()
        cpu_before = cpu.used(self._state)
        self._report(f"sending {self._plan.total:,} events at {self._plan.rate:,} a second")
        with ThreadPoolExecutor(1, thread_name_prefix="sender") as pool:
            sending = pool.submit(self._sender.run)
            try:
                self._watch(sending)
            finally:
                self._sender.stop()
        self._report("sent; waiting for what is on its way")
        self._until_still(self._arrived, lambda arrived: arrived >= self._ledger.sent)
        self._arrived_seconds = time.time() - self._start
        self._cpu_seconds = cpu_before, cpu.used(self._state)
        self._report("reading the archive")
        self._until_still(lambda: self._archive.count(self._ledger), lambda found: found == self._ledger.records)
        self._report("accounting for every event")
        return self._until_still(self._account, lambda found: found.lost == 0)

    def _watch(self, sending: Future[None]) -> None:
        """Measure while the sender sends. Raises what ended the sender early."""
        counted = time.monotonic()
        while not sending.done():
            self._measure_recent()
            self._check()
            if time.monotonic() - counted >= REPORT_SECONDS:
                counted = time.monotonic()
                self._measure()
                self._arrived()
            time.sleep(self._pause)
        sending.result()

    def _arrived(self) -> int:
        """Look at the index and at `errors`; returns how many events have arrived there."""
        refused = self._errors.read()
        indexed = count_documents(self._search, self._start)
        self._report(f"sent {self._ledger.sent:,}  indexed {indexed:,}  errors {refused:,}")
        return indexed + refused

    @property
    def _pause(self) -> float:
        """Between two looks, by which a latency may be too long: a twentieth of it, or WATCH_SECONDS."""
        return max(WATCH_SECONDS, self._meter.slowest / 20)

    def _measure_recent(self) -> None:
        self._measure(max(RECENT_SECONDS, 2 * self._meter.slowest))

    def _measure(self, seconds: float = LATENCY_WINDOW_SECONDS) -> None:
        """See which documents that arrived in the last `seconds` have become searchable."""
        answer = self._search.ask("POST", MEASURE, histogram(time.time() - seconds))
        now = time.time()
        try:
            became = self._meter.observe(now, read_histogram(answer))
        except UnusableAnswer:
            return  # an index is being made: the next answer counts its documents
        if became and self._first_indexed is None:
            self._first_indexed = now

    def _until_still(self, look: Callable[[], T], enough: Callable[[T], bool]) -> T:
        """Look until it is enough, or until the same has been seen for STILL_SECONDS."""
        seen = look()
        changed = time.monotonic()
        while not enough(seen) and time.monotonic() - changed < STILL_SECONDS:
            waited = time.monotonic() + STILL_LOOK_SECONDS
            while time.monotonic() < waited:
                self._measure_recent()
                time.sleep(self._pause)
            self._measure()
            self._check()
            before, seen = seen, look()
            if seen != before:
                changed = time.monotonic()
        return seen

    def _account(self) -> Account:
        self._errors.read()
        return self._ledger.account(
            documents(self._search, self._start), self._errors.originals, self._archive.count(self._ledger)
        )

    def _as_report(self, account: Account, started: float | None) -> Report:
        begin, end = (self._start + moment for moment in self._plan.burst_span)
        bursting = self._plan.burst > 1
        return Report(
            sent=account.sent,
            indexed=account.indexed,
            errors=account.errors,
            archived=account.archived,
            records=account.records,
            lost=account.lost,
            duplicated=account.duplicated,
            malformed=account.malformed,
            malformed_kept=account.malformed_kept,
            seconds=round(self._sender.seconds, 3),
            rate=round(account.sent / self._sender.seconds, 1),
            arrived_seconds=round(self._arrived_seconds, 1),
            latency_seconds=self._latency(None, begin if bursting else None),
            burst_latency_seconds=self._latency(begin, end) if bursting else None,
            first_indexed_seconds=round(self._first_indexed - started, 1) if started and self._first_indexed else None,
            cpu_microseconds=cpu.each(*self._cpu_seconds, account.indexed + account.errors),
        )

    def _latency(self, since: float | None, until: float | None) -> Latency:
        p50, p99 = (self._meter.percentile(share, since, until) for share in (0.5, 0.99))
        return Latency(p50=None if p50 is None else round(p50, 3), p99=None if p99 is None else round(p99, 3))


def run(
    state: State, plan: Plan, *, report: Callable[[str], None], check: Callable[[], None], started: float | None = None
) -> Report:
    """Send `plan` into a running pipeline and account for every event.

    `report` takes lines of progress; `check` raises when the pipeline is no longer there; `started`, epoch seconds, is when the
    command began. Raises LocalRunError when an engine does not answer or refuses a call.
    """
    with closing(Search(state.endpoints.opensearch)) as search:
        return Demonstration(state, plan, search, report, check).run(started)
