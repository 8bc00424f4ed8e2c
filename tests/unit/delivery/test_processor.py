"""The contract with a transforming function."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from localrun.delivery.processor import (
    BAD_RECORD,
    BAD_RESPONSE,
    DUPLICATED,
    FAILED_STATUS,
    MISSING,
    PAYLOAD_LIMIT,
    interpret,
    requests,
)
from localrun.delivery.record import Record
from tests.unit.delivery.fakes import record, to_s3

ONE, TWO = record("1", b"one"), record("2", b"two")


def returned(name: str, result: str = "Ok", data: str | None = "bmV3") -> dict[str, Any]:
    return {"recordId": name, "result": result} | ({} if data is None else {"data": data})


def test_a_record_of_a_stream_carries_its_metadata() -> None:
    found = Record("495.3", b"hello", 1_495_072_949_453, "shardId-000000000000", 'key"', "495", 3)
    [request] = requests([found])
    event = json.loads(request.payload(to_s3(source=True)))
    assert event.pop("invocationId")
    assert event == {
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/weir-local-archive",
        "sourceKinesisStreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/raw",
        "region": "us-east-1",
        "records": [
            {
                "recordId": "495.3",
                "approximateArrivalTimestamp": 1_495_072_949_453,
                "data": "aGVsbG8=",
                "kinesisRecordMetadata": {
                    "shardId": "shardId-000000000000",
                    "partitionKey": 'key"',
                    "approximateArrivalTimestamp": 1_495_072_949_453,
                    "sequenceNumber": "495",
                    "subsequenceNumber": 3,
                },
            }
        ],
    }


def test_a_record_put_directly_has_no_metadata() -> None:
    [request] = requests([ONE])
    event = json.loads(request.payload(to_s3()))
    assert "sourceKinesisStreamArn" not in event
    assert event["records"] == [{"recordId": "1", "approximateArrivalTimestamp": ONE.arrival_ms, "data": "b25l"}]


def test_each_attempt_is_an_invocation_of_its_own() -> None:
    [request] = requests([ONE])
    ids = {json.loads(request.payload(to_s3()))["invocationId"] for _ in range(3)}
    assert len(ids) == 3


def test_requests_stay_within_the_payload_limit_and_in_order() -> None:
    records = [record(str(at), b"x" * 2**20) for at in range(10)]
    found = list(requests(records))
    assert len(found) > 1
    assert all(len(request.payload(to_s3())) <= PAYLOAD_LIMIT and request.fits for request in found)
    assert [sent.id for request in found for sent in request.records] == [str(at) for at in range(10)]


def test_a_record_too_large_for_any_request_is_told() -> None:
    assert [request.fits for request in requests([ONE, record("2", b"x" * 5 * 2**20)])] == [True, False]


@pytest.mark.parametrize(
    ("answers", "outcomes"),
    [
        ([returned("1"), returned("2")], [b"new", b"new"]),
        ([returned("2"), returned("1")], [b"new", b"new"]),
        ([returned("1", "Dropped", None), returned("2")], [None, b"new"]),
        ([returned("1", "ProcessingFailed"), returned("2")], [FAILED_STATUS, b"new"]),
        ([returned("2")], [MISSING, b"new"]),
        ([], [MISSING, MISSING]),
        ([returned("1"), returned("1"), returned("2")], [DUPLICATED, b"new"]),
        ([returned("1"), returned("2"), returned("3")], [b"new", b"new"]),
        ([returned("1", "Fine"), returned("2")], [BAD_RECORD, b"new"]),
        ([returned("1", "Ok", None), returned("2")], [BAD_RECORD, b"new"]),
        ([returned("1", "Ok", "not base64!"), returned("2")], [BAD_RECORD, b"new"]),
        ([{"result": "Ok"}, "text", returned("2")], [MISSING, b"new"]),
    ],
)
def test_each_record_has_the_outcome_the_function_gave_it(answers: list[Any], outcomes: list[Any]) -> None:
    found = interpret({"records": answers}, [ONE, TWO])
    assert [result.record.id for result in found] == ["1", "2"]
    assert [result.outcome for result in found] == outcomes


@pytest.mark.parametrize("response", [None, [], "text", {}, {"records": None}, {"records": {"1": "Ok"}}])
def test_a_response_without_records_fails_all(response: Any) -> None:
    assert [result.outcome for result in interpret(response, [ONE, TWO])] == [BAD_RESPONSE, BAD_RESPONSE]


def test_data_may_be_any_bytes() -> None:
    data = bytes(range(256))
    [result] = interpret({"records": [returned("1", data=b64encode(data).decode())]}, [ONE])
    assert result.outcome == data
