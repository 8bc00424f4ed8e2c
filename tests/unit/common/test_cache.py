"""What was worked out is remembered, within bounds."""

from __future__ import annotations

import pytest

from common.cache import LONGEST_KEY, Cache, remembered


def test_a_value_is_worked_out_once() -> None:
    asked: list[str] = []
    cache: Cache[str, int] = Cache(lambda key: asked.append(key) or len(key))  # type: ignore[func-returns-value]
    assert [cache["ab"], cache["ab"], cache["abc"]] == [2, 2, 3]
    assert asked == ["ab", "abc"]


def test_a_full_cache_is_emptied_and_goes_on() -> None:
    cache: Cache[str, str] = Cache(str.upper, 2)
    assert [cache[key] for key in "abc"] == ["A", "B", "C"]
    assert dict(cache) == {"c": "C"}


@pytest.mark.parametrize("key", ["x" * (LONGEST_KEY + 1), ("x" * LONGEST_KEY, "y")])
def test_a_long_key_is_answered_and_not_kept(key: str | tuple[str, ...]) -> None:
    cache: Cache[str | tuple[str, ...], int] = Cache(len)
    assert cache[key] == len(key)
    assert not cache


def test_what_cannot_be_worked_out_is_not_remembered() -> None:
    cache: Cache[str, int] = Cache(int)
    with pytest.raises(ValueError, match="invalid literal"):
        cache["x"]
    assert not cache


def test_a_function_remembers_what_is_short() -> None:
    asked: list[str] = []

    @remembered(2)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    long = "x" * (LONGEST_KEY + 1)
    assert [length(text) for text in ("a", "a", long, long)] == [1, 1, len(long), len(long)]
    assert asked == ["a", long, long]
