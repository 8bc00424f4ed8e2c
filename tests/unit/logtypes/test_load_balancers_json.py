"""Load balancers' access logs as JSON: the same events as those of the text, which has the same fields in its order."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.logtype import Malformed, Stamp
from common.logtypes import alb_json, nlb_json
from common.logtypes.samples import Sample, samples_of
from tests.unit.logtypes.every_type import takers

STAMP = Stamp("2026-11-23T08:00:00.250Z", "default", "2026-11-23T08:00:00.250Z")
#: Every field, in the text's order.
NLB = next(sample.record for sample in samples_of("nlb_json"))
ALB = next(sample.record for sample in samples_of("alb_json"))
#: Of entries with all fields of today and no more. Quotes stand for themselves in the list of protocols.
NLB_TEXTS = [sample for sample in samples_of("nlb") if len(sample.record.split(" ")) == len(NLB)]
ALB_TEXTS = [sample for sample in samples_of("alb") if len(shlex.split(sample.record)) == 30]


@pytest.mark.parametrize("sample", NLB_TEXTS, ids=lambda sample: sample.case)
def test_an_entry_of_a_network_load_balancer_is_the_event_of_its_text(sample: Sample) -> None:
    record = dict(zip(NLB, sample.record.split(" "), strict=True))
    assert takers(record) == ["nlb_json"]
    assert nlb_json.parse(record, STAMP) == sample.event


@pytest.mark.parametrize("sample", ALB_TEXTS, ids=lambda sample: sample.case)
def test_an_entry_of_an_application_load_balancer_is_the_event_of_its_text(sample: Sample) -> None:
    # The text escapes quotes with a backslash, which stays in its event.
    values = shlex.split(sample.record.replace(r"\"", r"\\\""))
    record = dict(zip(ALB, values, strict=False))
    assert takers(record) == ["alb_json"]
    assert alb_json.parse(record, STAMP) == sample.event


def test_there_are_texts_to_compare() -> None:
    assert (len(NLB_TEXTS) >= 3, len(ALB_TEXTS) >= 2) == (True, True)


@pytest.mark.parametrize(
    "balancer", ["net/shop/50dc6c495c0c9188", "app/shop/50dc6c495c0c9188", "gwy/shop/50dc6c", "shop", 7, None]
)
def test_the_load_balancers_name_tells_its_kind(balancer: Any) -> None:
    found = {name: takers(record | {"elb": balancer}) for name, record in (("net/", NLB), ("app/", ALB))}
    kind = str(balancer)[:4]
    assert found == {"net/": ["nlb_json"] if kind == "net/" else [], "app/": ["alb_json"] if kind == "app/" else []}


VALUES: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["-", "1:2", "[::1]:80", "1.2.3.4:5", "net/x", [], ["a"], {}, {"a": "b"}, "2026-03-01T08:51:42"])
)


@given(st.sampled_from([(nlb_json, NLB), (alb_json, ALB)]), st.data())
def test_whatever_the_values_an_entry_is_an_event_or_malformed(found: tuple[Any, dict[str, Any]], data: st.DataObject) -> None:
    module, record = found
    changed = record | data.draw(st.dictionaries(st.sampled_from(sorted(record)) | st.text(max_size=3), VALUES, max_size=5))
    try:
        event = module.parse(changed, STAMP)
    except Malformed:
        return
    assert event["event"]["outcome"] in ("success", "failure", "unknown")
    assert event["@timestamp"].endswith("Z")


@given(st.dictionaries(st.sampled_from(list(ALB)[:30]), VALUES | st.sampled_from(list(ALB.values())), max_size=4))
def test_the_usual_entry_is_what_it_would_be_field_by_field(changes: dict[str, Any]) -> None:
    record = ALB | changes

    def outcome(usual: bool) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            if not usual:
                patch.setattr(alb_json, "_usual", lambda _: None)
            try:
                return alb_json.parse(record, STAMP)
            except Malformed as error:
                return str(error)

    assert outcome(usual=True) == outcome(usual=False)


def test_an_entry_with_every_field_is_usual() -> None:
    assert alb_json._usual([str(value) for value in list(ALB.values())[:30]]) is not None
