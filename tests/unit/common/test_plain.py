"""The short ways, of a plain record and of a log event in a subscription, lead to the event of the long way."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from common import recognise, source
from common.finish import Finisher
from common.ids import log_event_id
from common.logtype import LineType, ObjectType
from common.logtypes import TYPES
from common.logtypes.samples import samples_of
from common.model import Event, Given, Rejected
from common.plain import PlainRecords
from common.recognise import Normaliser
from common.source import KinesisRecord
from producers.generator import Generator, Scenario
from tests.unit.logtypes.nearly import nearly
from tests.unit.logtypes.schemas import Held

NORMALISER, PLAIN = Normaliser(default_tenant="acme"), PlainRecords("acme")
FINISHER = Finisher(
    [
        {
            "types": [],
            "drop": ["event.category", "event.type"],
            "mask": ["source", "user", "cloud", "http"],
            "labels": {"team": "a"},
        }
    ]
)
SAMPLES = [sample.record for name in TYPES for sample in samples_of(name)]
CONTENTS = [record.encode() if isinstance(record, str) else orjson.dumps(record) for record in SAMPLES]
QUICK_OBJECTS = {name: found.quick for name, found in TYPES.items() if isinstance(found, ObjectType) and found.quick}
#: What may stand where a value is expected, some of it no JSON and one a field that is there twice.
TOKENS = [
    *(b"null", b"true", b"false", b"0", b"-0", b"-1", b"1.0", b"1.5", b"1E3", b" 1 ", b"1689306530123.0"),
    *(b'""', b'"-"', b'"text"', b'"a\\u0041\\/\\n\\u0000"', b'"\xc3\xa9"', b'"\\ud83d\\ude00"', b'"' + b"x" * 3_000 + b'"'),
    *(b'"aws:s3"', b'"AwsConsoleSignIn"', b'"2001:db8::1"', b'"2024-02-30T00:00:00Z"', b'"AccessDenied"', b'"CreateThing"'),
    *(b"{}", b"[]", b'{"a":{"b":null}}', b'{"a":1,"a":2}', b'["a",1]', b'[{"name":"a"},{"name":"Host","value":"b"}]', b"[null]"),
    *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"-9223372036854775809", b"1e999", b"9" * 5_000),
    *(b"NaN", b"-Infinity", b"01", b"", b'"\\ud800"', b'"\\x"', b'"\xff"', b'"\xed\xa0\x80"', b'"\x01"'),
    *(b"[" * depth + b"]" * depth for depth in (40, 127, 245, 247, 249, 251, 253, 300, 1_100)),
    *(b'null,"eventName":"Other"', b'null,"action":"COUNT"', b'null,"unknown":[1]', b'null,"userIdentity":{"type":"Root"}'),
]
#: What may stand at each place of a syslog line.
SYSLOG: list[list[str]] = [
    ["", "<0>", "<08>", "<13>", "<191>", "<192>", "<13>1 ", "<14>2 ", "1 "],
    [
        "Nov 23 07:59:58 ",
        "Nov  3 2026 07:59:58.25 ",
        "Feb 30 07:59:58 ",
        "2026-11-23T07:59:58.003Z ",
        "2026-13-23T08:59:58Z ",
        "- ",
        "",
    ],
    ["host-1 ", "2001:db8::1 ", "- ", "info ", "h\xe9 ", 'a"b ', "host: ", ": ", ""],
    ["cron", "sshd", "haproxy", "dhclient(eth0)", "a/b", "-", 'a"b', "a\\b", ""],
    ["[17]: ", "[017]: ", "[x]: ", ": ", ":", " 17 ID47 ", " - - ", " x - ", " 9999999999999999999 - "],
    ["", "- ", '[a b="c"] ', '[a b="c" b="d\\"" b="\\]\\n"][e] ', '[a b="', "\ufeff", "- \ufeff"],
    ["", "x", '"\\\n\x00', "pam_unix(a:b): c", "192.0.2.1:80 [23/Nov/2026:07:59:58.655] http app/a 1/2/3 4 -- 1/1/1/1/0 0/0"],
]


def record(data: bytes) -> KinesisRecord:
    return {
        "kinesis": {
            "partitionKey": "key",
            "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": 1_795_420_800.25,
        },
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "eventSourceARN": "arn:aws:kinesis:eu-central-1:111122223333:stream/weir-dev-raw",
    }


def subscription(message: str) -> bytes:
    log_events = [{"id": "1", "timestamp": 1_722_375_081_500, "message": message}]
    source = {"owner": "111122223333", "logGroup": "g", "logStream": "s"}
    return orjson.dumps({"messageType": "DATA_MESSAGE", **source, "logEvents": log_events})


def comparable(found: list[Event | Rejected]) -> list[object]:
    return [(item.id, orjson.loads(item.body), item.partition_key) if isinstance(item, Event) else item for item in found]


def same_in_a_subscription(data: bytes) -> None:
    """A log event becomes what it becomes when it is sent again by itself, which is the long way."""
    try:
        message = data.decode()
    except UnicodeDecodeError:
        return
    at = source.coordinates(record(data))
    told = Given("acme", None, log_event_id(1_722_375_081_500, "111122223333", "g", "s", "1"), 1_722_375_081_500)
    held = NORMALISER.normalise(subscription(message), at)
    assert comparable(held) == comparable(NORMALISER.normalise(data, at.within(0), told))


def same(data: bytes) -> bool:
    """Whether the short way is taken; if so, it is checked."""
    same_in_a_subscription(data)
    short = PLAIN.body(record(data), data)
    if short is None:
        return False
    held = Held()
    (event,) = Normaliser(default_tenant="acme", finish=held).normalise(data, source.coordinates(record(data)))
    assert isinstance(event, Event)
    assert orjson.loads(short) == orjson.loads(event.body)
    assert held.wrong == []
    assert event.id == orjson.loads(short)["event"]["id"]
    return True


def enveloped(name: str) -> list[dict[str, Any]]:
    """Envelopes around the type's samples, the message as it is and as JSON."""
    records = [found.record for found in samples_of(name)]
    contents = [held.get("message", held) if is_enveloped(held) else held for held in records]
    texts = [orjson.dumps(content).decode() for content in contents if isinstance(content, dict)]
    return [{"type": name, "message": message} for message in [*contents, *texts]]


