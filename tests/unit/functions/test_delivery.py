"""What the Firehose functions promise: every record answered under its id, in the contract's form, below Lambda's limit."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any, cast

import orjson
import pytest

from archive import handler as archive
from common import flow_formats
from common.delivery import DeliveryBatch, DeliveryRecord, DeliveryResponse, respond
from common.model import Coordinates, Given
from common.recognise import Normaliser
from common.resend import Resent, opened
from recovery.replay import of_line
from tests.unit.functions.fakes import Context
from transform import handler as transform

ARRIVAL = 1_722_375_081_123
FLOW = b"2 123456789012 eni-0a1b2c3d 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"


def batch(*data: bytes, source: bool = True, subsequence: Any = "") -> DeliveryBatch:
    """An invocation by a delivery stream, with a Kinesis source or without."""
    records: list[DeliveryRecord] = []
    for number, item in enumerate(data):
        record: DeliveryRecord = {
            "recordId": f"record-{number}",
            "data": base64.b64encode(item).decode(),
            "approximateArrivalTimestamp": ARRIVAL,
        }
        if source:
            record["kinesisRecordMetadata"] = {
                "shardId": "shardId-000000000001",
                "partitionKey": f"key-{number}",
                "sequenceNumber": f"4954698668313554428650745793632162567570019247115678515{number}",
                "subsequenceNumber": subsequence,
            }
        records.append(record)
    invocation: DeliveryBatch = {
        "deliveryStreamArn": "arn:aws:firehose:eu-central-1:123456789012:deliverystream/weir-test-direct-put",
        "records": records,
    }
    if source:
        invocation["sourceKinesisStreamArn"] = "arn:aws:kinesis:eu-central-1:123456789012:stream/weir-test-raw"
    return invocation


def ids(response: DeliveryResponse) -> list[str]:
    return [record["recordId"] for record in response["records"]]


def results(response: DeliveryResponse) -> list[str]:
    return [record["result"] for record in response["records"]]


def content(response: DeliveryResponse, number: int) -> bytes:
    return base64.b64decode(response["records"][number]["data"])


@pytest.fixture(autouse=True)
def no_metrics_of_other_tests() -> None:
    archive.metrics.clear_metrics()
    transform.metrics.clear_metrics()


def test_an_archive_line_holds_the_exact_record_and_its_coordinates() -> None:
    data = b"\x00\xff any bytes\n"
    response = archive.handler(batch(b"first", data), Context())
    assert ids(response) == ["record-0", "record-1"]
    assert results(response) == ["Ok", "Ok"]
    line = content(response, 1)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "stream": "weir-test-raw",
        "shard": "shardId-000000000001",
        "sequence": "49546986683135544286507457936321625675700192471156785151",
        "subsequence": 0,
        "partition_key": "key-1",
        "arrival": ARRIVAL,
        "data": base64.b64encode(data).decode(),
    }


def test_a_record_that_is_sent_again_is_not_archived_twice() -> None:
    again = Resent(Coordinates("weir-test-raw", "shardId-000000000001", "1", ARRIVAL), FLOW, Given()).frame()
    kept, dropped = archive.handler(batch(FLOW, again), Context())["records"]
    assert (kept["result"], dropped) == ("Ok", {"recordId": "record-1", "result": "Dropped"})


def test_what_was_read_from_a_file_is_archived_and_replayed_under_its_place_there() -> None:
    record = Resent(Coordinates("s3://logs", "shop/a.log", "0123:1", ARRIVAL, "0", "key"), FLOW, Given("acme"))
    line = content(archive.handler(batch(record.collected()), Context()), 0)
    assert opened(of_line(json.loads(line)).frame(), Coordinates("weir-test-raw", "shardId-000000000002", "9", 1)) == record


@pytest.mark.parametrize(("given", "expected"), [("", 0), ("0", 0), ("17", 17), (3, 3), (None, 0)])
def test_a_record_of_an_aggregate_keeps_its_place_in_it(given: Any, expected: int) -> None:
    response = archive.handler(batch(b"x", subsequence=given), Context())
    assert json.loads(content(response, 0))["subsequence"] == expected


def test_a_batch_of_half_a_megabyte_of_small_records_fits_the_answer() -> None:
    count = 500_000 // 50
    response = archive.handler(batch(*[b"x" * 50] * count), Context())
    assert results(response) == ["Ok"] * count
    assert len(json.dumps(response)) < 6_000_000


def test_what_does_not_fit_the_answer_is_left_to_firehose_to_keep_and_counted(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    response = archive.handler(batch(b"a" * 3_000_000, b"b" * 3_000_000, b"c" * 300_000), Context())
    assert ids(response) == ["record-0", "record-1", "record-2"]
    assert results(response) == ["Ok", "ProcessingFailed", "Ok"]
    assert "data" not in response["records"][1]
    assert len(json.dumps(response)) < 6_000_000
    (counts,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert (counts["Archived"], counts["Overflow"]) == ([2.0], [1.0])
    assert caplog.messages == ["the answer would exceed 6 MB: lower the processor's buffering hint"]


def test_an_answer_is_never_longer_than_its_limit_to_the_byte() -> None:
    given = [("record-0", "Ok", b"x" * 300), ("record-1", "Dropped", b""), ("record-2", "ProcessingFailed", b"")]
    exact = next(limit for limit in range(300, 1_000) if results(respond(cast(Any, given), limit))[0] == "Ok")
    assert len(json.dumps(respond(cast(Any, given), exact))) <= exact
    assert results(respond(cast(Any, given), exact - 1)) == ["ProcessingFailed", "Dropped", "ProcessingFailed"]


def test_each_direct_put_record_is_one_document_or_kept_by_firehose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transform, "normaliser", lambda: Normaliser(default_tenant="acme"))
    control = orjson.dumps(
        {"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "timestamp": 1, "message": "CWL CONTROL"}]}
    )
    log = [{"id": str(number), "timestamp": ARRIVAL, "message": FLOW.decode()} for number in range(2)]
    two = orjson.dumps({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": log})
    response = transform.handler(batch(FLOW, b"???", gzip.compress(control), gzip.compress(two), FLOW, source=False), Context())
    assert ids(response) == [f"record-{number}" for number in range(5)]
    assert results(response) == ["Ok", "ProcessingFailed", "Dropped", "ProcessingFailed", "Ok"]
    first, last = orjson.loads(content(response, 0)), orjson.loads(content(response, 4))
    assert (first["event"]["dataset"], first["tenant"]) == ("aws.vpcflow", "acme")
    assert first["event"]["ingested"] == "2024-07-30T21:31:21.123Z"
    assert first["event"]["id"] != last["event"]["id"]
    assert b"\n" not in content(response, 0)
    again = transform.handler(batch(FLOW, source=False), Context())
    assert orjson.loads(content(again, 0))["event"]["id"] == first["event"]["id"]


def test_why_a_direct_put_record_is_not_delivered_is_logged_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transform, "normaliser", lambda: Normaliser(default_tenant="acme"))
    transform.handler(batch(b"???", FLOW, source=False), Context())
    (warning,) = [vars(record) for record in caplog.records]
    assert warning["record_id"] == "record-0"
    assert warning["reason"].startswith("unrecognised: ")
    (counts,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert (counts["Ok"], counts["Dropped"], counts["ProcessingFailed"]) == ([1.0], [0.0], [1.0])


def test_the_transform_functions_normaliser_is_made_once_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_TENANT", "acme")
    monkeypatch.setenv("DEFAULT_TYPE", "")
    monkeypatch.setenv("VPC_FLOW_FORMATS", "end srcaddr dstaddr action")
    transform.normaliser.cache_clear()
    assert transform.normaliser() is transform.normaliser()
    response = transform.handler(batch(b"1763984459 10.0.1.5 10.0.2.9 REJECT", source=False), Context())
    transform.normaliser.cache_clear()
    flow_formats.configure(())
    assert orjson.loads(content(response, 0))["source"] == {"ip": "10.0.1.5"}
