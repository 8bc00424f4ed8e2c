"""How many events are due when: never fewer than a moment before, and in the end exactly as many as announced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localrun.demo.plan import BURST_SECONDS, Plan

plans = st.builds(Plan, seconds=st.floats(0.5, 3_600), rate=st.integers(1, 20_000), burst=st.integers(1, 10))
moments = st.floats(0, 4_000)


@pytest.mark.parametrize(
    ("elapsed", "due"),
    [(0.0, 0), (0.0099, 0), (0.01, 1), (1.0, 100), (59.999, 5_999), (60.0, 6_000), (60.001, 6_000), (1e9, 6_000)],
)
def test_a_steady_plan_is_due_in_proportion_and_not_before_its_time(elapsed: float, due: int) -> None:
    assert Plan(60, 100).due(elapsed) == due


@pytest.mark.parametrize(
    ("elapsed", "due"),
    [(27.5, 2_750), (28.5, 3_150), (30.0, 3_750), (32.5, 4_750), (33.5, 4_850), (60.0, 7_500), (61.0, 7_500)],
    ids=["begins", "a second of it", "middle", "ends", "a second later", "end", "afterwards"],
)
def test_a_burst_multiplies_the_rate_for_five_seconds_in_the_middle(elapsed: float, due: int) -> None:
    plan = Plan(60, 100, burst=4)
    assert plan.burst_span == (27.5, 32.5)
    assert plan.due(elapsed) == due


@pytest.mark.parametrize(
    ("plan", "total"),
    [
        (Plan(60, 1_000), 60_000),
        (Plan(60, 1_000, burst=5), 80_000),
        (Plan(5, 10, burst=10), 500),
        (Plan(2, 10, burst=3), 60),
        (Plan(5.25, 10), 52),
    ],
    ids=["steady", "burst", "nothing but burst", "shorter than a burst", "a part of an event is none"],
)
def test_the_total_is_known_before_anything_is_sent(plan: Plan, total: int) -> None:
    assert plan.total == total


def test_a_run_shorter_than_a_burst_is_all_burst() -> None:
    assert Plan(2, 10, burst=3).burst_span == (0.0, BURST_SECONDS)
    assert Plan(2, 10, burst=3).due(1) == 30


@given(plans, moments, moments)
def test_what_is_due_never_becomes_less(plan: Plan, one: float, other: float) -> None:
    assert plan.due(min(one, other)) <= plan.due(max(one, other))


@given(plans, moments)
def test_never_more_is_due_than_the_total_and_all_of_it_from_the_end_on(plan: Plan, later: float) -> None:
    assert 0 <= plan.due(later) <= plan.total
    assert plan.due(plan.seconds + later) == plan.total


@given(plans)
def test_the_total_is_the_rate_times_the_time_and_what_the_burst_adds(plan: Plan) -> None:
    bursting = min(plan.seconds, BURST_SECONDS)
    assert plan.total == pytest.approx(plan.rate * (plan.seconds + (plan.burst - 1) * bursting), abs=1.001)
