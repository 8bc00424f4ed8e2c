"""What is nearly a record: pieces and values of other kinds put into one, or taken out of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from common.logtype import ObjectType
from common.logtypes import TYPES

#: What separates, quotes, escapes or opens something in one type or another, and what is no value of any.
PIECES = st.sampled_from(
    [
        *("", " ", "-", '"', "'", "\\", "\\'", "\n", "\n\t", "\t", "\x00", "\xe9", "[", "]", "(", ")", "{", "<", ">", "<13>"),
        *("|", ":", ";", ",", "=", "@", "#", "&", "%zz%ff", "0", "-1", "1e400", "9" * 20, "25:61:61", "::1", "[::1]:80"),
        *("ERROR", "info", "TLSv1.2", "java.lang.Error: x\n\tat "),
    ]
)
LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | PIECES | st.text(max_size=8)
)
VALUES = (
    LEAVES
    | st.lists(LEAVES, max_size=2)
    | st.dictionaries(st.text(max_size=4), LEAVES, max_size=2)
    | st.sampled_from([[{}], [[]], {"lat": 1}, {"a": {"b": []}}, [{"key": "a", "value": {"intValue": "x"}}]])
)


def own_record(name: str, record: Any) -> Any:
    """What of a sample is the type's record: without the envelope, EventBridge's event or the list that holds it."""
    if isinstance(record, dict) and record.get("type") == name:
        record = record.get("message", record)
    log_type = TYPES[name]
    if not isinstance(log_type, ObjectType):
        return record
    if "detail-type" in record and not log_type.whole_event:
        record = record["detail"]
    for key in log_type.lists:
        if isinstance(record.get(key), list):
            records = log_type.unpack(record) if log_type.unpack else record[key]
            record = records[0]
    return record


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder in a record with every key or index of it. EventBridge's own names stay: they say that it is its event."""
    if isinstance(value, dict):
        found: list[tuple[Any, Any]] = [(key, inner) for key, inner in value.items() if key not in ("detail-type", "detail")]
        inside = list(value.values())
    elif isinstance(value, list):
        found, inside = list(enumerate(value)), value
    else:
        return []
    return [(value, key) for key, _ in found] + [place for inner in inside for place in places(inner)]


@st.composite
def nearly(draw: st.DrawFn, record: Any) -> Any:
    """The record with up to four of its stretches or values replaced or taken out."""
    return draw(_line(record) if isinstance(record, str) else _object(record))


@st.composite
def _line(draw: st.DrawFn, line: str) -> str:
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, min(start + 40, len(line))))
        line = line[:start] + draw(PIECES | st.text(max_size=6)) + line[end:]
    return line


@st.composite
def _object(draw: st.DrawFn, record: dict[str, Any]) -> dict[str, Any]:
    record = deepcopy(record)
    for _ in range(draw(st.integers(1, 4))):
        found = places(record)
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        if draw(st.booleans()):
            holder[key] = deepcopy(draw(VALUES))
        else:
            del holder[key]
    return record
