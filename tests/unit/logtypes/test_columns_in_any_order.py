"""Lines whose columns are in an order of their own: named by the environment, or by the file they are from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import flow_formats
from common.columns import CLOUDFRONT, FLOW, FLOW_COUNTS, IIS, IIS_7
from common.logtypes.samples import samples_of
from common.model import Event, Rejected
from common.plain import PlainRecords
from config.parts import flow_formats as configured
from tests.unit.logtypes.every_type import AT, alone, named, takers

#: A format of 17 columns that begins as the default one, one of other columns, and two that fit the same lines.
LONGER = f"{' '.join(FLOW[:14])} vpc-id subnet-id tcp-flags"
SHORT = "start end vpc-id srcaddr dstaddr dstport protocol action reject-reason"
WORDS = "srcaddr dstaddr region action"
OTHER_WORDS = "srcaddr dstaddr az-id action"
#: As many columns as the default format, and others.
SAME_LENGTH = "version account-id interface-id vpc-id dstaddr srcport dstport protocol packets bytes start end action log-status"
FORMATS = (LONGER, SHORT, WORDS, OTHER_WORDS, SAME_LENGTH)

DEFAULT_LINE = "2 123456789012 eni-0a1b2c3d 10.0.1.5 198.51.100.7 40022 443 6 12 840 1763984400 1763984459 ACCEPT OK"
LONGER_LINE = DEFAULT_LINE.replace("2 ", "3 ", 1) + " vpc-0a1b2c subnet-0d4e5f 19"
SHORT_LINE = "1763984400 1763984459 vpc-0a1b2c 2001:db8::5 203.0.113.9 22 6 REJECT BPA"
NO_DATA = "2 123456789012 eni-0a1b2c3d - - - - - - - 1763984400 1763984459 - NODATA"


@pytest.fixture
def formats() -> Iterator[None]:
    flow_formats.configure(FORMATS)
    yield
    flow_formats.configure(())


def document(record: str | bytes) -> dict[str, Any]:
    found = alone(record.encode() if isinstance(record, str) else record)
    assert isinstance(found, Event), found
    event: dict[str, Any] = orjson.loads(found.body)
    return event


def content(record: str | bytes) -> dict[str, Any]:
    """The event without what every event has."""
    event = document(record)
    for name in ("id", "dataset", "ingested"):
        del event["event"][name]
    del event["tenant"]
    return event


@pytest.mark.usefixtures("formats")
class TestConfigured:
    def test_a_line_is_read_by_the_format_it_is_of(self) -> None:
        assert takers(SHORT_LINE) == ["vpc_flow_custom"]
        assert content(SHORT_LINE) == {
            "@timestamp": "2025-11-24T11:40:00.000Z",
            "event": {
                "category": ["network"],
                "end": "2025-11-24T11:40:59.000Z",
                "action": "reject",
                "outcome": "failure",
            },
            "source": {"ip": "2001:db8::5"},
            "destination": {"ip": "203.0.113.9", "port": 22},
            "network": {"transport": "tcp"},
            "aws": {"vpcflow": {"vpc_id": "vpc-0a1b2c", "reject_reason": "BPA"}},
        }
        assert document(SHORT_LINE)["event"]["dataset"] == "aws.vpcflow"

    def test_a_format_that_begins_as_the_default_one_adds_its_fields(self) -> None:
        assert takers(LONGER_LINE) == ["vpc_flow_custom"]
        flow_formats.configure(())
        default = content(DEFAULT_LINE)
        flow_formats.configure(FORMATS)
        longer = content(LONGER_LINE)
        added = {"vpc_id": "vpc-0a1b2c", "subnet_id": "subnet-0d4e5f", "tcp_flags": "19"}
        assert longer["aws"]["vpcflow"] == default["aws"]["vpcflow"] | added
        assert {**longer, "aws": 0} == {**default, "aws": 0}

    @pytest.mark.parametrize("line", [DEFAULT_LINE, NO_DATA])
    def test_a_line_of_the_default_format_is_one_whatever_is_configured(self, line: str) -> None:
        assert takers(line) == ["vpc_flow"]
        with_formats = content(line)
        flow_formats.configure(())
        assert content(line) == with_formats

    def test_as_many_columns_as_the_default_format_are_told_by_what_is_in_them(self) -> None:
        line = DEFAULT_LINE.replace("10.0.1.5", "vpc-0a1b2c")
        assert takers(line) == ["vpc_flow_custom"]
        event = content(line)
        assert (event["aws"]["vpcflow"]["vpc_id"], event["source"]) == ("vpc-0a1b2c", {"port": 40022})

    def test_of_two_formats_that_fit_the_first_counts(self) -> None:
        assert content("10.0.1.5 10.0.2.9 euc1-az1 ACCEPT")["cloud"] == {"region": "euc1-az1"}
        flow_formats.configure((OTHER_WORDS, WORDS))
        assert content("10.0.1.5 10.0.2.9 euc1-az1 ACCEPT")["cloud"] == {"availability_zone": "euc1-az1"}

    @pytest.mark.parametrize(
        "line",
        [
            SHORT_LINE + " 1",
            SHORT_LINE.rpartition(" ")[0],
            SHORT_LINE.replace("REJECT", "DROP"),
            SHORT_LINE.replace("203.0.113.9", "host"),
            SHORT_LINE.replace("1763984400", "-"),
            SHORT_LINE.replace("1763984400", "176398440"),
            SHORT_LINE.replace("vpc-", "subnet-"),
            SHORT_LINE.replace(" ", "  ", 1),
            "- - - -",
            "- - eu-central-1 -",
        ],
    )
    def test_what_does_not_fit_in_one_column_is_of_no_format(self, line: str) -> None:
        assert takers(line) == []
        found = alone(line.encode())
        assert isinstance(found, Rejected)
        assert (found.reason, found.original) == ("unrecognised", line.encode())

    def test_a_dash_stands_for_nothing_in_any_column_that_may_have_none(self) -> None:
        event = content("1763984400 1763984459 vpc-0a1b2c - - - - - -")
        assert "source" not in event
        assert "destination" not in event
        assert (event["event"]["outcome"], event["aws"]) == ("unknown", {"vpcflow": {"vpc_id": "vpc-0a1b2c"}})

    @pytest.mark.parametrize("name", ["vpc_flow", "vpc_flow_custom"])
    @pytest.mark.parametrize("line", [SHORT_LINE, LONGER_LINE])
    def test_whichever_of_the_types_is_named_the_event_is_the_same(self, name: str, line: str) -> None:
        assert content(named(name, line)) == content(line)

    def test_a_named_line_that_fits_nowhere_is_read_by_its_length_and_nothing_is_lost(self) -> None:
        event = content(named("vpc_flow_custom", SHORT_LINE.replace("203.0.113.9", "gateway").replace("REJECT", "DROP")))
        assert event["aws"]["vpcflow"]["other"] == {"dstaddr": "gateway", "action": "DROP"}
        assert event["source"] == {"ip": "2001:db8::5"}

    @pytest.mark.parametrize("line", [DEFAULT_LINE, NO_DATA, LONGER_LINE, SHORT_LINE])
    def test_both_ways_to_an_event_make_the_same(self, line: str) -> None:
        kinesis: Any = {"approximateArrivalTimestamp": AT.arrival_ms / 1_000}
        record: Any = {"kinesis": kinesis, "eventSourceARN": f"arn:aws:kinesis:x:1:stream/{AT.stream}"}
        record["eventID"] = f"{AT.shard}:{AT.sequence}"
        found = PlainRecords("default").body(record, line.encode())
        long_way = alone(line.encode())
        assert isinstance(long_way, Event)
        assert found is not None
        assert {**orjson.loads(found), "event": 0} == {**orjson.loads(long_way.body), "event": 0}


def test_no_line_is_of_a_format_where_none_is_configured() -> None:
    assert takers(SHORT_LINE) == []
    assert takers(LONGER_LINE) == ["vpc_flow"]
    found = alone(LONGER_LINE.encode())
    assert isinstance(found, Rejected)
    assert found.detail.startswith("line: 17 fields, but a flow log record of default order has one of 14, 21, ")


def test_the_configuration_knows_the_fields_of_the_functions() -> None:
    assert dict(configured.FIELDS) == dict(flow_formats.FIELDS)


@pytest.mark.parametrize(("names", "unknown"), [("srcaddr source", "source"), ("", "nothing")])
def test_a_format_of_unknown_fields_is_refused(names: str, unknown: str) -> None:
    with pytest.raises(ValueError, match=f"{unknown} is no field of a VPC flow log"):
        flow_formats.configure((names,))


def headed(names: tuple[str, ...], line: str) -> str:
    return f"#Fields: {' '.join(names)}\n{line}"


@pytest.mark.parametrize("sample", samples_of("vpc_flow"), ids=lambda sample: sample.case)
def test_a_flow_log_record_under_its_names_is_the_event_of_the_default_order(sample: Any) -> None:
    columns = len(sample.record.split(" "))
    assert columns in FLOW_COUNTS
    assert content(headed(FLOW[:columns], sample.record)) == sample.event
    # And so it is where it is the other type that is named.
    assert content(named("vpc_flow", headed(FLOW[:columns], sample.record))) == sample.event


@pytest.mark.parametrize("name", ["iis", "cloudfront"])
def test_a_line_under_its_names_is_the_event_of_the_usual_order(name: str) -> None:
    compared = 0
    for sample in samples_of(name):
        if sample.record.startswith("#"):
            continue
        values = len(sample.record.split("\t" if "\t" in sample.record else " "))
        usual = CLOUDFRONT if name == "cloudfront" else IIS_7 if values == len(IIS_7) else IIS
        assert takers(headed(usual, sample.record)) == [name]
        if values == len(usual):
            assert content(headed(usual, sample.record)) == content(sample.record)
            compared += 1
    assert compared >= 2


@pytest.mark.parametrize(
    "record",
    [
        "#Fields: srcaddr dstaddr start",
        "#Fields: tgw-id srcaddr dstaddr\ntgw-1 10.0.0.1 10.0.0.2",
        "#Fields: date time cs-method cs-uri\n2025-11-24 09:15:02 GET /",
        "#Fields:\n10.0.0.1",
        "#Software: Microsoft Internet Information Services 10.0\n1",
    ],
)
def test_a_header_alone_and_columns_of_no_type_are_nobodys(record: str) -> None:
    assert takers(record) == []


@given(
    st.permutations(FLOW).flatmap(lambda names: st.integers(1, len(names)).map(lambda count: names[:count])),
    st.lists(st.sampled_from(["-", "6", "10.0.0.1", "::1", "1763984400", "ACCEPT", "OK", "eni-1", "x"]) | st.text(max_size=4)),
)
def test_any_line_under_any_names_is_an_event_or_malformed(names: list[str], values: list[str]) -> None:
    found = alone(named("vpc_flow_custom", headed(tuple(names), " ".join(values))))
    if isinstance(found, Rejected):
        assert (found.reason, found.type) == ("malformed", "vpc_flow_custom")
        assert found.detail.startswith("start: ")
    else:
        assert orjson.loads(found.body)["event"]["dataset"] == "aws.vpcflow"
