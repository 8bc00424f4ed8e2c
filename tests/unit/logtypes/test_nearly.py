"""Nothing that is nearly a record of a type surprises its parser, or is taken for a record of two types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.logtypes import TYPES
from common.logtypes.samples import samples_of
from common.model import Event, Rejected
from tests.unit.logtypes.every_type import alone, is_line, named, takers
from tests.unit.logtypes.nearly import nearly, own_record
from tests.unit.logtypes.schemas import violations

RECORDS = {name: [own_record(name, sample.record) for sample in samples_of(name)] for name in TYPES}


def check(name: str, record: Any) -> None:
    """It ends as an event as its schema has it, or whole, as malformed by what the parser itself found wrong."""
    sent = named(name, record)
    found = alone(sent)
    if isinstance(found, Event):
        assert violations(name, found.body) == []
        return
    assert isinstance(found, Rejected)
    assert found.original == sent
    if not (isinstance(record, str) and not record.strip()):
        assert (found.reason, found.type) == ("malformed", name)
        assert not found.detail.startswith(f"{name}: "), found.detail  # so begins what the parser did not expect


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_record_with_other_pieces_is_an_event_or_malformed(name: str, data: st.DataObject) -> None:
    record = data.draw(nearly(data.draw(st.sampled_from(RECORDS[name]))))
    check(name, record)
    assert len(takers(record)) <= 1, takers(record)


@pytest.mark.parametrize("name", [name for name in TYPES if is_line(name)])
def test_a_line_cut_off_anywhere_is_an_event_or_malformed(name: str) -> None:
    for line in RECORDS[name]:
        for end in range(1, len(line)):
            check(name, line[:end])
            assert len(takers(line[:end])) <= 1, (line[:end], takers(line[:end]))


@pytest.mark.parametrize("name", [name for name in TYPES if is_line(name)])
def test_a_line_of_another_type_is_an_event_or_malformed(name: str) -> None:
    for other, records in RECORDS.items():
        if is_line(other):
            for line in records:
                check(name, line)
