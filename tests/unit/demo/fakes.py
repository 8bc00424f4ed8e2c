"""A pipeline in memory: what is put on `raw` becomes a document or an error record, and an archive object, at once."""

from __future__ import annotations

import gzip
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from common.kpl import MAGIC, CorruptAggregate, deaggregate
from common.model import Coordinates, Event
from common.recognise import Normaliser
from localrun.demo.ledger import ArchivePlace
from localrun.latency import INDICES

RAW, ERRORS, BUCKET = "weir-local-raw", "weir-local-errors", "weir-local-archive"
SHARDS = ("shardId-000000000000", "shardId-000000000001")
#: Documents a page of the scroll holds, and objects a page of a bucket's list.
PAGE = 2


class FakeKinesis:
    """Streams of two shards; a shard's records are read two a call."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, str], list[tuple[float, bytes]]] = {}
        self.iterators: list[str] = []
        """Every iterator records were asked with."""

    def put(self, stream: str, shard: str, data: bytes, at: float) -> str:
        """Returns the sequence number."""
        records = self.taken.setdefault((stream, shard), [])
        records.append((at, data))
        return str(len(records) - 1)

    def list_shards(self, *, StreamName: str) -> dict[str, Any]:
        assert StreamName == ERRORS
        return {"Shards": [{"ShardId": shard} for shard in SHARDS]}

    def get_shard_iterator(self, *, StreamName: str, ShardId: str, ShardIteratorType: str, Timestamp: datetime) -> dict[str, str]:
        assert ShardIteratorType == "AT_TIMESTAMP"
        records = self.taken.get((StreamName, ShardId), [])
        first = sum(at < Timestamp.timestamp() for at, _ in records)
        return {"ShardIterator": f"{StreamName}/{ShardId}/{first}"}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:
        self.iterators.append(ShardIterator)
        stream, shard, first = ShardIterator.split("/")
        records = self.taken.get((stream, shard), [])[int(first) :][:2]
        return {
            "Records": [{"Data": data} for _, data in records],
            "NextShardIterator": f"{stream}/{shard}/{int(first) + len(records)}",
        }


class FakeS3:
    """One bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[datetime, bytes]] = {}
        self.read: list[str] = []
        """Keys of the objects that were got."""

    def store(self, key: str, at: float, *lines: dict[str, Any]) -> None:
        """An object as Firehose delivers it, stamped as S3 does: in whole seconds."""
        body = gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        self.objects[key] = (datetime.fromtimestamp(int(at), UTC), body)

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        assert Bucket == BUCKET
        found = [{"Key": key, "LastModified": at} for key, (at, _) in self.objects.items() if key.startswith(Prefix)]
        if not found:
            yield {}
        for first in range(0, len(found), PAGE):
            yield {"Contents": found[first : first + PAGE]}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == BUCKET
        self.read.append(Key)
        return {"Body": _Body(self.objects[Key][1])}


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content


class FakeSession:
    """A boto3 session of these clients."""

    def __init__(self, kinesis: FakeKinesis | None = None, s3: FakeS3 | None = None) -> None:
        self._clients = {"kinesis": kinesis, "s3": s3}

    def client(self, name: str) -> Any:
        return self._clients[name]


def archived(place: ArchivePlace, data: bytes) -> dict[str, Any]:
    """A line of the archive."""
    shard, sequence, subsequence = place
    return {"shard": shard, "sequence": sequence, "subsequence": subsequence, "data": b64encode(data).decode()}


class FakePipeline(FakeKinesis):
    """Kinesis with everything behind it, and the node of the index: `ask` as `localrun.search.Search` has it."""

    def __init__(self, keep: Callable[[Event], bool] = lambda event: True) -> None:
        """An event `keep` refuses becomes no document."""
        super().__init__()
        self.s3 = FakeS3()
        self.documents: list[tuple[str, int]] = []
        """Id and arrival in epoch milliseconds."""
        self.closed = False
        self.keep = keep
        self._normaliser = Normaliser(default_tenant="default")
        self._putting = Lock()

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert StreamName == RAW
        with self._putting:
            results = [self._take(number, record) for number, record in enumerate(Records)]
        return {"Records": results, "FailedRecordCount": 0}

    def _take(self, number: int, record: dict[str, Any]) -> dict[str, str]:
        data, key, now = record["Data"], record["PartitionKey"], time.time()
        shard = SHARDS[number % 2]
        sequence = self.put(RAW, shard, data, now)
        at = Coordinates(RAW, shard, sequence, int(now * 1_000), partition_key=key)
        for result in self._normaliser.normalise(data, at):
            if isinstance(result, Event):
                if self.keep(result):
                    self.documents.append((result.id, at.arrival_ms))
            else:
                error = {"id": result.at.id(), "original": b64encode(result.original).decode()}
                self.put(ERRORS, shard, json.dumps(error).encode(), now)
        lines = [archived(ArchivePlace(shard, sequence, part), content) for part, content in enumerate(_user_records(data))]
        self.s3.store(f"raw/{shard}/{sequence}.gz", now, *lines)
        return {"ShardId": shard, "SequenceNumber": sequence}

    def close(self) -> None:
        self.closed = True

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        if path == "/_search/scroll":
            return {"_scroll_id": "scroll", "hits": {"hits": []}}
        (span,) = body["query"]["range"].values()
        found = [(name, arrival) for name, arrival in list(self.documents) if arrival >= span["gte"]]
        assert path.startswith(f"/{INDICES}/")
        if path.endswith("/_count"):
            return {"count": len(found)}
        if "scroll" in path:
            return {"_scroll_id": "scroll", "hits": {"hits": [{"_id": name} for name, _ in found]}}
        buckets: dict[int, int] = {}
        for _, arrival in found:
            buckets[arrival - arrival % 50] = buckets.get(arrival - arrival % 50, 0) + 1
        return {"aggregations": {"arrivals": {"buckets": [{"key": key, "doc_count": n} for key, n in sorted(buckets.items())]}}}


def _user_records(data: bytes) -> list[bytes]:
    """As Firehose de-aggregates: an aggregate that is torn stays one record."""
    if data.startswith(MAGIC):
        try:
            return [content for _, content in deaggregate(data)]
        except CorruptAggregate:
            pass
    return [data]
