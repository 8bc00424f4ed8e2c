"""The pipeline under load while a fault is in force, and what became of every event then."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from base64 import b64decode
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from common.ids import timeless
from common.kpl import deaggregate
from localrun.aws import session
from localrun.demo.evidence import ErrorRecords, documents
from localrun.demo.ledger import Account, Ledger
from localrun.demo.plan import Plan
from localrun.demo.sender import Sender
from localrun.paths import run_dir
from localrun.search import Search
from localrun.state import State, running_state
from localrun.supervisor import Pipeline
from producers.batch import Entry, Place, StreamWriter
from producers.generator import Generator, Sample, Scenario
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.index import wait_for

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

#: Events a second.
RATE = 150
#: Longer than any row; what is sent is decided by when the row stops it.
LONGEST_SECONDS = 300.0
#: Few, so that each has an order to keep.
KEYS = 8
RECORD_BYTES = 1_024 * 1_024


class KeyedTraffic(Generator):
    """The demonstration's traffic under few partition keys."""

    def take(self, events: int, now: float) -> list[Sample]:
        samples = super().take(events, now)
        return [sample._replace(partition_key=f"key-{number % KEYS}") for number, sample in enumerate(samples)]


class KeyedLedger(Ledger):
    """Knows too in which order the stream took the events of a partition key."""

    def __init__(self, stream: str, everything: Ledger | None = None) -> None:
        """What is noted is noted in `everything` too."""
        super().__init__(stream)
        self._name = stream
        self._everything = everything
        self._places: list[tuple[int, str, str]] = []

    def note(self, samples: Iterable[Sample], places: Iterable[Place]) -> None:
        samples, places = list(samples), list(places)
        super().note(samples, places)
        if self._everything:
            self._everything.note(samples, places)
        for sample, place in zip(samples, places, strict=True):
            # The records of an aggregate have keys of their own.
            if sample.type != "mixed" and sample.events == 1 and not sample.malformed:
                (event_id,) = sample.ids(self._name, place.shard, place.sequence)
                self._places.append((int(place.sequence), sample.partition_key, event_id))

    def order(self, *, without: Collection[str] = ()) -> dict[str, list[str]]:
        """Event ids by partition key, as the stream has them."""
        return by_key((key, event_id) for _, key, event_id in sorted(self._places) if event_id not in without)


