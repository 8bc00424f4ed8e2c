"""PutRecords past botocore's model says and hears what botocore does, only sooner."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from common.put_records import hasten
from tests.unit.functions.fakes import Request, Server

RECORDS = [
    {"Data": b'{"a":"\xc3\xa9"}', "PartitionKey": "k\u00e9y"},
    {"Data": b"\xff\x00", "PartitionKey": "2", "ExplicitHashKey": "7"},
]
ANSWER = {
    "FailedRecordCount": 1,
    "Records": [
        {"SequenceNumber": "1", "ShardId": "shardId-000000000000"},
        {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"},
    ],
}


def client(url: str, *, hastened: bool) -> Any:
    config = Config(retries={"total_max_attempts": 2, "mode": "standard"}, proxies={})
    made = boto3.client(
        "kinesis", "eu-central-1", endpoint_url=url, aws_access_key_id="id", aws_secret_access_key="secret", config=config
    )
    if hastened:
        hasten(made.meta.events)
    return made


def sent(request: Request) -> tuple[Any, ...]:
    names = ("x-amz-target", "content-type", "host")
    return request.method, request.path, request.json(), *(request.headers[name] for name in names)


def test_the_call_and_its_answer_are_the_same() -> None:
    with Server(lambda request: (200, ANSWER)) as server:
        answers = [
            client(server.url, hastened=hastened).put_records(StreamName="s", Records=RECORDS) for hastened in (False, True)
        ]
    plain, fast = server.requests
    assert sent(plain) == sent(fast)
    assert [b64decode(record["Data"]) for record in fast.json()["Records"]] == [record["Data"] for record in RECORDS]
    assert "Credential=id/" in fast.headers["authorization"]
    for answer in answers:
        answer["ResponseMetadata"].pop("HTTPHeaders")
    assert answers[0] == answers[1]
    assert answers[1]["Records"] == ANSWER["Records"]


def test_a_refusal_is_botocores() -> None:
    refusal = {"__type": "com.amazonaws.kinesis#ResourceNotFoundException", "message": "Stream s not found"}
    with Server(lambda request: (400, refusal)) as server, pytest.raises(ClientError) as raised:
        client(server.url, hastened=True).put_records(StreamName="s", Records=RECORDS)
    assert raised.value.response["Error"] == {"Code": "ResourceNotFoundException", "Message": "Stream s not found"}
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_attempt_made_again_is_the_same_call() -> None:
    statuses = iter((503, 200))
    with Server(lambda request: (next(statuses), ANSWER)) as server:
        client(server.url, hastened=True).put_records(StreamName="s", Records=RECORDS)
    first, second = server.requests
    assert first.body == second.body
    assert len(second.json()["Records"]) == 2


def test_an_empty_call_is_refused_before_it_is_made() -> None:
    with Server(lambda request: (200, ANSWER)) as server, pytest.raises(ParamValidationError, match="Records"):
        client(server.url, hastened=True).put_records(StreamName="s", Records=[])
    assert server.requests == []
