"""The sender keeps its plan to the event, does not run ahead of a slow stream, and ends when it is told or refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, cast

import pytest

from localrun.demo import sender as module
from localrun.demo.ledger import Ledger
from localrun.demo.plan import Plan
from localrun.demo.sender import MOST_CALLS_WAITING, PUTTERS, Sender
from producers.batch import MAX_CALL_RECORDS, Entry, Place, StreamWriter
from producers.generator import Generator, Sample, Scenario

STREAM, SHARD = "weir-local-raw", "shardId-000000000000"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.02)


class FakeWriter:
    """Gives every entry a place; `before` is called at each call and may wait or raise."""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.calls: list[Sequence[Entry]] = []
        self._before = before
        self._sequence = count()

    def put_entries(self, entries: Sequence[Entry]) -> list[Place]:
        self.calls.append(entries)
        self._before()
        return [Place(SHARD, str(next(self._sequence))) for _ in entries]


def sender(plan: Plan, writer: Any) -> Sender:
    return Sender(Generator(1, Scenario(time.time(), plan.seconds)), plan, writer, Ledger(STREAM))


def wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        pause.wait(0.005)


@pytest.mark.parametrize(
    "plan", [Plan(0.1, 1_234), Plan(0.1, 15_000), Plan(0.05, 2_000, burst=7)], ids=["slow", "several calls at once", "a burst"]
)
def test_exactly_the_planned_events_are_sent_and_noted(plan: Plan) -> None:
    writer = FakeWriter()
    sending = sender(plan, writer)
    sending.run()
    assert sending.generator.events == sending.ledger.sent == plan.total
    assert sending.ledger.account({}, {}, 0).malformed == plan.total // 100
    assert plan.seconds <= sending.seconds < plan.seconds + 2


@pytest.mark.parametrize("plan", [Plan(0.3, 1_234), Plan(0.1, 15_000), Plan(0.3, 2_000, burst=7)])
def test_what_was_made_ahead_is_sent_when_it_is_due(plan: Plan) -> None:
    writer = FakeWriter()
    sending = sender(plan, writer)
    start = time.time() + 100
    sending.make_ahead(start)
    assert sending.generator.events == plan.total
    assert (writer.calls, sending.ledger.sent) == ([], 0)
    sending.run()
    assert sending.ledger.sent == plan.total
    assert plan.seconds - module.TICK_SECONDS <= sending.seconds < plan.seconds + 2


def test_what_is_made_ahead_happens_when_it_will_be_sent() -> None:
    plan, start = Plan(5, 100), 1_800_000_000.0
    made: list[tuple[int, float]] = []

    class Noting(Generator):
        def take(self, events: int, now: float) -> list[Sample]:
            made.append((events, now))
            return super().take(events, now)

    Sender(Noting(1, Scenario(start, plan.seconds)), plan, cast(StreamWriter, FakeWriter()), Ledger(STREAM)).make_ahead(start)
    sent = 0
    for events, now in made:
        sent += events
        assert abs(plan.due(now - start) - sent) <= 1
    assert sent == plan.total


def test_every_sample_is_put_once_under_its_own_key_in_calls_the_stream_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = FakeWriter()
    sending = sender(Plan(0.1, 15_000), writer)
    made: list[Entry] = []
    take = sending.generator.take

    def noting_take(events: int, now: float) -> list[Sample]:
        samples = take(events, now)
        made.extend(Entry(sample.data, sample.partition_key) for sample in samples)
        return samples

    monkeypatch.setattr(sending.generator, "take", noting_take)
    sending.run()
    assert sorted(entry for call in writer.calls for entry in call) == sorted(made)
    assert max(len(call) for call in writer.calls) <= MAX_CALL_RECORDS


def test_nothing_is_sent_before_it_is_due() -> None:
    writer = FakeWriter()
    sending = sender(Plan(60, 100), writer)
    thread = threading.Thread(target=sending.run)
    thread.start()
    began = time.monotonic()
    wait_for(lambda: sending.ledger.sent > 0)
    sending.stop()
    thread.join(5)
    assert 0 < sending.ledger.sent <= 100 * (time.monotonic() - began + 0.1)


def test_what_the_stream_refuses_ends_the_run() -> None:
    calls = count()

    def refuse_the_second() -> None:
        if next(calls) == 1:
            raise PermissionError("not authorized to perform: kinesis:PutRecords")

    sending = sender(Plan(60, 20_000), FakeWriter(refuse_the_second))
    with pytest.raises(PermissionError, match="kinesis:PutRecords"):
        sending.run()
    assert 0 < sending.ledger.sent < sending.plan.total


def test_a_refusal_of_the_last_call_is_raised_too() -> None:
    plan = Plan(0.05, 20)

    def refuse() -> None:
        threading.Event().wait(0.02)  # by now nothing is left to be sent
        raise PermissionError("refused")

    with pytest.raises(PermissionError, match="refused"):
        sender(plan, FakeWriter(refuse)).run()


def test_a_slow_stream_slows_the_sender_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)  # long enough for every call but the first to be a full one
    released = threading.Event()
    writer = FakeWriter(lambda: released.wait(10))
    sending = sender(Plan(0.1, 100_000), writer)
    thread = threading.Thread(target=sending.run)
    thread.start()
    try:
        # The first call carries only what is due at once; all others are full.
        wait_for(lambda: sending.generator.events > (MOST_CALLS_WAITING - 1) * MAX_CALL_RECORDS)
        threading.Event().wait(0.1)  # by now all 10,000 are due
        assert sending.generator.events <= MOST_CALLS_WAITING * MAX_CALL_RECORDS
        assert len(writer.calls) == PUTTERS
    finally:
        released.set()
        thread.join(10)
    assert sending.ledger.sent == 10_000


def test_stopping_ends_it_and_what_was_put_is_noted() -> None:
    writer = FakeWriter()
    sending = sender(Plan(60, 1_000), writer)
    thread = threading.Thread(target=sending.run)
    thread.start()
    wait_for(lambda: len(writer.calls) > 0)
    sending.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert 0 < sending.ledger.sent == sending.generator.events < 60_000
    assert 0 < sending.seconds < 5


def test_stopped_before_it_began_it_sends_nothing() -> None:
    writer = FakeWriter()
    sending = sender(Plan(60, 1_000), writer)
    sending.stop()
    sending.run()
    assert writer.calls == []
    assert sending.ledger.sent == 0
