"""The usual line of an access log goes through a template, for speed: it must say what the general way says."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from common.logtype import Malformed, Stamp
from common.logtypes.web_access import LOG_TYPE, quick

STAMP = Stamp("2026-11-23T08:00:00.250Z", "acme", "2026-11-23T08:00:00.250Z")
#: For each part of a line, first what is usual.
PARTS = (
    ("198.51.100.7", "2001:db8::7", "host.example", "shop.example:80 198.51.100.7"),
    ("-", "ident"),
    ("-", "ada", "ada b", ""),
    ("[06/Feb/2019:00:00:38 +0100]", "[6/Feb/2019:00:00:38 +0000]", "[31/Feb/2019:00:00:38 +0000]", "[]", "[06/Feb/2019 00:00]"),
    (
        '"GET /a?b=c HTTP/1.1"',
        '"GET / HTTP/2.0"',
        '"GET http://a/ HTTP/1.1"',
        '"-"',
        '""',
        '"GET /a b HTTP/1.0"',
        '"GET /é HTTP/1.1"',
        '"G"',
    ),
    ("200", "404", "000", "20", "-"),
    ("612", "0", "-", "012", "9" * 20),
    ('"https://www.example.com/"', '"-"', '""', ""),
    ('"Mozilla/5.0 (X11)"', '"-"', '"a \\"b\\""', '"é"', ""),
    ("", '"198.51.100.9"', "0.012", "more"),
)


@given(st.data(), st.sets(st.integers(0, len(PARTS) - 1), max_size=3))
def test_the_usual_line_makes_the_event_of_any_line(draw: st.DataObject, odd: set[int]) -> None:
    chosen = [draw.draw(st.sampled_from(options)) if at in odd else options[0] for at, options in enumerate(PARTS)]
    line = " ".join(part for part in chosen if part)
    fast = quick(line, "the-id", STAMP.json)
    if fast is None:
        assert odd
        return
    assert LOG_TYPE.recognise(line), line
    try:
        slow = LOG_TYPE.parse(line, STAMP)
    except Malformed as error:
        raise AssertionError(line) from error
    slow["event"] |= {"id": "the-id", "dataset": "web.access", "ingested": STAMP.ingested}
    assert orjson.loads(fast) == slow | {"tenant": "acme"}
