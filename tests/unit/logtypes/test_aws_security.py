"""What the samples of the AWS security services cannot show: records that are not quite what is documented."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from common import windows_event
from common.logtype import Stamp
from common.logtypes import waf
from common.logtypes.samples import samples_of
from tests.unit.logtypes.nearly import nearly

STAMP = Stamp("2026-11-23T08:00:00.250Z", "default", "2026-11-23T08:00:00.250Z")


@given(st.sampled_from([sample.record for sample in samples_of("waf")]).flatmap(nearly))
def test_the_short_way_through_a_waf_log_leads_where_the_table_does(record: dict[str, Any]) -> None:
    quick = waf.quick(orjson.dumps(record))
    if quick is not None:
        assert orjson.loads(orjson.dumps(quick)) == waf.TABLE.event(record, STAMP)


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
