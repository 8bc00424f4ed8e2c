"""A table's code makes of every record what its rules say, and never fills the memory."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.kinds import FLAG, NUMBER, WHOLE, WORD, WORDS
from common.logtype import JsonObject, Malformed, Stamp
from common.logtypes import TYPES
from common.table import Table
from common.table_code import make_of
from tests.unit.logtypes.every_type import SAMPLES
from tests.unit.logtypes.nearly import LEAVES, nearly, own_record

STAMP = Stamp("2026-11-23T08:00:00.250Z", "default", "2026-11-23T08:00:00.125Z")
#: More than enough records of a shape for code to be made of it.
OFTEN = 10


def _complete(event: JsonObject, rest: JsonObject) -> None:
    event["event"]["type"] = ["error"] if "error" in event else ["info"]
    rest.pop("dropped", None)


FIELDS = {
    "time": "@timestamp",
    "when": "@timestamp",
    "name": "user.name",
    "user.name": "user.name",
    "user.address.ip": "source.ip",
    "user.address.port": "source.port",
    "size": "http.response.body.bytes",
    "count": "own.count",
    "flag": "own.flag",
    "share": "own.share",
    "tags": "own.tags",
    "fault": "error.code",
}
OWN = {"own.count": WHOLE, "own.flag": FLAG, "own.share": NUMBER, "own.tags": WORDS}
CONSTANTS = {"event.kind": "event", "event.category": ["web"], "cloud.account.id": "1", "own.fixed": "x"}


def table(*, complete: bool = True) -> Table:
    own = {**OWN, "own.fixed": WORD}
    done = _complete if complete else None
    return Table(FIELDS, own=own, rest="own.other", constants=CONSTANTS, read={"fault": str}, complete=done)


def tables() -> dict[str, Table]:
    """Those that are all there is to a type's parser."""
    parsers = {name: getattr(log_type.parse, "__self__", None) for name, log_type in TYPES.items()}
    return {name: parser for name, parser in parsers.items() if isinstance(parser, Table)}


def outcome(make: Any, record: JsonObject) -> Any:
    try:
        return make(record, STAMP)
    except Malformed as error:
        return str(error)


def same(rules: Table, record: JsonObject) -> None:
    """By rules and by code, which is made on the way; and the record is left as it was."""
    before = deepcopy(record)
    expected = repr(outcome(rules.by_rules, record))
    assert {repr(outcome(rules.event, record)) for _ in range(OFTEN)} == {expected}
    assert record == before


NAMES = st.sampled_from(
    ["time", "when", "name", "user", "address", "ip", "port", "size", "count", "flag", "share", "tags", "fault"]
)
VALUES = LEAVES | st.sampled_from(["10.0.0.1", "443", 443, "2026-11-23T08:00:00Z", 1_795_420_800, 0, -0.0, False, ["a"], "x"])
RECORDS = st.dictionaries(
    NAMES | st.text(max_size=3),
    st.recursive(VALUES, lambda inner: st.dictionaries(NAMES, inner, max_size=4) | st.lists(inner, max_size=2), max_leaves=12),
    max_size=10,
)


@pytest.mark.parametrize("complete", [True, False])
def test_code_makes_of_any_record_what_the_rules_say(complete: bool) -> None:
    rules = table(complete=complete)

    @given(RECORDS)
    def check(record: JsonObject) -> None:
        same(rules, record)

    check()


@pytest.mark.parametrize("name", tables())
def test_code_makes_of_nearly_a_record_what_the_rules_say(name: str) -> None:
    rules = tables()[name]
    samples = [own_record(name, sample.record) for kind, sample in SAMPLES if kind == name]

    @given(st.sampled_from(samples).flatmap(nearly))
    def check(record: Any) -> None:
        if isinstance(record, dict):
            same(rules, record)

    for sample in samples:
        same(rules, sample)
    check()


def test_the_first_of_two_names_for_a_field_counts_and_the_other_is_kept() -> None:
    rules = table()
    for _ in range(OFTEN):
        event = rules.event({"when": 1_795_420_800, "user": {"name": "b"}, "time": 1_795_420_801, "name": "a"}, STAMP)
        assert event["@timestamp"] == "2026-11-23T08:00:00.000Z"
        assert event["user"] == {"name": "b"}
        assert event["own"]["other"] == {"time": 1_795_420_801, "name": "a"}


def test_events_share_nothing_that_a_later_one_could_change() -> None:
    rules = table()
    for _ in range(OFTEN):
        event = rules.event({"name": "a", "unknown": 1}, STAMP)
        assert event["event"] == {"kind": "event", "category": ["web"], "type": ["info"]}
        assert event["cloud"] == {"account": {"id": "1"}}
        assert event["own"] == {"fixed": "x", "other": {"unknown": 1}}
        for part in ("event", "cloud", "own"):
            event[part].clear()


def test_a_time_that_is_none_is_refused_by_code_too() -> None:
    rules = table()
    for _ in range(OFTEN):
        rules.event({"time": "2026-11-23T08:00:00Z", "name": "a"}, STAMP)
    with pytest.raises(Malformed, match=r"^time: 'soon' is no point in time$"):
        rules.event({"time": "soon", "name": "a"}, STAMP)


def test_ever_new_shapes_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Mock(side_effect=make_of)
    monkeypatch.setattr("common.table.make_of", made)
    rules = table()
    for number in range(600):
        for _ in range(OFTEN):
            assert rules.event({f"n{number}": 1}, STAMP)["own"]["other"] == {f"n{number}": 1}
    assert made.call_count == 512
    long = {"x" * 10_000: 1}
    other = table()
    for _ in range(OFTEN):
        assert other.event(long, STAMP)["own"]["other"] == long
    assert made.call_count == 512


def test_an_object_is_not_taken_for_what_stands_beside_it() -> None:
    rules = table()
    beside, inside = {"name": "a", "user": "b", "address": "c"}, {"name": "a", "user": {"address": "c"}}
    for record in (beside, inside, beside):
        for _ in range(OFTEN):
            same(rules, record)
