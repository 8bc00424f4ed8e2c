"""Parts of documents as finished JSON."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.fragment import fragment


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("part", [{}, [], None, ""])
def test_what_is_empty_stays_so(part: Any) -> None:
    assert fragment(part) is part


def test_a_part_is_written_as_it_would_be_in_its_document() -> None:
    part = {"name": 'a "b" é \u2028', "list": [1, 2.5, None, {"deep": True}]}
    assert isinstance(fragment(part), orjson.Fragment)
    assert orjson.dumps({"part": fragment(part)}) == orjson.dumps({"part": part})


def test_what_is_nested_too_deep_for_its_document_is_refused_in_it() -> None:
    assert isinstance(fragment(nested(128)), orjson.Fragment)
    deep = fragment(nested(250))
    assert deep == nested(250)
    with pytest.raises(orjson.JSONEncodeError):
        orjson.dumps({"aws": {"waf": {"other": {"part": {"of": {"it": deep}}}}}})


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(orjson.JSONEncodeError):
        fragment(nested(300))
