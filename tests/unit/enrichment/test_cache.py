"""The cache is bounded and counts."""

from __future__ import annotations

from common.enrichment.cache import Cache, Counted


def test_it_remembers_what_was_asked_last_and_no_more() -> None:
    asked: list[str] = []

    def find(value: str) -> str:
        asked.append(value)
        return value.upper()

    cache = Cache(find, 2)
    assert [cache.get(value) for value in ("a", "b", "a", "c", "b")] == ["A", "B", "A", "C", "B"]
    assert (asked, len(cache)) == (["a", "b", "c", "b"], 2)
    assert cache.counted() == Counted(1, 4)


def test_counts_are_since_the_last_time_and_survive_forgetting() -> None:
    cache = Cache(str.upper, 8)
    for value in ("a", "a", "b"):
        cache.get(value)
    assert cache.counted() == Counted(1, 2)
    cache.get("a")
    cache.forget()
    cache.get("a")
    assert cache.counted() == Counted(1, 1)
    assert cache.counted() == Counted(0, 0)