def is_enveloped(content: Any) -> bool:
    return isinstance(content, dict) and content.get("type") in TYPES


@pytest.mark.parametrize("name", TYPES)
def test_envelopes_around_samples_take_the_short_way(name: str) -> None:
    envelopes = enveloped(name)
    taken = [same(orjson.dumps(envelope)) for envelope in envelopes]
    # EventBridge's events say themselves what they are: named, they go the long way.
    assert any(taken) or all("detail-type" in found.record for found in samples_of(name))
    named = [same(orjson.dumps({"tenant": "other_1.a", **envelope})) for envelope in envelopes]
    assert named == taken


def test_an_export_of_one_record_takes_the_short_way() -> None:
    logs = {"scope": {"name": "orders"}, "logRecords": [{"timeUnixNano": "1772355600123456789", "body": {"stringValue": "one"}}]}
    export = {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [logs]}]}
    assert same(orjson.dumps(export))
    for others in (b"[]", b"[7]", b"[{},{}]"):
        several = {"resourceLogs": [{"scopeLogs": [{"logRecords": orjson.loads(others)}]}]}
        assert PLAIN.body(record(b""), orjson.dumps(several)) is None
    assert PLAIN.body(record(b""), orjson.dumps({"resourceLogs": 7})) is None


def test_an_envelope_names_the_tenant_of_its_event_alone() -> None:
    plain = PlainRecords("acme")
    for tenant in ("a", None, "b", "acme", "a"):
        told = {} if tenant is None else {"tenant": tenant}
        data = orjson.dumps({**told, "type": "app", "level": "info", "message": "m"})
        body = plain.body(record(data), data)
        assert body is not None
        document = orjson.loads(body)
        assert document["tenant"] == (tenant or "acme")
        assert document["@timestamp"] == document["event"]["ingested"] == "2026-11-23T08:00:00.250Z"
        assert document["event"]["id"] == source.coordinates(record(data)).id()


