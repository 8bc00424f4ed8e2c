"""VPC flow log records, in the format of the VPC user guide."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.logtype import Stamp
from common.logtypes.vpc_flow import parse, quick
from common.model import Rejected
from tests.unit.common.conftest import Document

ACCEPTED = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
EXTRA = "vpc-abc subnet-def i-012 18 IPv4 10.0.0.62 52.213.180.42 eu-west-1 euw1-az3 - - AMAZON S3 ingress 8"


def test_an_accepted_flow(document: Callable[..., Document], at: object) -> None:
    found = document(ACCEPTED + "\n", default_tenant="acme")
    assert found.pop("event").pop("id")
    assert found == {
        "@timestamp": "2014-12-14T04:06:50.000Z",
        "tenant": "acme",
        "cloud": {"account": {"id": "123456789010"}},
        "source": {"ip": "172.31.16.139", "port": 20641},
        "destination": {"ip": "172.31.16.21", "port": 22},
        "network": {"transport": "tcp", "packets": 20, "bytes": 4249},
        "aws": {"vpcflow": {"interface_id": "eni-1235b8ca123456789"}},
    }


def test_its_event_fields(document: Callable[..., Document]) -> None:
    event = document(ACCEPTED)["event"]
    assert len(event.pop("id")) == 18
    assert event == {
        "dataset": "aws.vpcflow",
        "category": ["network"],
        "action": "accept",
        "outcome": "success",
        "end": "2014-12-14T04:07:50.000Z",
        "ingested": "2026-11-23T08:00:00.250Z",
    }


def test_a_rejected_flow_is_a_failure(document: Callable[..., Document]) -> None:
    event = document(ACCEPTED.replace("ACCEPT", "REJECT"))["event"]
    assert (event["action"], event["outcome"]) == ("reject", "failure")


@pytest.mark.parametrize("status", ["NODATA", "SKIPDATA"])
def test_a_window_without_data(status: str, document: Callable[..., Document]) -> None:
    found = document(f"2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - {status}")
    assert found["@timestamp"] == "2015-05-10T18:01:16.000Z"
    assert found["event"]["outcome"] == "unknown"
    assert found["aws"] == {"vpcflow": {"interface_id": "eni-1235b8ca123456789", "log_status": status}}
    assert found.keys() == {"@timestamp", "event", "tenant", "cloud", "aws"}


def test_ipv6_and_a_protocol_without_a_name(document: Callable[..., Document]) -> None:
    found = document(
        ACCEPTED.replace("172.31.16.139", "2001:db8::1").replace("172.31.16.21", "2001:db8::2").replace(" 6 20", " 89 20")
    )
    assert found["source"] == {"ip": "2001:db8::1", "port": 20641}
    assert found["network"] == {"iana_number": "89", "packets": 20, "bytes": 4249}


def test_the_fields_of_versions_3_to_5(document: Callable[..., Document]) -> None:
    found = document(f"5{ACCEPTED[1:]} {EXTRA}")
    assert found["cloud"] == {
        "account": {"id": "123456789010"},
        "instance": {"id": "i-012"},
        "region": "eu-west-1",
        "availability_zone": "euw1-az3",
    }
    assert found["network"] == {"transport": "tcp", "packets": 20, "bytes": 4249, "type": "ipv4", "direction": "ingress"}
    assert found["aws"]["vpcflow"] == {
        "interface_id": "eni-1235b8ca123456789",
        "vpc_id": "vpc-abc",
        "subnet_id": "subnet-def",
        "tcp_flags": "18",
        "pkt_srcaddr": "10.0.0.62",
        "pkt_dstaddr": "52.213.180.42",
        "pkt_src_service": "AMAZON",
        "pkt_dst_service": "S3",
        "traffic_path": "8",
    }


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("172.31.16.139", "172.31.16.339", "srcaddr"),
        ("172.31.16.21 ", "host ", "dstaddr"),
        ("172.31.16.21 ", "fe80::1%eth0 ", "dstaddr"),
        ("20641", "65536", "srcport"),
        ("20641", "x", "srcport"),
        (" 22 ", " -1 ", "dstport"),
        (" 6 20", " 256 20", "protocol"),
        (" 20 ", " 2.5 ", "packets"),
        (" 4249 ", " 04249 ", "bytes"),
        (" 4249 ", " 9999999999999999999 ", "bytes"),
        (" 4249 ", " ４２ ", "bytes"),
        ("1418530010", "yesterday", "start"),
        ("1418530070", "999999999999", "end"),
        ("1418530070", "-", "start, end and log-status"),
        ("ACCEPT", "MAYBE", "action"),
        (" OK", " FINE", "log-status"),
        (" OK", "", "line: 13 fields"),
        ("1418530070 ACCEPT OK", "1418", "line: 12 fields"),
        (" OK", ' OK "a', "line: 15 fields"),
        ("eni-1235b8ca123456789", 'eni-"}', "interface-id"),
    ],
)
def test_a_wrong_field_is_named(old: str, new: str, field: str, rejected: Callable[..., Rejected]) -> None:
    line = ACCEPTED.replace(old, new)
    refused = rejected(line)
    assert (refused.reason, refused.type, refused.original) == ("malformed", "vpc_flow", line.encode())
    assert refused.detail.startswith(field)


ips = st.ip_addresses().map(str)
ports = st.integers(0, 65_535)
counts = st.integers(1, 10**18 - 1)
seconds = st.integers(0, 99_999_999_999)


protocols, actions = st.sampled_from([1, 6, 17, 58]), st.sampled_from(["ACCEPT", "REJECT"])


@given(st.tuples(ips, ips, ports, ports, protocols, counts, counts, seconds, seconds, actions))
def test_the_usual_line_makes_the_document_of_any_line(fields: tuple[object, ...]) -> None:
    """The usual line goes through a template, for speed: it must say what the general way says."""
    line = " ".join(map(str, ["2", "123456789010", "eni-1235b8ca", *fields, "OK"]))
    stamp = Stamp("2026-11-23T08:00:00.250Z", "acme", "")
    fast = quick(line, "the-id", stamp)
    assert isinstance(fast, bytes)
    slow = parse(line, stamp)
    slow["event"] |= {"id": "the-id", "dataset": "aws.vpcflow", "ingested": "2026-11-23T08:00:00.250Z"}
    assert orjson.loads(fast) == slow | {"tenant": "acme"}


@pytest.mark.parametrize(
    "line",
    [
        "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 2 6 0 0 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 2 6 01 40 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 2 6 1 9999999999999999999 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 2 6 1 40 1418530010 1418530070 ACCEPT NODATA",
        "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 2 6 1 40 1418530010 1418530070 ACCEPT OK extra",
        "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 2 6 1 40 1418530010 1418530070 ACCEPT",
        "2 123456789010 - - - - - - - - 1418530010 1418530070 - NODATA",
        "2 123456789010 eni-1235b8ca",
        "2 123456789010 ",
    ],
)
def test_an_unusual_line_is_left_to_the_general_way(line: str) -> None:
    assert quick(line, "the-id", Stamp("", "acme", "")) is None
