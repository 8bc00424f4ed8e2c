"""The bytes of an object in S3, range by range: no request is open for longer than its answer takes, however slowly `raw` takes
the records, and one that breaks off is made again.

API: S3 API reference, GetObject (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, ResponseStreamingError
from botocore.exceptions import ConnectionError as NotConnected

from collect.work import Work
from common.deadline import Deadline

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RANGE_BYTES = 8 * 1_024 * 1_024
#: What is not a fault of the request: the client has repeated it already where it had no answer, but not what broke off in one.
_BROKEN = (NotConnected, HTTPClientError, IncompleteReadError, ResponseStreamingError)
_ATTEMPTS = 3


class OutOfTime(Exception):
    """The function has to stop reading."""


class ObjectReader:
    """Reads one version of one object."""

    def __init__(self, client: S3Client, work: Work, deadline: Deadline) -> None:
        self._client = client
        self._work = work
        self._deadline = deadline
        self.version = work.version
        self.etag = work.etag
        self._size: int | None = None
        self.modified_ms = 0
        """When the object was written, epoch milliseconds; known after the first read that found something."""

    @property
    def identity(self) -> str:
        """Tells this content from any other under the same key."""
        return self.version if self.version not in (None, "null") else self.etag or ""

    def check(self) -> None:
        """Raises OutOfTime at the deadline."""
        if self._deadline.left() <= 0:
            raise OutOfTime

    def read(self, offset: int) -> bytes:
        """Up to RANGE_BYTES from `offset` on; nothing at the end.

        Raises OutOfTime, and botocore's errors: a ClientError where the object is gone, was replaced, or must not be read.
        """
        attempt = 0
        while self._size is None or offset < self._size:
            self.check()
            try:
                return self._get(offset)
            except _BROKEN:
                attempt += 1
                if attempt == _ATTEMPTS or not self._deadline.pause(attempt, before=0):
                    raise
        return b""

    def _get(self, offset: int) -> bytes:
        pinned: dict[str, Any] = {"VersionId": self.version} if self.version else {}
        if self.etag:
            pinned["IfMatch"] = f'"{self.etag}"'
        asked = f"bytes={offset}-{offset + RANGE_BYTES - 1}"
        try:
            answer = self._client.get_object(Bucket=self._work.bucket, Key=self._work.key, Range=asked, **pinned)
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRange":  # an empty object has no bytes to give
                return b""
            raise
        self.version = answer.get("VersionId") or None
        self.etag = answer["ETag"].strip('"')
        self._size = int(answer["ContentRange"].rpartition("/")[2])
        self.modified_ms = round(answer["LastModified"].timestamp() * 1_000)
        return answer["Body"].read()