def test_rules_of_the_tenant_that_an_envelope_names_are_applied() -> None:
    finisher = Finisher([{"types": [], "tenants": ["other"], "labels": {"team": "b"}}])
    for tenant, labels in (("other", {"team": "b"}), ("acme", None)):
        data = orjson.dumps({"tenant": tenant, "type": "app", "level": "info", "message": "m"})
        body = PlainRecords("acme", finisher).body(record(data), data)
        assert body is not None
        assert orjson.loads(body).get("labels") == labels


MESSAGES = st.one_of(
    st.sampled_from(SAMPLES),
    st.sampled_from(SAMPLES).map(lambda found: orjson.dumps(found).decode()),
    st.sampled_from([None, "", " ", "m", "{", " {}\n", 1, True, [], {}, ["m"], "\xa0", {"type": "app", "message": "m"}]),
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(list(TYPES)), st.sampled_from(["app", "syslog", "", "none", None, 1, [], {}, True])),
        "tenant": st.sampled_from(["other", "acme", "a" * 63, "a" * 64, "Other", "", "a b", "\xe9", None, 1, [], {}, "other\n"]),
        "message": MESSAGES,
        "time": st.sampled_from([1_795_420_800, "2026-11-23T08:00:00Z", None, "x", {}]),
        "timestamp": st.sampled_from([1_795_420_800_000, "2026-11-23T08:00:00Z", None, "x"]),
        "id": st.sampled_from(["x", "x" * 600, "", None, 7]),
        "level": st.sampled_from(["info", 1, None]),
        "detail-type": st.sampled_from(["GuardDuty Finding", None]),
        "detail": st.sampled_from([{}, None, {"id": "x"}]),
        "messageType": st.just("CONTROL_MESSAGE"),
        "logEvents": st.sampled_from([[], None]),
    },
)


@given(ENVELOPES, st.randoms(use_true_random=False))
def test_envelopes_with_odd_parts(envelope: dict[str, Any], rng: random.Random) -> None:
    keys = list(envelope)
    rng.shuffle(keys)
    written = {key: envelope[key] for key in keys}
    same(orjson.dumps(written))
    same(orjson.dumps({"tenant": "other", "message": written}))
    same(orjson.dumps({"tenant": "other", "message": orjson.dumps(written).decode()}))


def test_nearly_all_traffic_takes_the_short_way() -> None:
    traffic = Generator(1, Scenario(start=1_795_420_800, seconds=60)).take(3_000, 1_795_420_800)
    taken = [same(sample.data) for sample in traffic]
    assert sum(taken) > 0.9 * len(taken)


def test_what_eventbridge_brings_takes_the_short_way_but_for_lists_of_events() -> None:
    brought = [data for data in CONTENTS if data.startswith(b"{") and b'"detail-type":' in data]
    lists = [data for data in brought if b'"detail":{"findings":[' in data]
    assert len(brought) > 20
    assert [same(data) for data in brought] == [data not in lists for data in brought]


@pytest.mark.parametrize("data", CONTENTS)
def test_samples_of_every_type(data: bytes) -> None:
    same(data)


@pytest.mark.parametrize("data", CONTENTS)
def test_rules_make_the_same_of_an_event_on_both_ways_and_nothing_of_others(data: bytes) -> None:
    at = source.coordinates(record(data))
    before = PLAIN.body(record(data), data)
    finished = PlainRecords("acme", FINISHER).body(record(data), data)
    if finished is not None:
        (event,) = Normaliser(default_tenant="acme", finish=FINISHER.finish).normalise(data, at)
        assert isinstance(event, Event)
        document = orjson.loads(finished)
        assert document == orjson.loads(event.body)
        assert (document["labels"], document.get("cloud", {}).get("provider", "***")) == ({"team": "a"}, "***")
        assert document["event"].keys().isdisjoint(("category", "type"))
    assert PLAIN.body(record(data), data) == before


