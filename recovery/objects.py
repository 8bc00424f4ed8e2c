"""Objects that Firehose writes under `<prefix>/yyyy/MM/dd/HH/`, in the order of time."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: How gzip begins (RFC 1952, 2.3.1).
GZIP = b"\x1f\x8b"
#: An object lies under the hour of its oldest record, and a buffer waits 15 minutes at most (Firehose developer guide, "Configure
#: buffering hints"): a record is in the folder of its own hour or of the one before.
LONGEST_BUFFER = timedelta(hours=1)


def keys(s3: S3Client, bucket: str, prefix: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[str]:
    """Keys of the objects that may hold records of `since` to `until`, in UTC; without them, of all."""
    first = f"{prefix}/{since - LONGEST_BUFFER:%Y/%m/%d/%H}" if since else f"{prefix}/"
    last = f"{prefix}/{until + timedelta(hours=1):%Y/%m/%d/%H}" if until else None
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/", StartAfter=first):
        for item in page.get("Contents", ()):
            if last and item["Key"] >= last:
                return
            yield item["Key"]


def lines(s3: S3Client, bucket: str, key: str) -> Iterator[bytes]:
    """Lines of an object, read as they are asked for: it may be larger than memory. Firehose's guide does not say whether error
    records are compressed as the rest is, so that is seen by how the object begins."""
    stream = cast(io.RawIOBase, s3.get_object(Bucket=bucket, Key=key)["Body"])  # has readinto, which its type leaves out
    body = io.BufferedReader(stream)
    with gzip.open(body) if body.peek(len(GZIP)).startswith(GZIP) else body as opened:
        for line in opened:
            if line.strip():
                yield line
