"""Quick parsers of lines, compared to the general ones: both ways to an event ask `quick`, so that neither tells what `parse`
makes of its line."""

from __future__ import annotations

import orjson
from hypothesis import strategies as st

from common.logtype import LineType, Malformed, Stamp
from common.logtypes import TYPES
from common.logtypes.samples import samples_of

#: Of an event whose envelope has a time of its own.
STAMP = Stamp("2026-11-23T08:00:00.250Z", "acme", "2026-11-23T07:59:59.900Z")
QUICK_TYPES = {name: found for name, found in TYPES.items() if isinstance(found, LineType) and found.quick}

#: Kinds of line are learnt when they have come often enough (common.learned_lines): those of the samples are.
_OFTEN = 10
for _name, _type in QUICK_TYPES.items():
    for _line in [sample.record for sample in samples_of(_name) for _ in range(_OFTEN)]:
        if _type.quick:
            _type.quick(_line.strip(), "the-id", STAMP)


def is_quick(name: str, line: str) -> bool:
    """Whether the type's quick parser takes the line; if so, it is checked against `recognise` and `parse`."""
    log_type = QUICK_TYPES[name]
    body = log_type.quick(line, "the-id", STAMP) if log_type.quick else None
    if body is None:
        return False
    assert log_type.recognise(line), line
    try:
        event = log_type.parse(line, STAMP)
    except Malformed as error:
        raise AssertionError(line) from error
    event["event"] |= {"id": "the-id", "dataset": log_type.dataset, "ingested": STAMP.ingested}
    assert orjson.loads(body) == {**event, "tenant": STAMP.tenant}
    return True


@st.composite
def lines_of(draw: st.DrawFn, parts: tuple[tuple[str, ...], ...], most_odd: int) -> tuple[str, bool]:
    """A line of one of each of `parts`, of which the first is usual, and whether all are."""
    odd = draw(st.sets(st.integers(0, len(parts) - 1), max_size=most_odd))
    chosen = [draw(st.sampled_from(options)) if at in odd else options[0] for at, options in enumerate(parts)]
    return " ".join(part for part in chosen if part), not odd
