"""What is nearly a record of a type: pieces and values to put into one, and what has to become of it."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import strategies as st

from common.model import Event
from tests.unit.logtypes.every_type import AT, NORMALISER, named

PIECES = st.sampled_from(
    ["", " ", "-", ",", "|", ":", "'", "\\'", "\\", "\n", "\n\t", "[", "]", "(", ")", "@", "#", "<", ">", "&", "0"]
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.text(max_size=4), LEAVES, max_size=2)


def check(name: str, record: Any) -> None:
    """It ends as an event, or as malformed by what the parser itself found wrong."""
    data = named(name, record)
    (found,) = NORMALISER.normalise(data, AT)
    if isinstance(found, Event):
        assert orjson.loads(found.body)["@timestamp"].endswith("Z")
        return
    assert found.original == data
    if not (isinstance(record, str) and not record.strip()):
        assert (found.reason, found.type) == ("malformed", name)
        assert not found.detail.startswith(f"{name}: "), found.detail  # so begins what the parser did not expect
