"""A demonstration waits for what is on its way, for nothing else, and its report is what the pipeline holds."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from common.model import Event
from localrun.demo import Report, run, sender
from localrun.demo.plan import Plan
from localrun.errors import LocalRunError
from localrun.state import Endpoints, Engine, State
from tests.unit.demo.fakes import BUCKET, ERRORS, RAW, FakePipeline, FakeSession

#: The package's attribute of this name is the function.
module: Any = importlib.import_module("localrun.demo.run")

#: Longer than a bucket of the latency meter, which does not count the one it begins in.
PLAN = Plan(0.15, 2_000)
STATE = State(
    pid=1,
    environment="local",
    endpoints=Endpoints(aws="http://127.0.0.1:1", opensearch="http://127.0.0.1:2", console="http://127.0.0.1:3"),
    outputs={
        "ingestion": {"RawStream": RAW},
        "normalisation": {"ErrorsStream": ERRORS},
        "foundation": {"ArchiveBucket": BUCKET},
    },
    engines=(Engine(name="console", pid=5, log=Path("/logs/console.log")),),
    absent=(),
)


class Ended(Exception):
    """The pipeline is no longer there."""


def nothing(*_: object) -> None:
    return None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits, much shorter."""
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(module, "STILL_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "STILL_SECONDS", 0.06)
    monkeypatch.setattr(sender, "TICK_SECONDS", 0.01)


Demonstrate = Callable[..., Report]


@pytest.fixture
def demonstrate(impatient: None, monkeypatch: pytest.MonkeyPatch) -> Demonstrate:
    """`run` against a pipeline in memory."""

    def start(
        pipeline: FakePipeline,
        plan: Plan = PLAN,
        report: Callable[[str], None] = nothing,
        check: Callable[[], None] = nothing,
        started: float | None = None,
    ) -> Report:
        def connect(endpoint: str) -> FakePipeline:
            assert endpoint == "http://127.0.0.1:2"
            return pipeline

        def session(endpoint: str) -> FakeSession:
            assert endpoint == "http://127.0.0.1:1"
            return FakeSession(pipeline, pipeline.s3)

        monkeypatch.setattr(module, "Search", connect)
        monkeypatch.setattr(module, "session", session)
        return run(STATE, plan, report=report, check=check, started=started)

    return start


def losing(*numbers: int) -> FakePipeline:
    """Loses these of the documents, counted from 0."""
    seen: Iterator[int] = iter(range(10**9))
    return FakePipeline(keep=lambda event: next(seen) not in numbers)


def test_a_pipeline_that_keeps_everything_gets_a_good_report(demonstrate: Demonstrate) -> None:
    pipeline = FakePipeline()
    report = demonstrate(pipeline)
    assert report.ok
    assert (report.sent, report.indexed, report.errors) == (300, 297, 3)
    assert (report.lost, report.duplicated, report.malformed, report.malformed_kept) == (0, 0, 3, 3)
    assert report.archived == report.records > 200
    assert report.indexed == len(pipeline.documents)
    assert pipeline.closed  # the connection to the node
    assert report.burst_latency_seconds is None
    assert report.first_indexed_seconds is None
    assert report.arrived_seconds >= round(report.seconds, 1) - 0.1
    assert 0.15 <= report.seconds < 2
    assert report.rate == pytest.approx(300 / report.seconds, rel=0.01)


def test_progress_is_told_in_order(demonstrate: Demonstrate) -> None:
    lines: list[str] = []
    demonstrate(FakePipeline(), report=lines.append)
    assert lines == [
        "sending 300 events at 2,000 a second",
        "sent; waiting for what is on its way",
        "sent 300  indexed 297  errors 3",
        "reading the archive",
        "accounting for every event",
    ]


def test_how_long_the_first_event_took_is_counted_from_the_command(demonstrate: Demonstrate) -> None:
    began = time.time()
    report = demonstrate(FakePipeline(), started=began - 100)
    assert report.first_indexed_seconds is not None
    assert 100 <= report.first_indexed_seconds <= round(100 + time.time() - began, 1)


def test_the_latency_during_a_burst_is_reported_apart(demonstrate: Demonstrate) -> None:
    report = demonstrate(FakePipeline(), plan=Plan(0.15, 500, burst=2))
    assert report.sent == 150
    # Shorter than a burst, it is nothing else.
    assert report.latency_seconds.p50 is None
    assert report.burst_latency_seconds is not None
    assert report.burst_latency_seconds.p50 is not None
    assert 0 <= report.burst_latency_seconds.p50 < 2


def test_lost_documents_are_in_the_report_and_the_wait_for_them_ends(demonstrate: Demonstrate) -> None:
    report = demonstrate(losing(5, 60))
    assert not report.ok
    assert (report.sent, report.indexed, report.errors, report.lost) == (300, 295, 3, 2)
    assert report.archived == report.records


def test_a_document_in_two_indices_is_in_the_report(demonstrate: Demonstrate) -> None:
    pipeline = FakePipeline()

    def index_twice(event: Event) -> bool:
        if not pipeline.documents:
            pipeline.documents.append((event.id, int(time.time() * 1_000)))
        return True

    pipeline.keep = index_twice
    report = demonstrate(pipeline)
    assert not report.ok
    assert (report.indexed, report.lost, report.duplicated) == (297, 0, 1)


def test_documents_that_were_there_before_are_not_of_the_run(demonstrate: Demonstrate) -> None:
    pipeline = FakePipeline()
    pipeline.documents.append(("earlier", int(time.time() * 1_000) - 1_000))
    report = demonstrate(pipeline)
    assert report.ok
    assert report.indexed == 297


def test_an_archive_that_lost_an_object_is_in_the_report(demonstrate: Demonstrate, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = FakePipeline()
    store = pipeline.s3.store

    def store_all_but_one(key: str, *rest: Any) -> None:
        if key != "raw/shardId-000000000000/7.gz":
            store(key, *rest)

    monkeypatch.setattr(pipeline.s3, "store", store_all_but_one)
    report = demonstrate(pipeline)
    assert not report.ok
    assert report.lost == 0
    assert report.archived < report.records


def test_what_the_stream_refuses_ends_the_run(demonstrate: Demonstrate, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = FakePipeline()

    def refuse(**_: object) -> None:
        raise PermissionError("kinesis:PutRecords")

    monkeypatch.setattr(pipeline, "put_records", refuse)
    with pytest.raises(PermissionError, match="kinesis:PutRecords"):
        demonstrate(pipeline)


def test_a_pipeline_that_ends_while_sending_ends_the_run_at_once(demonstrate: Demonstrate) -> None:
    pipeline = FakePipeline()

    def check() -> None:
        raise Ended

    began = time.monotonic()
    with pytest.raises(Ended):
        demonstrate(pipeline, plan=Plan(60, 1_000), check=check)
    assert time.monotonic() - began < 5
    assert len(pipeline.documents) < 10_000


@pytest.mark.parametrize(
    ("call", "broken"),
    [
        ("ask", LocalRunError("http://127.0.0.1:2 does not answer: ConnectionRefusedError")),
        ("put_records", EndpointConnectionError(endpoint_url="http://127.0.0.1:1")),
    ],
    ids=["OpenSearch", "emulator"],
)
def test_an_engine_that_ended_is_named_rather_than_what_its_end_broke(
    demonstrate: Demonstrate, monkeypatch: pytest.MonkeyPatch, call: str, broken: Exception
) -> None:
    """`check` knows why nobody answers: its text has the engine's name and the end of its log."""
    pipeline = FakePipeline()
    working = getattr(pipeline, call)
    ended = False

    def work_until_it_ends(*question: Any, **arguments: Any) -> Any:
        nonlocal ended
        if pipeline.documents:
            ended = True
            raise broken
        return working(*question, **arguments)

    def check() -> None:
        if ended:
            raise LocalRunError("the engine ended (killed by SIGKILL); its log engine.log ends with: …")

    monkeypatch.setattr(pipeline, call, work_until_it_ends)
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.25)  # the sender has ended when it is looked at again
    with pytest.raises(LocalRunError, match=r"the engine ended \(killed by SIGKILL\)"):
        demonstrate(pipeline, plan=Plan(0.15, 2_000), check=check)


class FakeTime:
    """Time that only waiting moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(module, "time", fake)
    return fake


def waiting(monkeypatch: pytest.MonkeyPatch, check: Callable[[], None] = nothing) -> Callable[..., Any]:
    """`_until_still` of a demonstration of an empty pipeline."""
    pipeline = FakePipeline()
    monkeypatch.setattr(module, "session", lambda endpoint: FakeSession(pipeline, pipeline.s3))
    demonstration = module.Demonstration(STATE, PLAN, pipeline, nothing, check)
    until_still: Callable[..., Any] = demonstration._until_still
    return until_still


def test_what_is_enough_at_once_is_not_waited_for(clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting(monkeypatch)(lambda: 7, lambda seen: seen == 7) == 7
    assert clock.now == 1_000.0


def test_waiting_ends_as_soon_as_it_is_enough(clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(100))
    assert waiting(monkeypatch)(lambda: next(looks), lambda seen: seen >= 3) == 3
    assert clock.now == 1_000.0 + 3 * module.STILL_LOOK_SECONDS


def test_waiting_ends_when_nothing_has_changed_for_long_enough(clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting(monkeypatch)(lambda: 5, lambda seen: False) == 5
    assert clock.now == 1_000.0 + module.STILL_SECONDS


def test_every_change_starts_the_wait_anew(clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change every 20 s, five times, and then nothing more."""
    assert waiting(monkeypatch)(lambda: min(int(clock.now - 1_000) // 20, 5), lambda seen: False) == 5
    assert clock.now == 1_000.0 + 100 + module.STILL_SECONDS


def test_a_pipeline_that_ends_is_not_waited_for(clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        if clock.now >= 1_010:
            raise Ended

    with pytest.raises(Ended):
        waiting(monkeypatch, check)(lambda: 0, lambda seen: False)
    assert clock.now == 1_010.0
