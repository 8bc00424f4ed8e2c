"""Files in S3, fetched only when they have changed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from common.deadline import Deadline
from common.enrichment.source import Load, Loaded, Unusable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Largest file taken, in bytes: Lambda gives a function 512 MB of disk by default ("Lambda quotas"), and there are two versions
#: of a file for a moment.
MOST_BYTES = 200 * 1_024 * 1_024

_CHUNK = 1_024 * 1_024
#: A batch waits for these.
_CONNECT_SECONDS, _READ_SECONDS = 2, 5

Content = TypeVar("Content")
Client = Callable[[], "S3Client"]


@cache
def lookups_client() -> S3Client:
    """The container's S3 client for files. It is not patient: the file is asked for again anyway."""
    return boto3.client(
        "s3",
        config=Config(
            connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1, "mode": "standard"}
        ),
    )


def file_loader(client: Client, bucket: str, key: str, parse: Callable[[Path], Content]) -> Load[Content]:
    """Loads the object `key` by `parse`, which is given a copy on disk that is gone afterwards."""

    def load(version: str | None, until: Deadline) -> Loaded[Content] | None:
        try:
            # S3 answers 304 where the ETag is the same (S3 API reference, GetObject: If-None-Match).
            asked = {"IfNoneMatch": version} if version else {}
            answer = client().get_object(Bucket=bucket, Key=key, **asked)  # type: ignore[arg-type]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 304:
                return None
            raise Unusable(f"s3://{bucket}/{key}: {_words(error)}") from error
        with closing(answer["Body"]) as body, tempfile.NamedTemporaryFile(suffix=Path(key).suffix) as copy:
            if answer["ContentLength"] > MOST_BYTES:
                raise Unusable(f"s3://{bucket}/{key}: {answer['ContentLength']} bytes are more than {MOST_BYTES}")
            for chunk in body.iter_chunks(_CHUNK):
                if until.left() <= 0:
                    raise Unusable(f"s3://{bucket}/{key}: S3 sends it too slowly for the time an invocation has")
                copy.write(chunk)
            copy.flush()
            return Loaded(parse(Path(copy.name)), answer["ETag"])

    return load


def _words(error: ClientError) -> str:
    """S3 says AccessDenied of an object that does not exist to who may not list the bucket (API reference, GetObject)."""
    code = error.response["Error"].get("Code", "")
    missing = code in ("AccessDenied", "NoSuchKey", "403")
    return f"{code}: there is no such object, or it may not be read" if missing else str(error)