@given(st.randoms(use_true_random=False))
def test_records_of_all_types_mixed_are_told_apart(rng: random.Random) -> None:
    """Whatever came before a record, it is what it is."""
    plain = PlainRecords("acme")
    for data in rng.sample(CONTENTS, 60):
        body = plain.body(record(data), data)
        assert body == PlainRecords("acme").body(record(data), data)


@given(st.tuples(*map(st.sampled_from, SYSLOG)))
def test_lines_of_syslogs_parts(parts: tuple[str, ...]) -> None:
    same("".join(parts).encode())


@given(st.sampled_from(CONTENTS), st.data())
def test_samples_with_a_piece_replaced(data: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(len(data), start + 12)))
    piece = draw.draw(
        st.sampled_from([b"", b" ", b'"', b"\\", b"-", b"0", b"\n", b"\xff", b"\x00", b"\xc3\xa9", b"99999999999999999999"])
    )
    same(data[:start] + piece + data[end:])


@pytest.mark.parametrize(
    "name", [name for name, found in TYPES.items() if isinstance(found, LineType) and (found.parse_match or found.quick)]
)
@given(data=st.data())
def test_lines_with_other_pieces(name: str, data: st.DataObject) -> None:
    line = data.draw(nearly(data.draw(st.sampled_from([sample.record for sample in samples_of(name)]))))
    same(line.encode())


def generated(name: str) -> list[bytes]:
    traffic = Generator(1, Scenario(start=1_795_420_800, seconds=60)).take(3_000, 1_795_420_800)
    return [sample.data for sample in traffic if sample.type == name and sample.data.startswith(b'{"eventVersion"')]


def objects_of(name: str) -> list[dict[str, Any]]:
    found = [sample.record for sample in samples_of(name) if isinstance(sample.record, dict)]
    return found + [orjson.loads(data) for data in generated(name)[:3]]


OBJECTS = {name: objects_of(name) for name in QUICK_OBJECTS}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in `value` where a value stands: what holds it, and its key there."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@pytest.mark.parametrize("name", QUICK_OBJECTS)
@given(data=st.data())
def test_quick_objects_with_values_replaced(name: str, data: st.DataObject) -> None:
    content = json.loads(json.dumps(data.draw(st.sampled_from(OBJECTS[name]))))
    tokens = data.draw(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3))
    # A number no one can hold is refused, but not looked at in an object that another of the same name replaces.
    assume(not (b"1e999" in tokens and any(token.startswith(b'null,"userIdentity"') for token in tokens)))
    for number in range(len(tokens)):
        holder, key = data.draw(st.sampled_from(list(places(content))))
        holder[key] = f"token {number}"
    separators = data.draw(st.sampled_from([(",", ":"), (", ", ": "), ("\n,\t", " :\r\n")]))
    written = json.dumps(content, separators=separators, sort_keys=data.draw(st.booleans())).encode()
    for number, token in enumerate(tokens):
        written = written.replace(b'"token %d"' % number, token)
    same(written)


@pytest.mark.parametrize("name", QUICK_OBJECTS)
@given(data=st.data())
def test_quick_objects_with_values_left_out(name: str, data: st.DataObject) -> None:
    content = json.loads(json.dumps(data.draw(st.sampled_from(OBJECTS[name]))))
    for _ in range(data.draw(st.integers(1, 4))):
        if found := [place for place in places(content) if isinstance(place[0], dict)]:
            holder, key = data.draw(st.sampled_from(found))
            del holder[key]
    same(orjson.dumps(content))


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("name", QUICK_OBJECTS)
def test_every_value_of_a_usual_object_replaced(name: str, token: bytes) -> None:
    usual = OBJECTS[name][0]
    for number in range(len(list(places(usual)))):
        content = json.loads(json.dumps(usual))
        holder, key = list(places(content))[number]
        holder[key] = "token"
        same(orjson.dumps(content).replace(b'"token"', token))


