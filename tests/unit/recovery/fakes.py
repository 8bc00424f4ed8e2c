"""A deployed pipeline in memory: buckets with objects, and streams that take what they are given."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any, cast

import boto3
import orjson

from common.search import SearchClient
from config.loader import load_environment
from recovery.deployment import Deployment

RAW, EVENTS, ERRORS, ARCHIVE, QUARANTINE = "weir-raw", "weir-events", "weir-errors", "archive", "quarantine"


class FakeS3:
    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def lines(self, key: str, *lines: bytes, bucket: str = ARCHIVE) -> None:
        """An object as Firehose writes it."""
        self.objects[bucket, key] = gzip.compress(b"".join(line + b"\n" for line in lines))

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str = "") -> Iterator[dict[str, Any]]:
        """A page an object, in the order of the keys, as S3 lists them."""
        yield {}
        for bucket, key in sorted(self.objects):
            if bucket == Bucket and key.startswith(Prefix) and key > StartAfter:
                yield {"Contents": [{"Key": key}]}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}


class FakeKinesis:
    def __init__(self) -> None:
        self.put: dict[str, list[tuple[str, bytes]]] = {}
        """Partition key and data of each record, by stream."""

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        self.put.setdefault(StreamName, []).extend((record["PartitionKey"], record["Data"]) for record in Records)
        return {"Records": [{"SequenceNumber": "1", "ShardId": "shardId-0"} for _ in Records], "FailedRecordCount": 0}


class FakeSession:
    def __init__(self) -> None:
        self.s3, self.kinesis = FakeS3(), FakeKinesis()

    def client(self, name: str) -> Any:
        return {"s3": self.s3, "kinesis": self.kinesis}[name]


def deployment(session: FakeSession) -> Deployment:
    """What asks the index is given apart: nothing here does."""
    local, search = load_environment("local"), cast(SearchClient, None)
    return Deployment(cast(boto3.Session, session), local, RAW, EVENTS, ERRORS, ARCHIVE, QUARANTINE, search)


def dumped(value: Any) -> bytes:
    return orjson.dumps(value)