def by_key(events: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for key, event_id in events:
        found[key].setdefault(event_id)
    return {key: list(ids) for key, ids in found.items()}


@dataclass
class Run:
    """The running pipeline, its functions and its node within reach of faults."""

    supervisor: Pipeline
    state: State
    proxy: FaultProxy
    directory: Path
    """Where the functions look for their faults."""
    everything: Ledger
    """What all rows sent."""
    session: boto3.Session = field(init=False)

    def __post_init__(self) -> None:
        self.session = session(self.state.endpoints.aws)

    def output(self, step: str, name: str) -> str:
        return self.state.outputs[step][name]

    @property
    def raw(self) -> str:
        return self.output("ingestion", "RawStream")

    @property
    def events(self) -> str:
        return self.output("normalisation", "EventsStream")

    @property
    def normalise(self) -> str:
        return self.output("normalisation", "NormaliseFunction")

    @property
    def route(self) -> str:
        return self.output("search", "RouteFunction")

    def writer(self) -> StreamWriter:
        return StreamWriter(self.session.client("kinesis"), self.raw, RECORD_BYTES)

    def engine(self, name: str) -> int:
        """Process id of an engine that runs now."""
        return next(engine.pid for engine in running_state().engines if engine.name == name)

    def throttle(self, stream: str, share: float) -> int:
        """Let the emulator refuse this share of what is put on a stream; returns how many records it has refused."""
        return int(self.ask_emulator("POST", f"/_weir/throttle?stream={stream}&share={share}")["refused"])

    @property
    def archive_role(self) -> str:
        """Name of the role that writes the archive."""
        deployed = self.ask_emulator("GET", "/_weir/deliveries")
        (archive,) = [found for found in deployed if found["Name"] == self.output("normalisation", "ArchiveDelivery")]
        return str(archive["Destination"]["RoleARN"].split("/")[-1])

    def open_shards(self, stream: str) -> list[ShardTypeDef]:
        """The shards that take records, in the order of their names."""
        shards = self.session.client("kinesis").list_shards(StreamName=stream)["Shards"]
        return [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]

    def ask_emulator(self, method: str, path: str) -> Any:
        request = urllib.request.Request(f"{self.state.endpoints.aws}{path}", b"" if method == "POST" else None, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return json.load(answer)

    def status(self, worker: str) -> dict[str, Any]:
        """What a worker says of itself."""
        found: dict[str, Any] = json.loads((run_dir() / worker / "status.json").read_text())
        return found

    @contextlib.contextmanager
    def load(self, ledger: Ledger) -> Iterator[None]:
        """Traffic in the background, which has begun when the block begins and has ended when it ends."""
        generator = KeyedTraffic(int(time.time()), Scenario(start=time.time(), seconds=LONGEST_SECONDS))
        sender = Sender(generator, Plan(LONGEST_SECONDS, RATE), self.writer(), ledger)
        with ThreadPoolExecutor(1, thread_name_prefix="sender") as pool:
            sending = pool.submit(sender.run)
            try:
                wait_for(lambda: ledger.sent, lambda sent: sent > 0 or sending.done())
                yield
            finally:
                sender.stop()
            sending.result()

    def send_for(self, ledger: Ledger, seconds: float) -> None:
        """Wait until the load of so many seconds has been sent."""
        enough = ledger.sent + int(seconds * RATE)
        wait_for(lambda: ledger.sent, lambda sent: sent >= enough, seconds=60)

    def put(self, ledger: Ledger, samples: Sequence[Sample]) -> None:
        ledger.note(samples, self.writer().put_entries([Entry(sample.data, sample.partition_key) for sample in samples]))


@dataclass
class Evidence:
    """What became of what was sent since `start`."""

    run: Run
    start: float
    ledger: KeyedLedger
    errors: ErrorRecords = field(init=False)
    quarantined: dict[str, bytes] = field(default_factory=dict)
    """Data of the records in the quarantine bucket, by event id."""

    def __post_init__(self) -> None:
        self.errors = ErrorRecords(self.run.session, self.run.output("normalisation", "ErrorsStream"), self.start)

    def account(self) -> Account:
        """Quarantined events count as errors."""
        with contextlib.closing(Search(self.run.state.endpoints.opensearch)) as search:
            search.ask("POST", "/logs-*/_refresh")
            found = documents(search, self.start)
        self.errors.read()
        self._read_quarantine()
        return self.ledger.account(found, self.errors.originals | self.quarantined, 0)

    def _read_quarantine(self) -> None:
        s3 = self.run.session.client("s3")
        bucket = self.run.output("foundation", "QuarantineBucket")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", ()):
                if found["LastModified"].timestamp() < self.start - 2:  # stamped in whole seconds
                    continue
                kept = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
                for record in json.loads(kept["payload"])["Records"]:
                    shard, sequence = record["eventID"].split(":")
                    data = b64decode(record["kinesis"]["data"])
                    (event_id,) = Sample(data, "", "app").ids(self.run.raw, shard, sequence)
                    self.quarantined[event_id] = data

    def promised_order(self) -> dict[str, list[str]]:
        """Event ids by partition key, as `raw` has them, of what did not end on `errors` or in quarantine."""
        return self.ledger.order(without=self.errors.originals.keys() | self.quarantined.keys())

    def order(self) -> dict[str, list[str]]:
        """The same, as they first came on `events`."""
        kinesis = self.run.session.client("kinesis")
        mine = {event_id for ids in self.promised_order().values() for event_id in ids}
        begin = datetime.fromtimestamp(self.start, UTC)
        found: list[tuple[int, int, str, str]] = []
        for shard in kinesis.list_shards(StreamName=self.run.events)["Shards"]:
            iterator: str | None = kinesis.get_shard_iterator(
                StreamName=self.run.events, ShardId=shard["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=begin
            )["ShardIterator"]
            while iterator:
                answer = kinesis.get_records(ShardIterator=iterator)
                for record in answer["Records"]:
                    for position, (key, data) in enumerate(deaggregate(record["Data"])):
                        event_id = timeless(json.loads(data)["event"]["id"])
                        if event_id in mine:
                            found.append((int(record["SequenceNumber"]), position, key, event_id))
                iterator = answer.get("NextShardIterator") if answer["Records"] else None
        return by_key((key, event_id) for *_, key, event_id in sorted(found))
