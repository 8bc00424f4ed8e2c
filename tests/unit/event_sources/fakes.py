"""Stand-ins at the client boundary: a clock that only tests move, and AWS in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from localrun.credentials import Role
from localrun.event_sources.clock import Clock
from localrun.event_sources.event import Item
from localrun.event_sources.function import NotInvoked, Outcome
from localrun.event_sources.mapping import Mapping

STREAM_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/raw"
ROLE_ARN = "arn:aws:iam::000000000000:role/normalise"
MAPPING = Mapping(
    uuid="11111111-2222-3333-4444-555555555555",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:normalise",
    role_arn=ROLE_ARN,
    stream_arn=STREAM_ARN,
    enabled=True,
    batch_size=100,
    window_seconds=0,
    parallelization_factor=1,
    starting_position="TRIM_HORIZON",
    starting_timestamp=None,
    partial_responses=True,
    bisect=True,
    max_retries=2,
    max_age_seconds=-1,
    destination_arn="arn:aws:s3:::quarantine",
)
START = 1_700_000_000.0


def mapping(**changes: Any) -> Mapping:
    return replace(MAPPING, **changes)


def items(*sequences: str, arrival: float = START) -> list[Item]:
    return [Item(ordinal, sequence, arrival, f'{{"{sequence}"}}'.encode()) for ordinal, sequence in enumerate(sequences)]


def denied(action: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"not authorized to perform: {action}"}}, action)


def throttled(action: str) -> ClientError:
    code = "ProvisionedThroughputExceededException"
    return ClientError({"Error": {"Code": code, "Message": "Rate exceeded for shard shard-0"}}, action)


class FakeClock(Clock):
    """Waiting moves it; after `stop_after` waits it stops, so that no loop of a test can hang."""

    def __init__(self, stop_after: int = 1_000) -> None:
        super().__init__()
        self.time = START
        self.waits: list[float] = []
        self._stop_after = stop_after

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds
        if len(self.waits) >= self._stop_after:
            self.stop()

    def child(self) -> FakeClock:
        clock = FakeClock(self._stop_after)
        self._children.append(clock)
        return clock


class FakeKinesis:
    """Shards in memory. `failures` are raised by the next calls, whichever they are."""

    def __init__(self, shards: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.shards = shards or {"shard-0": []}
        self.parents: dict[str, str] = {}
        self.adjacent: dict[str, str] = {}
        self.closed: set[str] = set()
        self.failures: list[ClientError] = []
        self.iterators: list[dict[str, Any]] = []
        self.limits: list[int] = []

    def put(self, shard: str, sequence: str, data: bytes = b"x", key: str = "k", arrival: float = START) -> None:
        moment = datetime.fromtimestamp(arrival, UTC)
        record = {"SequenceNumber": sequence, "PartitionKey": key, "Data": data, "ApproximateArrivalTimestamp": moment}
        self.shards[shard].append(record)

    def list_shards(self, **_: Any) -> dict[str, Any]:
        self._fail()
        return {
            "Shards": [
                {"ShardId": shard}
                | ({"ParentShardId": self.parents[shard]} if shard in self.parents else {})
                | ({"AdjacentParentShardId": self.adjacent[shard]} if shard in self.adjacent else {})
                for shard in self.shards
            ]
        }

    def get_shard_iterator(self, **wanted: Any) -> dict[str, Any]:
        self._fail()
        self.iterators.append(wanted)
        records = self.shards[wanted["ShardId"]]
        kind = wanted["ShardIteratorType"]
        at = 0
        if kind == "AFTER_SEQUENCE_NUMBER":
            at = sum(1 for record in records if record["SequenceNumber"] <= wanted["StartingSequenceNumber"])
        elif kind == "AT_TIMESTAMP":
            at = sum(1 for record in records if record["ApproximateArrivalTimestamp"].timestamp() < wanted["Timestamp"])
        return {"ShardIterator": json.dumps([wanted["ShardId"], at])}

    def get_records(self, *, ShardIterator: str, Limit: int, **_: Any) -> dict[str, Any]:
        self._fail()
        self.limits.append(Limit)
        shard, at = json.loads(ShardIterator)
        records = self.shards[shard][at : at + Limit]
        left = len(self.shards[shard]) - at - len(records)
        ended = shard in self.closed and not left
        return {
            "Records": records,
            "NextShardIterator": None if ended else json.dumps([shard, at + len(records)]),
            "MillisBehindLatest": 1_000 if left else 0,
        }

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class Recorder:
    """Any boto3 client: keeps every call, and raises `failures` first."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[ClientError] = []

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**parameters: Any) -> dict[str, Any]:
            self.calls.append((operation, parameters))
            if self.failures:
                raise self.failures.pop(0)
            return {}

        return call


class FakeRole(Role):
    """A role whose clients are given."""

    def __init__(self, **clients: Any) -> None:
        super().__init__("http://127.0.0.1:4566", ROLE_ARN, "test")
        self.clients = clients

    def client(self, service: str, config: Any = None) -> Any:
        return self.clients[service]


class FakeFunction:
    """A function: `behaviour` sees the sequence numbers of a batch and returns a response or raises.

    Raising NotInvoked is the service's failure, ValueError the function's own.
    """

    def __init__(self, behaviour: Callable[[list[str]], Any] = lambda sequences: None) -> None:
        self.behaviour = behaviour
        self.batches: list[list[str]] = []

    def __call__(self, payload: bytes) -> Outcome:
        sequences = [record["kinesis"]["sequenceNumber"] for record in json.loads(payload)["Records"]]
        self.batches.append(sequences)
        context = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}
        try:
            return Outcome(self.behaviour(sequences), None, context)
        except NotInvoked:
            raise
        except ValueError as error:
            return Outcome(None, str(error), context | {"functionError": "Unhandled"})
