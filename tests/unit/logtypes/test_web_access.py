"""The usual line of an access log goes through a template, for speed: it must say what the general way says."""

from __future__ import annotations

from hypothesis import given

from tests.unit.logtypes.quick import is_quick, lines_of

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


@given(lines_of(PARTS, most_odd=3))
def test_the_usual_line_makes_the_event_of_any_line(found: tuple[str, bool]) -> None:
    line, usual = found
    assert is_quick("web_access", line) or not usual
