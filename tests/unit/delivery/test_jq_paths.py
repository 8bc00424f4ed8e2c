"""A jq program that only takes fields gives what jq gives, without jq."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localrun.delivery import partition_keys
from localrun.delivery.jq_paths import look_ups

BY_TYPE_AND_DAY = "{dataset: .event.dataset, day: .event.ingested[0:10]}"
PROGRAMS = (BY_TYPE_AND_DAY, "{a:.a}", "{ a : .a.b , b : .a[2:] , c:.b[:3]}", "{a: .a, a: .b}", '{"a":.a,"b":.b[1:3]}')

KEYS = st.sampled_from(["a", "b", "event", "dataset", "ingested"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.sampled_from(["2026-11-25T08:00:00Z", "é😀x"])),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)),
)


@given(st.sampled_from(PROGRAMS), st.one_of(VALUES, st.dictionaries(KEYS, VALUES)))
@example(BY_TYPE_AND_DAY, {"event": {"dataset": "aws.alb", "ingested": "2026-11-25T08:00:00.000Z"}})
@example(BY_TYPE_AND_DAY, {"event": "text"})
@example(BY_TYPE_AND_DAY, {"event": {"dataset": "", "ingested": None}})
@settings(deadline=None)
def test_a_look_up_has_the_keys_jq_has(program: str, record: Any) -> None:
    data = json.dumps(record).encode()
    found = partition_keys.query(program)(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition_keys, "look_ups", lambda _: None)
        expected = partition_keys.query.__wrapped__(program)(data)
    assert found == expected


def test_jq_is_not_asked_for_texts_that_are_there() -> None:
    find = look_ups(BY_TYPE_AND_DAY)
    assert find is not None
    event = {"dataset": "aws.alb", "ingested": "2026-11-25T08:00:00.000Z"}
    assert find(json.dumps({"event": event}).encode()) == {"dataset": "aws.alb", "day": "2026-11-25"}


@pytest.mark.parametrize(
    "record",
    [
        {"event": {"dataset": "aws.alb"}},
        {"event": {"dataset": 1, "ingested": "2026"}},
        {"event": {"dataset": "", "ingested": "2026"}},
        {"event": None},
        [],
    ],
)
def test_jq_says_what_becomes_of_any_other(record: Any) -> None:
    find = look_ups(BY_TYPE_AND_DAY)
    assert find is not None
    assert find(json.dumps(record).encode()) is None
    assert find(b"{") is None


@pytest.mark.parametrize("program", PROGRAMS[:3])
def test_plain_paths_are_look_ups(program: str) -> None:
    assert look_ups(program) is not None


@pytest.mark.parametrize(
    "program",
    [
        ".event",
        "{dataset}",
        '{day: .time | strftime("%Y")}',
        "{a: .a // .b}",
        "{a: .a?}",
        "{a: .[0]}",
        "{a: .a[:]}",
        "{a: .a[-1:]}",
        '{"a b": .a}',
        "{a: ..}",
        "{}",
    ],
)
def test_a_program_that_does_more_is_jqs(program: str) -> None:
    assert look_ups(program) is None
