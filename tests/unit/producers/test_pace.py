"""Records are put in order, in calls that fit, no faster than asked."""

from __future__ import annotations

from typing import Any

import pytest

from producers import pace
from producers.batch import Entry

ENTRIES = [Entry(bytes([number % 256]), "k") for number in range(1_200)]


class Writer:
    def __init__(self) -> None:
        self.calls: list[list[Entry]] = []

    def put_entries(self, entries: list[Entry]) -> None:
        self.calls.append(entries)


class Clock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("rate", "sizes", "seconds"),
    [(None, [500, 500, 200], 0.0), (1_000, [100] * 12, 1.2), (5, [1] * 1_200, 240.0), (100_000, [500, 500, 200], 0.012)],
)
def test_calls_and_pauses(rate: int | None, sizes: list[int], seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, writer = Clock(), Writer()
    monkeypatch.setattr(pace, "time", clock)
    put: Any = writer
    done = list(pace.put(put, ENTRIES, rate))
    assert [len(call) for call in writer.calls] == sizes
    assert [entry for call in writer.calls for entry in call] == ENTRIES
    assert done == [sum(sizes[: number + 1]) for number in range(len(sizes))]
    assert clock.now == pytest.approx(seconds)


def test_nothing_to_put_is_no_call() -> None:
    put: Any = Writer()
    assert list(pace.put(put, [], 10)) == []
    assert put.calls == []
