"""Whatever the bytes: an answer, never an exception, and never a byte lost."""

from __future__ import annotations

import gzip

import orjson
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from common.logtypes import TYPES
from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser
from lake.columns import JSON_KEYS, all_columns
from localrun.delivery.deserializer import OpenXJson, row_reader
from localrun.delivery.hive_types import arrow_type
from tests.unit.logtypes.schemas import Held

AT = Coordinates("s", "shardId-000000000000", "1", 1_795_420_800_250, "0", "key")
#: Reads an event as Firehose does for the lake; raises what would send it to the failed prefix.
AS_ROWS = row_reader(
    OpenXJson(case_insensitive=False, mappings=JSON_KEYS),
    pa.schema([pa.field(name, arrow_type(kind)) for name, kind in all_columns().items()]),
)

#: Keys and values near those the parsers look for, so that the search gets past recognition.
KEYS = st.sampled_from(
    [
        *("type", "tenant", "message", "detail-type", "detail", "id", "Records", "messageType", "logEvents"),
        *("eventVersion", "eventID", "eventSource", "eventName", "eventTime", "userIdentity", "sessionContext", "resources"),
        *("schemaVersion", "service", "severity", "updatedAt", "action", "awsApiCallAction", "remoteIpDetails", "geoLocation"),
        *("SchemaVersion", "Service", "Severity", "Type", "timestamp", "level", "log", "http", "error", "insightDetails"),
    ]
)
WORDS = st.sampled_from(
    ["app", "alb", "vpc_flow", "cloudtrail", "guardduty", "info", "2024-07-30T21:31:21Z", "1.2.3.4", "DATA_MESSAGE", "{}"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=8), max_leaves=25
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=10)
TOKENS = st.sampled_from(
    [
        "2",
        "123456789012",
        "eni-1",
        "-",
        "1.2.3.4",
        "::1",
        "1",
        "OK",
        "ACCEPT",
        "http",
        "2024-07-30T21:31:21Z",
        '"',
        '"-"',
        "app/x",
    ]
)
LINES = st.lists(TOKENS | st.text(max_size=5), max_size=32).map(" ".join)


def answered(data: bytes, default_type: str | None = None) -> list[Event | Rejected]:
    held = Held()
    normaliser = Normaliser(default_tenant="default", default_type=default_type, finish=held)
    found = normaliser.normalise(data, AT)
    assert normaliser.normalise(data, AT) == found
    assert held.wrong == []
    for item in found:
        if isinstance(item, Event):
            document = orjson.loads(item.body)
            assert document["event"]["id"] == item.id
            assert 1 <= len(item.id.encode()) <= 512
            assert document["event"]["dataset"] in {log_type.dataset for log_type in TYPES.values()}
            assert document["event"]["ingested"] == "2026-11-23T08:00:00.250Z"
            assert document["@timestamp"].endswith("Z")
            assert document["tenant"]
            assert len(AS_ROWS(item.body)) == 1  # it fits the lake's table
        else:
            assert isinstance(item, Rejected)
            assert orjson.loads(item.body("normalise"))["reason"] in ("unrecognised", "malformed", "too_large", "corrupt")
    return found


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    (found,) = answered(data)
    assert isinstance(found, Rejected)
    assert found.original == data


@given(st.binary(max_size=200))
def test_any_bytes_that_begin_like_a_container(data: bytes) -> None:
    for beginning in (b"\xf3\x89\x9a\xc2", b"\x1f\x8b", b"{", b"2 123456789012 eni-", b"http 2024-01-01T"):
        (found,) = answered(beginning + data)
        assert isinstance(found, Rejected)
        assert found.original == beginning + data


@given(LINES, st.sampled_from(sorted(TYPES)))
def test_any_line_under_any_default_type(line: str, name: str) -> None:
    found = answered(line.encode(), name)
    assert [item.original for item in found if isinstance(item, Rejected)] in ([], [line.encode()])
    assert len(found) == 1


@given(OBJECTS, st.sampled_from(sorted(TYPES)))
def test_any_object_under_any_default_type(content: dict[str, object], name: str) -> None:
    data = orjson.dumps(content)
    found = answered(gzip.compress(data), name)
    assert found or content.get("messageType") == "CONTROL_MESSAGE"


@given(st.lists(st.text(max_size=30) | OBJECTS.map(lambda content: orjson.dumps(content).decode()), min_size=1, max_size=6))
def test_every_log_event_of_a_subscription_is_accounted_for(messages: list[str]) -> None:
    log_events = [{"id": str(index), "timestamp": 1, "message": message} for index, message in enumerate(messages)]
    found = answered(
        orjson.dumps({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": log_events})
    )
    rejected = [item for item in found if isinstance(item, Rejected)]
    for index, message in enumerate(messages):
        whole = [item for item in rejected if item.at == AT.within(index)]
        assert [item.original for item in whole] in ([], [message.encode()])


@given(st.text(max_size=64))
def test_a_tenant_is_taken_as_it_is_or_not_at_all(tenant: str) -> None:
    (found,) = answered(orjson.dumps({"type": "app", "tenant": tenant, "message": "x"}))
    assert orjson.loads(found.body)["tenant"] == tenant if isinstance(found, Event) else found.tenant == "default"
