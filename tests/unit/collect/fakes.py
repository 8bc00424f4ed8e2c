"""S3 and SQS as the collect function meets them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

from botocore.exceptions import ClientError

MODIFIED = datetime(2024, 7, 30, 21, 31, 21, tzinfo=UTC)


def refusal(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "said by the test"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]  # the rest is not read
        "GetObject",
    )


@dataclass
class FakeS3:
    """Buckets without versioning."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    """Begin and bytes of what was given."""
    failures: list[Exception] = field(default_factory=list)
    """Raised by the next reads, one each."""

    def put(self, key: str, content: bytes, bucket: str = "logs") -> str:
        """Returns the ETag."""
        self.objects[bucket, key] = content
        return md5(content, usedforsecurity=False).hexdigest()

    def get_object(self, *, Bucket: str, Key: str, Range: str, IfMatch: str | None = None) -> dict[str, Any]:
        if self.failures:
            raise self.failures.pop(0)
        content = self.objects.get((Bucket, Key))
        if content is None:
            raise refusal("NoSuchKey", 404)
        etag = f'"{md5(content, usedforsecurity=False).hexdigest()}"'
        if IfMatch not in (None, etag):
            raise refusal("PreconditionFailed", 412)
        begin, last = map(int, Range.removeprefix("bytes=").split("-"))
        if begin >= len(content):
            raise refusal("InvalidRange", 416)
        part = content[begin : last + 1]
        self.ranges.append((begin, len(part)))
        total = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
        return {"Body": io.BytesIO(part), "ETag": etag, "LastModified": MODIFIED, "ContentRange": total}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Bucket, Key] = Body


@dataclass
class FakeSqs:
    """Keeps the bodies of messages."""

    bodies: list[str] = field(default_factory=list)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        assert QueueUrl == "https://queue.test"
        self.bodies.append(MessageBody)
