"""A delivery stream with everything around it in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from localrun.delivery.glue_schema import GlueSchema
from localrun.delivery.http import Server, Unreachable
from localrun.delivery.output import Bucket, Search
from localrun.delivery.record import Record
from localrun.delivery.stream import DeliveryStream
from localrun.delivery.worker import DeliveryWorker
from localrun.event_sources.function import Outcome
from localrun.event_sources.status import Part
from tests.unit.event_sources.fakes import START, STREAM_ARN, FakeClock, Recorder

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:archive"
ROLE_ARN = "arn:aws:iam::000000000000:role/delivery"
CONTEXT = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}
NOW_MS = int(START * 1000)  # 2023-11-14T22:13:20Z

S3: dict[str, Any] = {
    "BucketARN": "arn:aws:s3:::archive",
    "RoleARN": ROLE_ARN,
    "Prefix": "raw/",
    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
    "CompressionFormat": "GZIP",
}
CONVERSION: dict[str, Any] = {
    "SchemaConfiguration": {
        "DatabaseName": "lake",
        "TableName": "events",
        "RoleARN": "arn:aws:iam::000000000000:role/schema",
    },
    "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
    "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
}
OPENSEARCH: dict[str, Any] = {
    "RoleARN": ROLE_ARN,
    "DomainARN": "arn:aws:es:us-east-1:000000000000:domain/search",
    "IndexName": "logs-direct-put",
    "IndexRotationPeriod": "OneDay",
    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
    "RetryOptions": {"DurationInSeconds": 10},
    "S3BackupMode": "FailedDocumentsOnly",
    "S3Configuration": S3 | {"Prefix": "direct-put/"},
}


def lambda_processor(**parameters: str) -> dict[str, Any]:
    given = {"LambdaArn": FUNCTION_ARN} | parameters
    return {"Type": "Lambda", "Parameters": [{"ParameterName": name, "ParameterValue": text} for name, text in given.items()]}


def processor(kind: str, **parameters: str) -> dict[str, Any]:
    return {"Type": kind, "Parameters": [{"ParameterName": name, "ParameterValue": text} for name, text in parameters.items()]}


DELIMITER = {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}


def deployed(kind: str, config: dict[str, Any], *processors: dict[str, Any], source: bool = False) -> dict[str, Any]:
    """An item of /_weir/deliveries."""
    stream = {"KinesisStreamARN": STREAM_ARN, "RoleARN": ROLE_ARN}
    processing = {"ProcessingConfiguration": {"Enabled": True, "Processors": list(processors)}} if processors else {}
    return {
        "Name": "weir-local-archive",
        "Arn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/weir-local-archive",
        "Type": "KinesisStreamAsSource" if source else "DirectPut",
        "Source": stream if source else None,
        "DestinationType": kind,
        "Destination": config | processing,
    }


def to_s3(*processors: dict[str, Any], source: bool = False, **changes: Any) -> DeliveryStream:
    return DeliveryStream.from_deployed(deployed("ExtendedS3", S3 | changes, *processors, source=source))


def to_opensearch(*processors: dict[str, Any], **changes: Any) -> DeliveryStream:
    return DeliveryStream.from_deployed(deployed("AmazonOpenSearch", OPENSEARCH | changes, *processors))


def record(name: str, data: bytes = b"{}", arrival_ms: int = NOW_MS) -> Record:
    return Record(name, data, arrival_ms)


class FakeSource:
    """Gives what was put, and keeps the ids of what it is told is delivered."""

    poll_seconds = 1.0
    behind = False

    def __init__(self) -> None:
        self.waiting: list[Record] = []
        self.done: list[str] = []
        self.told: list[int] = []
        """How many at a time."""

    def read(self) -> list[Record]:
        records, self.waiting = self.waiting, []
        return records

    def delivered(self, records: Iterable[Record]) -> None:
        ids = [found.id for found in records]
        self.done += ids
        self.told.append(len(ids))


class FakeSearch(Server):
    """An OpenSearch node: `answers` are given first (a status of the request, or Unreachable), then every document is taken,
    but those whose source is in `refused` (id to status)."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9200")
        self.answers: list[int | Unreachable] = []
        self.refused: dict[str, int] = {}
        self.documents: dict[str, Any] = {}
        self.requests: list[bytes] = []

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        assert path.startswith("/_bulk")
        assert content_type == "application/x-ndjson"
        self.requests.append(body)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Unreachable):
            raise answer
        if answer != 200:
            return answer, b"circuit breaker"
        items: list[dict[str, Any]] = []
        errors = False
        lines = body.splitlines()
        for action_line, source in zip(lines[::2], lines[1::2], strict=True):
            action = json.loads(action_line)["index"]
            name = action.get("_id", "")
            if name in self.refused:
                error = {"type": "mapper_parsing_exception", "reason": "failed to parse field [a]"}
                items.append({"index": {"status": self.refused[name], "error": error}})
                errors = True
            else:
                self.documents[f"{action['_index']}/{name}"] = json.loads(source)
                items.append({"index": {"status": 201}})
        return 200, json.dumps({"errors": errors, "items": items}).encode()


