"""The usual entry of a Classic Load Balancer goes through a template, for speed: it must say what the general way says."""

from __future__ import annotations

import pytest
from hypothesis import given

from common.logtypes.clb import LOG_TYPE
from common.logtypes.samples import samples_of
from tests.unit.logtypes.quick import STAMP, is_quick, lines_of

#: For each part of an entry, first what is usual.
PARTS = (
    ("2026-03-01T23:39:43.945958Z", "2026-02-30T23:39:43.945958Z", "2026-03-01T23:39:43Z", "2026-03-01"),
    ("my-shop", "-", "-1", "-a", "é", "a" * 40),
    ("198.51.100.39:2817", "[2001:db8::39]:2821", "198.51.100.39:70000", "-"),
    (
        "10.0.0.1:80 0.000086 0.001048 0.001337",
        "- -1 -1 -1",
        "10.0.0.1:80 1 2 3",
        "10.0.0.1:80 -1 -1 -1",
        "10.0.0.1:80 999999999.9 999999999.9 0.1",
        "here 0.1 0.1 0.1",
    ),
    ("200", "503", "-", "000", "600"),
    ("201", "0", "-", "many"),
    ("12", "0", "012", "9" * 20, "-"),
    ("57", "x"),
    (
        '"GET https://www.example.com:443/a?b=c HTTP/1.1"',
        '"GET https://www.example.com:443/a HTTP/2.0"',
        '"GET https://www.example.com:443/a?- HTTP/2.0"',
        '"GET https://-:443/a HTTP/1.1"',
        '"GET https://www.example.com:443/a?" HTTP/1.1"',
        '"GET https://www.example.com:443/a\\" \\"b HTTP/1.1"',
        '"GET https://www.example.com/é b HTTP/1.1"',
        '"- - - "',
        '"-"',
    ),
    ('"Mozilla/5.0 (X11)"', '"a \\"b\\" \\\\"', '"a \\"', '"a" "b"', '"é\x01"', '"-"', '""', ""),
    ("DHE-RSA-AES128-SHA TLSv1.2", "- -", "DHE-RSA-AES128-SHA QUIC", "- TLSv1.2", "", "- - new"),
)


@given(lines_of(PARTS, most_odd=4))
def test_the_usual_line_makes_the_event_of_any_line(found: tuple[str, bool]) -> None:
    line, usual = found
    assert is_quick("clb", line) or not usual


@pytest.mark.parametrize("case", ["an HTTPS request", "a request without TLS", "no target answered"])
def test_usual_entries_go_the_quick_way(case: str) -> None:
    (sample,) = [found for found in samples_of("clb") if found.case == case]
    assert is_quick("clb", sample.record)


def test_a_duration_that_none_could_have_is_left_out() -> None:
    line = " ".join(options[0] for options in PARTS).replace("0.000086 0.001048 0.001337", "999999999 999999999 1")
    found = LOG_TYPE.parse(line, STAMP)
    assert "duration" not in found["event"]
    assert found["aws"]["elb"]["response_seconds"] == 1
