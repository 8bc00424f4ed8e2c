"""Events too large for their stream: kept whole in S3, and on the stream what fits of them with a pointer to the whole."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from common.ids import digest
from common.model import Event

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "oversized"
#: What stands for an event is no larger, whatever the stream would take: it is for finding the event, not for reading it.
POINTER_BYTES = 256 * 1_024
#: Names of removed fields that a pointer tells.
NAMES = 20
#: What every event needs to be found, routed and written over by its repetition.
_KEPT = frozenset(("@timestamp", "event", "tenant"))

_CONNECT_SECONDS, _READ_SECONDS = 2, 10


class NotStored(Exception):
    """S3 did not take it, and may later."""


@cache
def s3_client() -> S3Client:
    """The container's one S3 client."""
    return boto3.client(
        "s3",
        config=Config(
            connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 2, "mode": "standard"}
        ),
    )


@dataclass(frozen=True, slots=True)
class OversizedStore:
    """The part of a bucket that holds them, one object an event, by tenant and day of arrival."""

    client: Callable[[], S3Client]
    """Asked when the first one comes: most functions never see one."""
    bucket: str

    def keep(self, event: Event, limit: int) -> Event:
        """Store `event`, and return the one of at most `limit` bytes that stands for it. A repetition writes the same object.

        Raises NotStored, and botocore's ClientError when S3 refuses for good.
        """
        document = orjson.loads(event.body)
        day = document["event"]["ingested"][:10].replace("-", "/")
        key = f"{PREFIX}/{document['tenant']}/{day}/{digest(event.id)}.json.gz"
        self.put(key, gzip.compress(event.body, compresslevel=1, mtime=0))
        place = {"bucket": self.bucket, "key": key, "bytes": len(event.body)}
        return Event(event.id, pointer(document, place, min(limit, POINTER_BYTES)), event.partition_key)

    def put(self, key: str, body: bytes) -> None:
        """Store an object below PREFIX. Raises NotStored, and botocore's ClientError when S3 refuses for good."""
        try:
            self.client().put_object(Bucket=self.bucket, Key=key, Body=body)
        except (NotConnected, HTTPClientError) as error:
            raise NotStored(str(error)) from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != 429 and status < 500:
                raise
            raise NotStored(str(error)) from error


def pointer(document: dict[str, Any], place: dict[str, Any], limit: int) -> bytes:
    """`document` without its largest fields, as few as it takes to have at most `limit` bytes, and with `weir.oversized`: `place`
    and the names of what is missing."""
    removed: list[str] = []
    document["weir"] = {"oversized": place | {"removed": removed}}
    size = len(orjson.dumps(document))
    for bytes_, holder, name, path in sorted(_leaves(document), key=lambda leaf: leaf[0], reverse=True):
        if size <= limit:
            break
        del holder[name]
        size -= bytes_
        if len(removed) < NAMES:
            removed.append(path)
            size += len(path) + 3
    return orjson.dumps(document)


def _leaves(value: dict[str, Any], path: str = "") -> Iterator[tuple[int, dict[str, Any], str, str]]:
    """Bytes, holder, name and dotted name of each field that may be removed; a list is one."""
    for name, content in value.items():
        if not path and (name in _KEPT or name == "weir"):
            continue
        dotted = f"{path}.{name}" if path else name
        if isinstance(content, dict) and content:
            yield from _leaves(content, dotted)
        else:
            yield len(orjson.dumps({name: content})) - 2, value, name, dotted
