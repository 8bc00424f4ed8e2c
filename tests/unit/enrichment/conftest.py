"""What stands in for S3, DynamoDB and time."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it ships no types

from common.deadline import Deadline
from common.enrichment.source import Loaded, Source

BUCKET = "weir-test-lookups"


class Time:
    """A clock that is put forward."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def deadline(self, seconds: float = 30) -> Deadline:
        return Deadline(seconds, clock=self)


class FakeS3:
    """GetObject, as the API reference has it: an ETag a content, 304 for a known one, AccessDenied for what is not there."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.sent: list[str] = []

    def get_object(self, *, Bucket: str, Key: str, IfNoneMatch: str | None = None) -> dict[str, Any]:
        assert Bucket == BUCKET
        if Key not in self.objects:
            raise _error("AccessDenied", 403)
        content = self.objects[Key]
        tag = f'"{hash(content):x}"'
        if tag == IfNoneMatch:
            raise _error("304", 304)
        self.sent.append(Key)
        return {"Body": StreamingBody(io.BytesIO(content), len(content)), "ContentLength": len(content), "ETag": tag}


def _error(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore[typeddict-item]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def told() -> Callable[..., Source[Any]]:
    """A source that has been read."""

    def make(value: Any) -> Source[Any]:
        source: Source[Any] = Source("test", lambda version, until: Loaded(value), every=60, clock=lambda: 0.0)
        assert source.refresh(Deadline(1))
        return source

    return make


@pytest.fixture
def database(tmp_path: Path) -> Callable[..., Path]:
    """Writes a MaxMind DB file: {network: record}."""

    def write(records: dict[str, Any], name: str = "test.mmdb", version: int = 6) -> Path:
        writer = MMDBWriter(ip_version=version, ipv4_compatible=version == 6, database_type="Test")
        for network, record in records.items():
            writer.insert_network(IPSet([network]), record)
        writer.to_db_file(str(tmp_path / name))
        return tmp_path / name

    return write
