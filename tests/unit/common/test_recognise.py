"""What wraps an event is taken off, what it is is recognised, and nothing is lost on the way."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from importlib.machinery import FileFinder
from pathlib import Path
from pkgutil import ModuleInfo
from typing import Any

import orjson
import pytest

from common import inflate, logtypes
from common.ids import log_event_id
from common.logtypes import OBJECT_TYPES, TYPES
from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser
from tests.unit.common.conftest import Document, Normalise

FLOW = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
LOG = {"timestamp": "2024-07-30T21:31:21Z", "level": "info", "message": "hello"}
TRAIL = {
    "eventVersion": "1.11",
    "eventTime": "2024-07-30T21:31:21Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "eventID": "trail-1",
}


def subscription(*messages: object, **changes: Any) -> dict[str, Any]:
    log_events = [{"id": f"id-{index}", "timestamp": 1722375081500, "message": text} for index, text in enumerate(messages)]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "/aws/vpc",
        "logStream": "eni",
        "subscriptionFilters": ["weir"],
        "logEvents": log_events,
    } | changes


def datasets(found: list[Event | Rejected]) -> list[str]:
    return [orjson.loads(item.body)["event"]["dataset"] if isinstance(item, Event) else item.reason for item in found]


def test_the_types_are_the_files_and_the_loose_one_is_asked_last() -> None:
    files = sorted(path.stem for path in Path(logtypes.__file__).parent.glob("*.py") if path.stem != "__init__")
    assert sorted(TYPES) == files
    assert [found.name for found in OBJECT_TYPES][-1] == "app"


def test_two_files_cannot_claim_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = [ModuleInfo(FileFinder("."), "alb", False)] * 2
    monkeypatch.setattr(logtypes, "iter_modules", lambda _: twice)
    with pytest.raises(ValueError, match=r"logtypes/alb\.py: the name 'alb' is taken"):
        logtypes.discover()


@pytest.mark.parametrize("settings", [{"default_type": "nothing"}, {"default_tenant": "Acme"}, {"default_tenant": ""}])
def test_impossible_defaults_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        Normaliser(**{"default_tenant": "default", **settings})


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  "])
def test_white_space_around_a_record_does_not_count(end: str, document: Callable[..., Document]) -> None:
    assert document(FLOW + end)["event"]["dataset"] == "aws.vpcflow"
    assert document(f"{end}{orjson.dumps(LOG).decode()}{end}")["event"]["dataset"] == "app"


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"", "unrecognised", "an empty record"),
        (b" \r\n\t", "unrecognised", "an empty record"),
        (b"27 March, host, sshd: hello", "unrecognised", "a line of no known shape: '27 March"),
        (b"\xff\xfe\x00", "unrecognised", "byte 0 is 0xff"),
        (b'{"a": 1', "malformed", "JSON: "),
        (b'{"a": NaN}', "malformed", "JSON: "),
        (b'{"a": 1} {"b": 2}', "malformed", "JSON: "),
        (b"{}", "unrecognised", "with no key"),
        (b'{"a":1,"b":2}', "unrecognised", "with a, b"),
        (b"[1]", "unrecognised", "a line of no known shape"),
        (b'{"Records":[]}', "malformed", "Records: an empty list"),
        (b'{"logEvents":[],"messageType":"DATA_MESSAGE"}', "malformed", "logEvents: "),
        (b'{"detail-type":"GuardDuty Finding","detail":"x"}', "malformed", "expected a JSON object, found str"),
        (b'{"detail-type":"Other","source":"x","detail":{"state":"x"}}', "unrecognised", "with state"),
        (b'{"level":"info","message":"deep","x":' + b"[" * 300 + b"]" * 300 + b"}", "malformed", "Recursion limit"),
        (b'{"level":"info","message":"big","x":123456789012345678901234567890}', None, ""),
    ],
)
def test_what_cannot_be_understood_is_kept_whole(
    content: bytes, reason: str | None, detail: str, normalise: Normalise, at: Coordinates
) -> None:
    (found,) = normalise(content)
    if reason is None:
        assert isinstance(found, Event)
        return
    assert isinstance(found, Rejected)
    assert (found.reason, found.original, found.at, found.tenant) == (reason, content, at, "default")
    assert detail in found.detail


def test_a_retry_makes_the_same_events_and_a_copy_elsewhere_another(normalise: Normalise, at: Coordinates) -> None:
    record = gzip.compress(orjson.dumps(subscription(FLOW, FLOW, orjson.dumps(LOG).decode())), mtime=0)
    first, again = normalise(FLOW) + normalise(record), normalise(FLOW) + normalise(record)
    assert first == again
    (elsewhere,) = normalise(FLOW, at._replace(sequence="1"))
    ids = [found.id for found in [*first, elsewhere] if isinstance(found, Event)]
    assert len(set(ids)) == len(ids) == 5


def test_an_event_keeps_the_partition_key_of_its_record(normalise: Normalise, at: Coordinates) -> None:
    assert [found.partition_key for found in normalise(subscription(FLOW, FLOW)) if isinstance(found, Event)] == ["key", "key"]


class TestEnvelope:
    @pytest.mark.parametrize(
        "envelope",
        [
            {"type": "vpc_flow", "tenant": "acme.eu", "message": FLOW},
            {"type": "vpc_flow", "tenant": "acme.eu", "message": FLOW + "\n"},
            {"tenant": "acme.eu", "message": FLOW},
            {"type": "app", "tenant": "acme.eu", "message": LOG},
            {"type": "app", "tenant": "acme.eu", "message": orjson.dumps(LOG).decode()},
            {"type": "app", "tenant": "acme.eu", **LOG},
            {"type": "app", "tenant": "acme.eu", "message": "just text"},
            {"tenant": "acme.eu", "message": LOG},
            {"type": "cloudtrail", "tenant": "acme.eu", "message": TRAIL},
            {"type": "cloudtrail", "tenant": "acme.eu", "message": orjson.dumps(TRAIL).decode()},
            {"type": "cloudtrail", "tenant": "acme.eu", "message": {"detail-type": "x", "detail": TRAIL}},
            {"tenant": "acme.eu", "message": {"Records": [TRAIL]}},
            {"tenant": "acme.eu", "message": subscription(FLOW)},
        ],
    )
    def test_names_tenant_and_type(self, envelope: dict[str, Any], document: Callable[..., Document]) -> None:
        found = document(envelope)
        assert found["tenant"] == "acme.eu"
        assert found["event"]["dataset"] == TYPES[envelope["type"]].dataset if "type" in envelope else True

    def test_a_plain_text_message_is_an_application_s(self, document: Callable[..., Document]) -> None:
        found = document({"type": "app", "message": "just text", "level": "warn", "host": "h1"})
        assert (found["message"], found["log"], found["app"]) == ("just text", {"level": "warn"}, {"host": "h1"})

    @pytest.mark.parametrize("tenant", ["Acme", "a" * 64, "", "a/b", "_a", "a\n", 7, None, ["a"]])
    def test_an_impossible_tenant_is_malformed(self, tenant: object, rejected: Callable[..., Rejected]) -> None:
        refused = rejected({"type": "vpc_flow", "tenant": tenant, "message": FLOW})
        assert (refused.reason, refused.tenant) == ("malformed", "default")
        assert refused.detail.startswith("tenant: ")

    @pytest.mark.parametrize(
        "envelope",
        [{"type": "nginx", "tenant": "acme", "x": 1}, {"type": "nginx", "message": "line"}, {"type": 7, "tenant": "acme"}],
    )
    def test_an_unknown_type_is_unrecognised_and_the_known_ones_are_told(
        self, envelope: dict[str, Any], rejected: Callable[..., Rejected]
    ) -> None:
        refused = rejected(envelope)
        assert (refused.reason, refused.type, refused.tenant) == ("unrecognised", None, envelope.get("tenant", "default"))
        _, _, told = refused.detail.partition(" is not registered: ")
        assert told
        assert f"use one of {', '.join(TYPES)}".startswith(told)  # cut off where there are many

    @pytest.mark.parametrize(
        ("envelope", "detail"),
        [
            ({"type": "vpc_flow", "tenant": "acme", "message": "2 1"}, "line: 2 fields"),
            ({"type": "vpc_flow", "tenant": "acme", "message": {"a": 1}}, "message: a record of type vpc_flow is a line"),
            ({"type": "vpc_flow", "tenant": "acme"}, "message: expected a line or an object, found NoneType"),
            ({"type": "cloudtrail", "tenant": "acme", "message": FLOW}, "message: a record of type cloudtrail is a JSON object"),
            ({"type": "cloudtrail", "tenant": "acme", "message": {"a": 1}}, "eventName: missing"),
            ({"type": "app", "tenant": "acme", "message": "x", "timestamp": "then"}, "timestamp: "),
        ],
    )
    def test_a_record_that_is_not_what_it_says_is_malformed(
        self, envelope: dict[str, Any], detail: str, rejected: Callable[..., Rejected]
    ) -> None:
        refused = rejected(envelope)
        assert (refused.reason, refused.type, refused.tenant) == ("malformed", envelope["type"], "acme")
        assert refused.detail.startswith(detail)
        assert refused.original == orjson.dumps(envelope)

    def test_the_own_type_and_tenant_of_a_log_are_no_envelope(self, document: Callable[..., Document]) -> None:
        found = document(LOG | {"type": "checkout"})
        assert (found["tenant"], found["app"]) == ("default", {"type": "checkout"})
        assert document(LOG | {"tenant": "ACME Inc."})["app"] == {"tenant": "ACME Inc."}

    def test_envelopes_are_not_opened_in_each_other(self, rejected: Callable[..., Rejected]) -> None:
        inner: dict[str, Any] = {"tenant": "a", "message": "x"}
        for _ in range(200):
            inner = {"tenant": "a", "message": inner}
        assert rejected(inner).reason == "unrecognised"


class TestCloudWatchLogs:
    def test_each_line_is_an_event_with_the_id_of_its_log_event(self, normalise: Normalise) -> None:
        found = normalise(
            gzip.compress(orjson.dumps(subscription(FLOW, orjson.dumps(LOG).decode(), orjson.dumps(TRAIL).decode())))
        )
        assert datasets(found) == ["aws.vpcflow", "app", "aws.cloudtrail"]
        ids = [event.id for event in found if isinstance(event, Event)]
        assert ids == [
            *(log_event_id(1_722_375_081_500, "111122223333", "/aws/vpc", "eni", name) for name in ("id-0", "id-1")),
            "trail-1",
        ]

    def test_a_bad_line_is_rejected_by_itself(self, normalise: Normalise, at: Coordinates) -> None:
        bad = FLOW.replace("20641", "99999") + "  "
        first, refused, last, empty = normalise(subscription(FLOW, bad, FLOW, ""))
        assert isinstance(first, Event)
        assert isinstance(last, Event)
        assert isinstance(refused, Rejected)
        assert isinstance(empty, Rejected)
        assert (refused.reason, refused.type, refused.original, refused.at) == (
            "malformed",
            "vpc_flow",
            bad.encode(),
            at.within(1),
        )
        assert (empty.original, empty.at) == (b"", at.within(3))

    def test_a_log_without_a_time_has_that_of_its_log_event(self, document: Callable[..., Document]) -> None:
        assert document(subscription('{"level":"info","message":"x"}'))["@timestamp"] == "2024-07-30T21:31:21.500Z"

    def test_a_log_event_without_id_takes_that_of_its_place(self, normalise: Normalise, at: Coordinates) -> None:
        log_events = [{"message": FLOW}, {"id": "", "message": FLOW}]
        found = normalise(subscription(logEvents=log_events))
        assert [event.id for event in found if isinstance(event, Event)] == [at.within(0).id(), at.within(1).id()]

    @pytest.mark.parametrize("log_event", [7, {"id": "x"}, {"message": 7}])
    def test_a_log_event_without_message_is_kept_as_json(self, log_event: object, normalise: Normalise) -> None:
        refused, event = normalise(subscription(logEvents=[log_event, {"id": "y", "message": FLOW}]))
        assert isinstance(refused, Rejected)
        assert isinstance(event, Event)
        assert (refused.reason, orjson.loads(refused.original)) == ("malformed", log_event)

    def test_a_control_message_is_nothing(self, normalise: Normalise) -> None:
        control = subscription("CWL CONTROL MESSAGE: Checking health of destination", messageType="CONTROL_MESSAGE")
        assert normalise(gzip.compress(orjson.dumps(control))) == []


class TestEventBridge:
    @pytest.mark.parametrize(
        "kind",
        ["AWS API Call via CloudTrail", "AWS Service Event via CloudTrail", "AWS Console Sign In via CloudTrail", "Another"],
    )
    def test_a_cloudtrail_event_keeps_the_record_s_id(self, kind: str, document: Callable[..., Document]) -> None:
        event = document({"id": "bus-1", "detail-type": kind, "source": "aws.s3", "detail": TRAIL})["event"]
        assert (event["id"], event["dataset"]) == ("trail-1", "aws.cloudtrail")

    def test_any_other_event_has_the_id_of_the_bus(self, document: Callable[..., Document]) -> None:
        assert document({"id": "bus-1", "detail-type": "Order", "source": "shop", "detail": LOG})["event"]["id"] == "bus-1"

    def test_a_detail_that_is_not_what_the_event_says_is_malformed(self, rejected: Callable[..., Rejected]) -> None:
        event = {"id": "bus-1", "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": {"state": "x"}}
        refused = rejected(event)
        assert (refused.reason, refused.type, refused.original) == ("malformed", "guardduty", orjson.dumps(event))


def test_a_cloudtrail_file_is_its_records(normalise: Normalise, at: Coordinates) -> None:
    bad = {"eventVersion": "1.11", "eventID": "trail-2", "eventSource": "x.amazonaws.com"}
    event, refused, nonsense = normalise({"Records": [TRAIL, bad, 7]})
    assert isinstance(event, Event)
    assert isinstance(refused, Rejected)
    assert isinstance(nonsense, Rejected)
    assert event.id == "trail-1"
    assert (refused.reason, refused.type, refused.at) == ("malformed", "cloudtrail", at.within(1))
    assert orjson.loads(refused.original) == bad
    assert (nonsense.original, nonsense.at) == (b"7", at.within(2))


class TestGzip:
    def test_any_record_may_be_compressed_in_one_or_more_members(self, document: Callable[..., Document]) -> None:
        assert document(gzip.compress(FLOW.encode()))["event"]["dataset"] == "aws.vpcflow"
        assert (
            document(gzip.compress(FLOW[:50].encode()) + gzip.compress(FLOW[50:].encode()))["event"]["dataset"] == "aws.vpcflow"
        )

    @pytest.mark.parametrize(
        "damage", [lambda data: data[:-1], lambda data: data[:2], lambda data: data[:-8] + bytes(8), lambda data: data + b"x"]
    )
    def test_a_damaged_one_is_corrupt(self, damage: Callable[[bytes], bytes], rejected: Callable[..., Rejected]) -> None:
        data = damage(gzip.compress(FLOW.encode()))
        refused = rejected(data)
        assert (refused.reason, refused.original) == ("corrupt", data)
        assert refused.detail.startswith("gzip: ")

    def test_one_that_would_fill_the_memory_is_too_large(self, rejected: Callable[..., Rejected]) -> None:
        data = gzip.compress(bytes(inflate.LARGEST + 1), compresslevel=1)
        refused = rejected(data)
        assert (refused.reason, refused.original) == ("too_large", data)
        assert "67108864 bytes" in refused.detail

    def test_members_share_the_bound(self, monkeypatch: pytest.MonkeyPatch, rejected: Callable[..., Rejected]) -> None:
        monkeypatch.setattr(inflate, "LARGEST", 100)
        assert rejected(gzip.compress(bytes(60)) + gzip.compress(bytes(60))).reason == "too_large"
        assert inflate.inflate(gzip.compress(bytes(60)) + gzip.compress(bytes(40))) == bytes(100)


class TestDefaultType:
    def test_is_given_to_what_has_no_known_shape(
        self, document: Callable[..., Document], rejected: Callable[..., Rejected]
    ) -> None:
        assert document({"message": "alone"}, default_type="app")["message"] == "alone"
        refused = rejected("no flow at all", default_type="vpc_flow")
        assert (refused.reason, refused.type) == ("malformed", "vpc_flow")
        assert rejected("text", default_type="app").detail == "message: a record of type app is a JSON object"

    def test_does_not_override_a_known_shape(self, document: Callable[..., Document]) -> None:
        assert document(FLOW, default_type="alb")["event"]["dataset"] == "aws.vpcflow"
        assert document(LOG, default_type="cloudtrail")["event"]["dataset"] == "app"
