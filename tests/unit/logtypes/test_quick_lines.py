"""Quick parsers of lines make the event that the general ones make, or none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.logtypes.samples import samples_of
from tests.unit.logtypes.nearly import nearly
from tests.unit.logtypes.quick import QUICK_TYPES, is_quick


@pytest.mark.parametrize("name", QUICK_TYPES)
@given(data=st.data())
def test_lines_with_other_pieces(name: str, data: st.DataObject) -> None:
    line = data.draw(nearly(data.draw(st.sampled_from([sample.record for sample in samples_of(name)]))))
    is_quick(name, line.strip())


@pytest.mark.parametrize("name", QUICK_TYPES)
def test_lines_with_a_space_more_or_less(name: str) -> None:
    for line in [sample.record for sample in samples_of(name)]:
        for at in [found.start() for found in re.finditer(" ", line)][:100]:
            for space in ("", "  "):
                is_quick(name, f"{line[:at]}{space}{line[at + 1 :]}".strip())


@pytest.mark.parametrize("name", QUICK_TYPES)
def test_a_sample_is_quick(name: str) -> None:
    quick = [is_quick(name, sample.record) for sample in samples_of(name)]
    assert any(quick)


@pytest.mark.parametrize("name", ["auditd", "dotnet", "haproxy", "java", "linux_auth", "logfmt"])
def test_usual_lines_of_a_type_that_learns_are_quick(name: str) -> None:
    usual = [sample.record for sample in samples_of(name) if sample.usual]
    assert [line for line in usual if not is_quick(name, line.strip())] == []


@pytest.mark.parametrize("name", ["dotnet", "java", "python_log"])
def test_an_entry_with_a_level_is_quick(name: str) -> None:
    levelled = [sample.record for sample in samples_of(name) if "level" in sample.event.get("log", {})]
    assert levelled
    assert [line for line in levelled if not is_quick(name, line)] == []
