"""A share of the events, decided by their ids."""

from __future__ import annotations

import pytest

from common.shaping.sample import Sample

IDS = [f"event-{number}" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.01, 0.25, 0.9])
def test_the_share_is_kept(share: float) -> None:
    kept = sum(map(Sample(share).keeps, IDS))
    assert kept == pytest.approx(share * len(IDS), abs=4 * (share * (1 - share) * len(IDS)) ** 0.5)


def test_all_and_none() -> None:
    assert all(map(Sample(1.0).keeps, IDS))
    assert not any(map(Sample(0.0).keeps, IDS))


def test_what_a_smaller_share_keeps_a_larger_one_keeps_too() -> None:
    assert {name for name in IDS if Sample(0.1).keeps(name)} < {name for name in IDS if Sample(0.2).keeps(name)}


def test_the_decision_is_the_ids_alone() -> None:
    kept = [name for name in IDS[:8] if Sample(0.5).keeps(name)]
    assert kept == ["event-1", "event-3", "event-4"]
