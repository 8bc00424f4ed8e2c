"""What the samples of the AWS security services cannot show: records that are not quite what is documented."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import windows_event
from common.logtype import JsonObject, Malformed, Stamp
from common.logtypes import fsx_audit, waf, windows_event_xml
from common.logtypes.samples import samples_of
from common.table import Table
from tests.unit.logtypes.nearly import nearly

STAMP = Stamp("2026-11-23T08:00:00.250Z", "default", "2026-11-23T08:00:00.250Z")


@given(st.sampled_from([sample.record for sample in samples_of("waf")]).flatmap(nearly))
def test_the_short_way_through_a_waf_log_leads_where_the_table_does(record: dict[str, Any]) -> None:
    data = orjson.dumps(record)  # which has no numbers beyond a float
    quick = waf.quick(data)
    if quick is not None:
        assert orjson.loads(orjson.dumps(quick)) == waf.TABLE.event(orjson.loads(data), STAMP)


def test_a_usual_waf_log_takes_the_short_way() -> None:
    records = {sample.case: sample.record for sample in samples_of("waf")}
    quick = {case for case, record in records.items() if waf.quick(orjson.dumps(record)) is not None}
    assert {"allowed by the default action", "blocked by a managed rule, every optional field"} <= quick


def test_a_windows_event_keeps_what_has_the_name_of_another_value() -> None:
    text = "<Event><Level>0</Level><A B='1'>x</A><A B='2'>x</A><Data Name='n'>a&amp;b</Data><Data Name='n'>c</Data><Data>-</Data>"
    assert windows_event.split(text) == {
        "Level": "0",
        "A": "x",
        "A B": "1",
        "EventData": {"n": "a&b"},
        "extra": ["x", "2", "c"],
    }


WINDOWS_EVENTS = [
    *(sample.record for name in ("fsx_audit", "windows_event_xml") for sample in samples_of(name)),
    *(sample.record["message"] for sample in samples_of("directory_service")),
]
PIECES = [
    *(
        "<EventID>1</EventID>",
        "<Data Name='IpPort'>1</Data>",
        "<Data>x</Data>",
        "<Data Name='a'",
        "<Data Name='b'/>",
        "<A>&amp;</A>",
        "<RenderingInfo ",
        "<RenderingInfo Culture='en-US'><Level>x</Level><Task>a &amp; b</Task><Message>m</Message></RenderingInfo>",
    ),
    *("", " ", "'", '"', "<", ">", "-", "&#45;", "0", "\n", "</System>", "<Channel>", "<TimeCreated ", "{", "é", "x" * 2_000),
    "{00000000-0000-0000-0000-000000000000}",
]


def said(record: JsonObject, table: Table) -> JsonObject | str:
    try:
        return table.event(record, STAMP)
    except Malformed as error:
        return str(error)[:20]


@given(
    st.sampled_from(WINDOWS_EVENTS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), max_size=3)
)
def test_a_windows_event_read_in_parts_says_what_it_says_read_at_once(text: str, changes: list[tuple[float, int, str]]) -> None:
    for at, length, piece in changes:
        start = round(at * len(text))
        text = text[:start] + piece + text[start + length :]
    for table in (windows_event_xml.TABLE, fsx_audit.TABLE):
        assert said(windows_event.split(text), table) == said(windows_event._elements(text), table)


def test_a_rendered_windows_event_is_read_in_parts() -> None:
    quick = [windows_event._rendered(text) is not None for text in WINDOWS_EVENTS]
    assert quick.count(False) <= 3
    rendered = [text for text in WINDOWS_EVENTS if "<RenderingInfo " in text]
    assert rendered
    for text in rendered:
        assert windows_event._rendered(text) is not None


@pytest.mark.parametrize("place", ["<EventID>1</EventID>", "<Data Name='IpPort'>1</Data>", "<Data>x</Data>", "&#45;", " "])
def test_a_windows_event_with_a_piece_anywhere_loses_nothing(place: str) -> None:
    (text, *_) = WINDOWS_EVENTS
    for at in range(len(text)):
        changed = text[:at] + place + text[at:]
        assert said(windows_event.split(changed), fsx_audit.TABLE) == said(windows_event._elements(changed), fsx_audit.TABLE)
