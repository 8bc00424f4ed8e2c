"""API Gateway's access logs as text, beside those of web servers and those in JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.api_gateway import parser
from common.logtype import Malformed, Stamp
from common.logtypes.api_gateway_text import TABLE, document, parse
from common.logtypes.samples import samples_of
from tests.unit.logtypes.every_type import takers

STAMP = Stamp("2026-11-23T08:00:00.250Z", "default", "2026-11-23T08:00:00.250Z")
USUAL = [sample for sample in samples_of("api_gateway_text") if sample.usual]
FIELDS = {
    "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "extendedRequestId": "JKJaXmPLvHcESHA=",
    "ip": "2001:db8::7",
    "caller": "AIDAEXAMPLE7",
    "user": "ada",
    "requestTime": "01/Mar/2026:10:00:00 +0100",
    "httpMethod": "GET",
    "resourcePath": "/orders/{id}",
    "status": "200",
    "protocol": "HTTP/1.1",
    "responseLength": "1024",
}
COMMON = (
    '{ip} {caller} {user} [{requestTime}] "{httpMethod} {resourcePath} {protocol}" {status} {responseLength} {requestId} '
    "{extendedRequestId}"
)
CSV = (
    "{ip},{caller},{user},{requestTime},{httpMethod},{resourcePath},{protocol},{status},{responseLength},{requestId},"
    "{extendedRequestId}"
)


def xml(fields: dict[str, str]) -> str:
    inner = " ".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if name != "requestId")
    return f'<request id="{fields["requestId"]}"> {inner} </request>'


@pytest.mark.parametrize("changes", [{}, {"caller": "-", "user": "-"}, {"status": "-", "responseLength": "-"}, {"status": "503"}])
def test_an_entry_is_the_same_event_in_every_format(changes: dict[str, str]) -> None:
    fields = FIELDS | changes
    expected = parser(TABLE)(dict(fields), STAMP)
    for line in (COMMON.format(**fields), CSV.format(**fields), xml(fields)):
        assert takers(line) == ["api_gateway_text"]
        assert parse(line, STAMP) == expected


@pytest.mark.parametrize("sample", USUAL, ids=lambda sample: sample.case)
def test_a_usual_entry_is_read_at_once_and_is_what_it_would_be_field_by_field(sample: Any) -> None:
    assert parse(sample.record, STAMP) == document(sample.record, STAMP) == sample.event


PIECES = st.sampled_from(
    ["", " ", "-", '"', "[", "]", "=", "0", "999", "HTTP/", "CONNECT", ",", "é", "\\", "1.2.3.4.5", "99/Foo"]
)


@given(st.sampled_from([sample.record for sample in USUAL]), st.data())
def test_an_entry_with_pieces_replaced_is_what_it_would_be_field_by_field(line: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(begin, min(len(line), begin + 8)))
    changed = line[:begin] + data.draw(PIECES | st.text(max_size=3)) + line[end:]
    try:
        expected: Any = document(changed, STAMP)
    except Malformed as error:
        expected = str(error)
    try:
        found: Any = parse(changed, STAMP)
    except Malformed as error:
        found = str(error)
    assert found == expected


@pytest.mark.parametrize(
    ("line", "types"),
    [
        ('203.0.113.9 - - [01/Mar/2026:09:00:00 +0000] "GET /pets HTTP/1.1" 200 1024', ["web_access"]),
        ('203.0.113.9 - - [01/Mar/2026:09:00:00 +0000] "GET /pets HTTP/1.1" 200 1024 "-" "curl/8.5.0"', ["web_access"]),
        ('203.0.113.9 - - [01/Mar/2026:09:00:00 +0000] "GET /pets HTTP/1.1" 200 1024 0.012', ["web_access"]),
        # A web server may be told to write a request's id too, which may be a UUID.
        ('203.0.113.9 - - [01/Mar/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 7 c6af9ac6-7b61-11e6-9a41-93e8deadbeef', []),
        ("203.0.113.9,-,-,23/11/2026,GET,/pets", []),
        ("203.0.113.9,-,-,01/Mar/2026:09:00:00 +0000,200,1024", []),
        ('<request id="1"><url>/pets</url></request>', []),
    ],
)
def test_what_others_may_write_too_is_not_taken(line: str, types: list[str]) -> None:
    assert takers(line) == types
