"""The logs of AWS networks and edges: what no single sample shows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.logtypes.samples import samples_of
from common.model import Event, Rejected
from tests.unit.logtypes.every_type import alone, data, named

#: Lines and what stands between their fields.
LINES = {"nlb": " ", "clb": " ", "cloudfront": "\t", "cloudfront_realtime": "\t", "tgw_flow": " "}


def first(name: str) -> Any:
    return samples_of(name)[0].record


@pytest.mark.parametrize("name", LINES)
def test_a_line_cut_anywhere_is_an_event_of_its_time_or_malformed(name: str) -> None:
    line = first(name)
    time = orjson.loads(event(data(line)).body)["@timestamp"]
    for end in range(1, len(line)):
        found = alone(named(name, line[:end]))
        if isinstance(found, Event):
            assert orjson.loads(found.body)["@timestamp"][:4] == time[:4]
        else:
            assert found.reason == "malformed"


@pytest.mark.parametrize("name", LINES)
def test_no_value_of_a_line_is_lost(name: str) -> None:
    separator = LINES[name]
    pieces = first(name).split(separator)
    kept = 0
    for at in range(len(pieces)):
        found = alone(data(separator.join([*pieces[:at], "(odd)", *pieces[at + 1 :]])))
        if isinstance(found, Event):
            assert b"(odd)" in found.body, pieces[at]
            kept += 1
    assert kept > len(pieces) / 2


def event(record: bytes) -> Event:
    found = alone(record)
    assert isinstance(found, Event), found
    return found


def test_the_text_and_the_json_of_cloudfront_make_one_event() -> None:
    text, json = (orjson.loads(event(data(first(name))).body) for name in ("cloudfront", "cloudfront_json"))
    assert text == json


@pytest.mark.parametrize("header", ["#Version: 1.0", "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host)"])
def test_a_header_of_a_file_is_no_entry(header: str) -> None:
    found = alone(header.encode())
    assert isinstance(found, Rejected)
    assert found.reason == "unrecognised"


def test_the_fields_of_iis_are_not_those_of_cloudfront() -> None:
    found = alone(
        orjson.dumps({"date": "2026-03-01", "time": "23:11:58", "cs-method": "GET", "cs(User-Agent)": "x", "sc-status": 200})
    )
    assert isinstance(found, Rejected)
    assert found.reason == "unrecognised"


@pytest.mark.parametrize(
    ("alert", "handshake", "outcome"),
    [("-", "2", "success"), ("0", "2", "success"), ("48", "2", "failure"), ("-", "-", "failure")],
)
def test_the_outcome_of_a_tls_connection(alert: str, handshake: str, outcome: str) -> None:
    line = first("nlb").replace(" 5012 21 98 2460 - ", f" 5012 {handshake} 98 2460 {alert} ")
    assert orjson.loads(event(data(line)).body)["event"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("TLSv1.2", ("tls", "1.2")),
        ("TLSv13", ("tls", "1.3")),
        ("TLS 1.0", ("tls", "1.0")),
        ("TLSv1", ("tls", "1")),
        ("SSLv3", ("ssl", "3")),
    ],
)
def test_tls_versions_however_they_are_written(written: str, read: tuple[str, str]) -> None:
    record = first("network_firewall")
    record = {**record, "event": {**record["event"], "tls": {"version": written}}}
    assert orjson.loads(event(data(record)).body)["tls"] == {"version_protocol": read[0], "version": read[1]}


def test_what_follows_an_unreadable_quote_is_kept() -> None:
    line = first("clb").partition(' "')[0] + ' "GET / HTTP/1.1"tail'
    assert orjson.loads(event(data(line)).body)["aws"]["elb"]["other"] == {"tail": 'GET / HTTP/1.1"tail'}
