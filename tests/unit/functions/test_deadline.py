"""What `Deadline` promises: waits that grow, are never the same for all, and always end in time."""

from __future__ import annotations

from common.deadline import LONGEST_PAUSE, Deadline
from tests.unit.functions.fakes import Clock, Context


def test_the_deadline_is_the_end_of_the_invocation_less_the_reserve() -> None:
    assert 58.9 < Deadline.of(Context(remaining_ms=60_000), reserve=1.0).left() <= 59.0


def test_a_pause_is_at_most_doubled_each_time_and_capped(clock: Clock) -> None:
    deadline = clock.deadline(10_000)
    for attempt in range(1_000):
        assert deadline.pause(attempt, before=1)
    assert all(pause <= min(LONGEST_PAUSE, 0.1 * 2 ** min(attempt, 16)) for attempt, pause in enumerate(clock.pauses))
    assert len(set(clock.pauses)) > 900


def test_there_is_no_pause_when_the_call_after_it_would_end_too_late(clock: Clock) -> None:
    assert not clock.deadline(5).pause(0, before=5.2)
    assert clock.pauses == []


def test_a_sooner_deadline_passes_first(clock: Clock) -> None:
    deadline = clock.deadline(10)
    assert deadline.sooner(4).left() == 6.0
    assert deadline.left() == 10.0
