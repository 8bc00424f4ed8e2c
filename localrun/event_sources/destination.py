"""What is kept of records a mapping gives up (Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams
event source in Lambda")."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from localrun.credentials import Role
from localrun.event_sources.batch import Discard
from localrun.event_sources.event import payload
from localrun.event_sources.mapping import Mapping


def invocation_record(mapping: Mapping, shard: str, discard: Discard, *, now: float, response: dict[str, Any]) -> dict[str, Any]:
    """The documented record without its payload; `response` is the `responseContext` of the last invocation."""
    first, last = discard.items[0], discard.items[-1]
    return {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": mapping.function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": discard.invokes,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": _iso(now),
        "KinesisBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first.sequence,
            "endSequenceNumber": last.sequence,
            "approximateArrivalOfFirstRecord": _iso(first.arrival),
            "approximateArrivalOfLastRecord": _iso(last.arrival),
            "batchSize": len(discard.items),
            "streamArn": mapping.stream_arn,
        },
    }


def object_key(uuid: str, shard: str, now: float) -> str:
    """aws/lambda/<ESM-UUID>/<shardID>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<Random UUID>, in UTC."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/{uuid}/{shard}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{uuid4()}"


class FailureDestination:
    """Writes with the function's role: an S3 bucket gets the whole event, a queue or a topic what describes it."""

    def __init__(self, mapping: Mapping, role: Role) -> None:
        self._mapping = mapping
        self._role = role
        self._arn = mapping.destination_arn or ""
        self._service = self._arn.split(":")[2] if self._arn else ""

    def send(self, shard: str, discard: Discard, *, now: float, response: dict[str, Any]) -> None:
        """Without a destination nothing is kept, as on AWS. Raises botocore's errors."""
        if not self._arn:
            return
        record = invocation_record(self._mapping, shard, discard, now=now, response=response)
        client = self._role.client(self._service)
        if self._service == "s3":
            body = json.dumps(record | {"payload": payload(discard.items).decode()})
            key = object_key(self._mapping.uuid, shard, now)
            client.put_object(Bucket=self._arn.split(":::", 1)[1], Key=key, Body=body.encode())
        elif self._service == "sqs":
            account, queue = self._arn.split(":")[4:6]
            client.send_message(QueueUrl=f"{self._role.endpoint}/{account}/{queue}", MessageBody=json.dumps(record))
        else:
            client.publish(TopicArn=self._arn, Message=json.dumps(record))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