class FakeGlue:
    """A catalog of one table. `failures` are raised by the next calls."""

    def __init__(self, columns: dict[str, str]) -> None:
        self.columns = columns
        self.failures: list[ClientError] = []
        self.asked: list[dict[str, str]] = []

    def get_table(self, **wanted: str) -> dict[str, Any]:
        self.asked.append(wanted)
        if self.failures:
            raise self.failures.pop(0)
        columns = [{"Name": name, "Type": kind} for name, kind in self.columns.items()]
        return {"Table": {"Name": wanted["Name"], "StorageDescriptor": {"Columns": columns}, "PartitionKeys": [{"Name": "day"}]}}


class FakeProcessor:
    """A transforming function: `behaviour` gets the decoded event and returns the response or an Outcome, or raises."""

    def __init__(self, behaviour: Callable[[dict[str, Any]], Any]) -> None:
        self.behaviour = behaviour
        self.events: list[dict[str, Any]] = []
        self.sizes: list[int] = []

    def __call__(self, payload: bytes) -> Outcome:
        self.events.append(json.loads(payload))
        self.sizes.append(len(payload))
        found = self.behaviour(self.events[-1])
        return found if isinstance(found, Outcome) else Outcome(found, None, CONTEXT)


def echo(event: dict[str, Any]) -> dict[str, Any]:
    return {"records": [{"recordId": found["recordId"], "result": "Ok", "data": found["data"]} for found in event["records"]]}


class Run:
    """A worker in memory."""

    def __init__(
        self,
        stream: DeliveryStream,
        function: FakeProcessor | None = None,
        stop_after: int = 1_000,
        columns: dict[str, str] | None = None,
    ) -> None:
        """`columns`, name to type, are those of the Glue table."""
        self.clock = FakeClock(stop_after)
        self.source = FakeSource()
        self.s3 = Recorder()
        self.search = FakeSearch()
        self.glue = FakeGlue(columns or {})
        self.status = Part(stream.name, {})
        retry_seconds = stream.opensearch.retry_seconds if stream.opensearch else 0.0
        self.worker = DeliveryWorker(
            stream,
            self.source,
            function,
            Bucket(stream, stream.s3, lambda: self.s3, self.status, self.clock),
            Search(self.search, retry_seconds, self.status, self.clock),
            GlueSchema(stream.conversion.table, lambda: self.glue, self.status, self.clock) if stream.conversion else None,
            Bucket(stream, stream.backup.s3, lambda: self.s3, self.status, self.clock) if stream.backup else None,
            self.status,
            self.clock,
        )

    def put(self, *records: Record) -> None:
        self.source.waiting += records
        self.worker.step()

    def later(self, seconds: float) -> None:
        self.clock.time += seconds
        self.worker.step()

    @property
    def objects(self) -> list[tuple[str, bytes]]:
        """Key and content, uncompressed, of every object written."""
        return [
            (put["Key"], gzip.decompress(put["Body"]) if put["Key"].endswith(".gz") else put["Body"]) for _, put in self.s3.calls
        ]

    def lines(self, prefix: str) -> list[dict[str, Any]]:
        """The JSON lines of the objects under a prefix."""
        return [json.loads(line) for key, body in self.objects if key.startswith(prefix) for line in body.splitlines()]
