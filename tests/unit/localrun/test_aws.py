"""Clients of the embedded AWS: what they make of an answer is what botocore makes of it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from localrun.aws import session

ENDPOINT = "http://127.0.0.1:9"


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def client(from_: boto3.Session, status: int, answer: dict[str, Any]) -> Any:
    """A client to which the service answers `answer`."""
    kinesis: Any = from_.client("kinesis", endpoint_url=ENDPOINT)
    response = AWSResponse(ENDPOINT, status, HTTPHeaders(), Raw(json.dumps(answer).encode()))
    kinesis.meta.events.register("before-send.kinesis.GetRecords", lambda **_: response)
    return kinesis


def record(**fields: Any) -> dict[str, Any]:
    plain = {"SequenceNumber": "1", "ApproximateArrivalTimestamp": 1764039162.25, "Data": "AP8=", "PartitionKey": "k"}
    return plain | fields


@pytest.mark.parametrize(
    "answer",
    [
        {"Records": [record(), record(EncryptionType="KMS")], "NextShardIterator": "i", "MillisBehindLatest": 5},
        {"Records": [], "MillisBehindLatest": 0},
        {"Records": [], "NextShardIterator": "i", "ChildShards": [{"ShardId": "c", "ParentShards": ["p"]}]},
    ],
)
def test_records_are_what_botocore_reads(answer: dict[str, Any]) -> None:
    plain = boto3.Session("key", "secret", region_name="us-east-1")
    ours, theirs = (client(from_, 200, answer).get_records(ShardIterator="i") for from_ in (session(ENDPOINT), plain))
    assert ours == theirs
    assert [found["Data"] for found in ours["Records"]] == [b"\x00\xff"] * len(answer["Records"])
    for found in ours["Records"]:
        assert found["ApproximateArrivalTimestamp"] == datetime(2025, 11, 25, 2, 52, 42, 250_000, tzinfo=UTC)


def test_a_refused_read_is_the_services_error() -> None:
    refused = client(session(ENDPOINT), 400, {"__type": "ExpiredIteratorException", "message": "too old"})
    with pytest.raises(ClientError, match="too old"):
        refused.get_records(ShardIterator="i")