def test_generated_cloudtrail_records_are_all_quick() -> None:
    plain = generated("cloudtrail")
    quick = QUICK_OBJECTS["cloudtrail"]
    assert len(plain) > 100
    assert [data for data in plain if quick(data) is None] == []


@pytest.mark.parametrize("name", QUICK_OBJECTS)
def test_usual_objects_in_a_subscription_are_not_read_field_by_field(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = [orjson.dumps(content) for content in OBJECTS[name]]
    usual = [data for data in usual if QUICK_OBJECTS[name](data) is not None]
    assert len(usual) >= 2
    read: list[str] = []

    def note(line: str) -> Any:
        read.append(line)
        return orjson.loads(line)

    monkeypatch.setattr(recognise, "_json", note)
    for data in usual:
        whole = subscription(data.decode())
        (event,) = NORMALISER.normalise(whole, source.coordinates(record(whole)))
        assert isinstance(event, Event)
        assert orjson.loads(event.body)["event"]["dataset"] == TYPES[name].dataset
    assert read == [subscription(data.decode()).decode() for data in usual]


def test_usual_objects_in_a_subscription_are_finished_by_the_rules() -> None:
    data = orjson.dumps(OBJECTS["waf"][0])
    assert QUICK_OBJECTS["waf"](data) is not None
    finished = Normaliser(default_tenant="acme", finish=FINISHER.finish)
    (event,) = finished.normalise(subscription(data.decode()), source.coordinates(record(data)))
    assert isinstance(event, Event)
    assert orjson.loads(event.body)["labels"] == {"team": "a"}


@pytest.mark.parametrize("name", QUICK_OBJECTS)
def test_quick_objects_begin_as_their_type_says(name: str) -> None:
    log_type = TYPES[name]
    assert isinstance(log_type, ObjectType)
    usual = [content for content in OBJECTS[name] if QUICK_OBJECTS[name](orjson.dumps(content)) is not None]
    assert len(usual) >= 2
    for content in usual:
        assert orjson.dumps(content, option=orjson.OPT_SORT_KEYS).startswith(log_type.openings)


@pytest.mark.parametrize(
    "data",
    [
        b'{"app":"shop","level":"info","message":"m","a":' + b"[" * 300 + b"]" * 300 + b"}",
        b"  ",
        b"",
        b"{",
        b"{}",
        b"\xff",
        b'{"type":"vpc_flow","message":"2"}',
        b'{"tenant":"Other","type":"app","level":"info","message":"m"}',
        b'{"tenant":null,"type":"app","level":"info","message":"m"}',
        b'{"tenant":"other","message":""}',
        b'{"type":"vpc_flow"}',
        b'{"type":"vpc_flow","message":{"message":"2"}}',
        b'{"type":"guardduty","message":"a line"}',
        b'{"type":"guardduty","message":"{"}',
        b'{"type":"unknown","tenant":"other","message":"m"}',
        b'{"tenant":"other","message":{"messageType":"DATA_MESSAGE","logEvents":[]}}',
        b'{"type":"app","message":{"detail-type":"GuardDuty Finding","detail":{}}}',
        b'{"type":"cloudtrail","message":{"Records":[{}]}}',
        b'{"weir.resent":{}}',
        b'{"messageType":"DATA_MESSAGE","logEvents":[]}',
        b'{"detail-type":"GuardDuty Finding","detail":{}}',
        b'{"Records":[]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"m"}},{"body":{"stringValue":"n"}}]}]}]}',
    ],
)
def test_what_is_no_plain_record_takes_the_long_way(data: bytes) -> None:
    assert PLAIN.body(record(data), data) is None
