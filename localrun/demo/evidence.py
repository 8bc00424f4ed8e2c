"""What the pipeline holds of a run: documents in the index, records on `errors`, lines in the archive."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from common.ids import timeless
from localrun.demo.ledger import ArchivePlace, Ledger
from localrun.latency import INDICES
from localrun.search import Search

if TYPE_CHECKING:
    import boto3

PAGE = 10_000
#: Objects are stamped in whole seconds.
STAMP_SECONDS = 2


def since(start: float) -> dict[str, Any]:
    """Query of what arrived on `raw` at or after `start`, epoch seconds."""
    return {"range": {"event.ingested": {"gte": int(start * 1_000), "format": "epoch_millis"}}}


def count_documents(search: Search, start: float) -> int:
    """Documents that can be found now."""
    found: int = search.ask("POST", f"/{INDICES}/_count", {"query": since(start)})["count"]
    return found


def documents(search: Search, start: float) -> Counter[str]:
    """How many documents there are of each id, without its moment. One id may be in several indices."""
    found: Counter[str] = Counter()
    page = search.ask(
        "POST", f"/{INDICES}/_search?scroll=2m", {"query": since(start), "size": PAGE, "sort": ["_doc"], "_source": False}
    )
    while hits := page["hits"]["hits"]:
        found.update(timeless(hit["_id"]) for hit in hits)
        page = search.ask("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": page["_scroll_id"]})
    if found:  # where nothing was found the node holds nothing either, and takes it for an error to be asked to free it
        search.ask("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})
    return found


class ErrorRecords:
    """Reads `errors` from the start of the run on."""

    def __init__(self, session: boto3.Session, stream: str, start: float) -> None:
        self._kinesis = session.client("kinesis")
        begin = datetime.fromtimestamp(start, UTC)
        self._iterators: list[str] = [
            self._kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=begin
            )["ShardIterator"]
            for shard in self._kinesis.list_shards(StreamName=stream)["Shards"]
        ]
        self.originals: dict[str, bytes] = {}
        """The bytes that could not be processed, by event id without its moment, which is the same when a step repeats itself."""

    def read(self) -> int:
        """Read what is new; returns how many events there are altogether."""
        self._iterators = [self._read_on(iterator) for iterator in self._iterators]
        return len(self.originals)

    def _read_on(self, iterator: str) -> str:
        while True:
            answer = self._kinesis.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                error = json.loads(record["Data"])
                self.originals[timeless(error["id"])] = b64decode(error["original"])
            iterator = answer["NextShardIterator"]
            if not answer["Records"]:
                return iterator


class Archive:
    """Counts the records of a run in the archive, each once."""

    def __init__(self, session: boto3.Session, bucket: str, start: float) -> None:
        self._s3 = session.client("s3")
        self._bucket = bucket
        self._since = datetime.fromtimestamp(start, UTC) - timedelta(seconds=STAMP_SECONDS)
        self._read: set[str] = set()
        self._found: set[ArchivePlace] = set()

    def count(self, ledger: Ledger) -> int:
        """Records found byte for byte so far; reads what has been delivered since the last time."""
        for key in list(self._new_keys()):
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            for line in gzip.decompress(body).splitlines():
                record = json.loads(line)
                place = ArchivePlace(record["shard"], record["sequence"], record["subsequence"])
                if ledger.matches(place, b64decode(record["data"])):
                    self._found.add(place)
            self._read.add(key)
        return len(self._found)

    def _new_keys(self) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="raw/"):
            for item in page.get("Contents", ()):
                if item["LastModified"] >= self._since and item["Key"] not in self._read:
                    yield item["Key"]
