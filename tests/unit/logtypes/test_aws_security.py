"""What the samples of the AWS security services cannot show: records that are not quite what is documented."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from common import windows_event
from common.logtype import ObjectType, Stamp
from common.logtypes import TYPES, waf
from common.logtypes.samples import samples_of
from common.model import Event, Rejected
from tests.unit.logtypes.every_type import alone, named

NAMES = (
    "waf",
    "security_hub",
    "ocsf",
    "inspector",
    "macie",
    "config",
    "access_analyzer",
    "health",
    "trusted_advisor",
    "bedrock_invocation",
)
LINE_NAMES = ("cloudhsm", "directory_service")
STAMP = Stamp("2026-11-23T08:00:00.250Z", "default", "2026-11-23T08:00:00.250Z")


def own_record(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """What of an EventBridge event is the type's record."""
    log_type = TYPES[name]
    assert isinstance(log_type, ObjectType)
    if "detail-type" in record and not log_type.whole_event:
        record = record["detail"]
    for key in log_type.lists:
        if isinstance(record.get(key), list):
            record = record[key][0]
    return record


RECORDS = [(name, own_record(name, sample.record)) for name in NAMES for sample in samples_of(name)]
#: What may stand where something else is documented.
LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "-", "x", 0, -1, 7, 2**64 - 1, 1.5, True, [], ["x"], [None], [{}], {}, {"name": 1}, {"a": {"b": []}}]
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder in a record with every key or index of it."""
    if not isinstance(value, dict | list):
        return []
    found = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    return [(value, key) for key, _ in found] + [place for _, inner in found for place in places(inner)]


@st.composite
def damaged(draw: st.DrawFn, record: Any) -> Any:
    """The record with up to four of its values replaced or taken away."""
    record = deepcopy(record)
    for _ in range(draw(st.integers(1, 4))):
        found = places(record)
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        if draw(st.booleans()):
            holder[key] = deepcopy(draw(LEAVES))
        else:
            del holder[key]
    return record


@given(st.sampled_from(RECORDS).flatmap(lambda found: st.tuples(st.just(found[0]), damaged(found[1]))))
def test_a_damaged_record_is_an_event_or_kept_whole(found: tuple[str, Any]) -> None:
    name, record = found
    sent = named(name, record)
    result = alone(sent)
    if isinstance(result, Rejected):
        assert (result.reason, result.original) == ("malformed", sent)
        # A reason that begins with the type's name would be a parser that was surprised.
        assert not result.detail.startswith(f"{name}: ")
    else:
        assert isinstance(result, Event)
        assert orjson.loads(result.body)["@timestamp"].endswith("Z")


@given(st.sampled_from([sample.record for sample in samples_of("waf")]).flatmap(damaged))
def test_the_short_way_through_a_waf_log_leads_where_the_table_does(record: dict[str, Any]) -> None:
    quick = waf.quick(orjson.dumps(record))
    if quick is not None:
        assert orjson.loads(orjson.dumps(quick)) == waf.TABLE.event(record, STAMP)


def test_a_usual_waf_log_takes_the_short_way() -> None:
    records = {sample.case: sample.record for sample in samples_of("waf")}
    quick = {case for case, record in records.items() if waf.quick(orjson.dumps(record)) is not None}
    assert {"allowed by the default action", "blocked by a managed rule, every optional field"} <= quick


@st.composite
def damaged_line(draw: st.DrawFn, line: str) -> str:
    """The line with up to four stretches of it taken out or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, min(start + 20, len(line))))
        line = line[:start] + draw(st.sampled_from(["", " ", ":", "\n", "0", "x", "(", "&", "<", "é"])) + line[end:]
    return line


LINES = [
    (name, sample.record["message"] if isinstance(sample.record, dict) else sample.record)
    for name in LINE_NAMES
    for sample in samples_of(name)
]


@given(st.sampled_from(LINES).flatmap(lambda found: st.tuples(st.just(found[0]), damaged_line(found[1]))))
def test_a_damaged_line_is_an_event_or_kept_whole(found: tuple[str, str]) -> None:
    name, line = found
    if not line.strip():
        return
    sent = named(name, line)
    result = alone(sent)
    if isinstance(result, Rejected):
        assert (result.reason, result.original) == ("malformed", sent)
        assert not result.detail.startswith(f"{name}: ")
    else:
        assert isinstance(result, Event)
        assert orjson.loads(result.body)["event"]["kind"]


def test_a_windows_event_keeps_what_has_the_name_of_another_value() -> None:
    text = "<Event><Level>0</Level><A B='1'>x</A><A B='2'>x</A><Data Name='n'>a&amp;b</Data><Data Name='n'>c</Data><Data>-</Data>"
    assert windows_event.split(text) == {
        "Level": "0",
        "A": "x",
        "A B": "1",
        "EventData": {"n": "a&b"},
        "extra": ["x", "2", "c"],
    }
