"""The event a function receives, field by field as documented."""

from __future__ import annotations

import json

from localrun.event_sources.event import Encoder, Item, payload
from localrun.event_sources.shards import StreamRecord
from tests.unit.event_sources.fakes import MAPPING, ROLE_ARN, STREAM_ARN

SEQUENCE = "49590338271490256608559692538361571095921575989136588898"


def test_a_record_has_the_documented_shape() -> None:
    record = StreamRecord("shardId-000000000006", SEQUENCE, 'key "1" é', b"Hello, this is a test.", 1545084650.987)
    body = Encoder(MAPPING).encode(record)
    assert json.loads(payload([Item(0, SEQUENCE, record.arrival, body)])) == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": 'key "1" é',
                    "sequenceNumber": SEQUENCE,
                    "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
                    "approximateArrivalTimestamp": 1545084650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000006:{SEQUENCE}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": ROLE_ARN,
                "awsRegion": "us-east-1",
                "eventSourceARN": STREAM_ARN,
            }
        ]
    }


def test_the_size_of_an_item_is_its_share_of_the_payload() -> None:
    encoder = Encoder(MAPPING)
    found = [
        Item(at, str(at), 1.0, encoder.encode(StreamRecord("shard-0", str(at), "k", b"x" * at, 1.0))) for at in range(5)
    ]  # fmt: skip
    assert len(payload(found[:3])) - len(payload(found[:2])) == found[2].size
