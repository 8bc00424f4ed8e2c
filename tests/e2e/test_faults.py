"""Every fault, on one running pipeline under load: what was sent is indexed or in errors, once, and in the order promised."""

from __future__ import annotations

import contextlib
import gzip
import json
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from localrun.demo.evidence import Archive
from localrun.demo.ledger import Ledger
from localrun.errors import LocalRunError
from localrun.search import Search
from localrun.state import State
from localrun.supervisor import Pipeline
from producers.generator import Sample
from producers.generator.containers import aggregate
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.fault_run import (
    RATE,
    Evidence,
    KeyedLedger,
    Run,
    failing,
    faulty_functions,
    function_fault,
    kill,
    timeout,
)
from tests.e2e.index import wait_for

#: How long a fault is in force unless its row says otherwise, and how long the pipeline may take afterwards, in seconds.
FAULT_SECONDS = 4.0
RECOVERY_SECONDS = 90.0
#: The archive's processor gathers records for a minute, and its buffer for 5 s more.
ARCHIVE_SECONDS = 120.0

POISON = "poison in this one"
STRICT = "strict"
"""A tenant whose index refuses its documents."""


@pytest.fixture(scope="module")
def run(supervisor: Pipeline, pipeline: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The pipeline with its functions and its node within reach of faults."""
    with FaultProxy(pipeline.endpoints.opensearch).serving() as proxy:
        directory = tmp_path_factory.mktemp("faults")
        run = Run(supervisor, pipeline, proxy, directory, Ledger(pipeline.outputs["ingestion"]["RawStream"]))
        with faulty_functions(run):
            yield run


@contextlib.contextmanager
def node_stopped(run: Run) -> Iterator[None]:
    """The node neither answers nor refuses, for longer than the function waits for it."""
    kill(run, "OpenSearch", signal.SIGSTOP)
    try:
        yield
        # The function gave its batch back.
        wait_for(lambda: failing_texts(run, run.route), bool)
    finally:
        kill(run, "OpenSearch", signal.SIGCONT)


@contextlib.contextmanager
def node_killed(run: Run) -> Iterator[None]:
    """The node is gone, and started again on the same port and data."""
    with killed(run, "OpenSearch"):
        unanswered = run.proxy.unanswered
        yield
        assert run.proxy.unanswered > unanswered
    wait_for(lambda: answering(run.state.endpoints.opensearch), bool)


@contextlib.contextmanager
def killed(run: Run, engine: str) -> Iterator[None]:
    """An engine is killed, and started again by the supervisor."""
    pid = kill(run, engine, signal.SIGKILL)
    yield
    run.supervisor.check()
    assert run.engine(engine) != pid


def answering(endpoint: str) -> bool:
    """Whether a node takes requests."""
    try:
        with contextlib.closing(Search(endpoint)) as search:
            return str(search.ask("GET", "/_cluster/health")["status"]) != "red"
    except LocalRunError:
        return False


def answers(status: int) -> Callable[[Run], AbstractContextManager[None]]:
    """The domain answers every request with this status."""

    @contextlib.contextmanager
    def cause(run: Run) -> Iterator[None]:
        refused = run.proxy.refused
        run.proxy.status = status
        try:
            yield
            assert run.proxy.refused > refused
        finally:
            run.proxy.status = None

    return cause


@contextlib.contextmanager
def read_only(run: Run) -> Iterator[None]:
    """The indices take no writes, as on a node whose disk is nearly full."""
    with contextlib.closing(Search(run.state.endpoints.opensearch)) as search:
        search.ask("PUT", "/logs-*/_settings", {"index.blocks.write": True})
        before = written(search)
        try:
            yield
            assert written(search) == before
        finally:
            search.ask("PUT", "/logs-*/_settings", {"index.blocks.write": None})


def written(search: Search) -> int:
    """Documents of all log types."""
    search.ask("POST", "/logs-*/_refresh")
    count: int = search.ask("GET", "/logs-*/_count")["count"]
    return count


def throws(run: Run) -> AbstractContextManager[None]:
    return function_fault(run, run.normalise, "throw")


def dies(run: Run) -> AbstractContextManager[None]:
    return function_fault(run, run.route, "kill")


@contextlib.contextmanager
def mapping_retries(run: Run, attempts: int) -> Iterator[None]:
    """The mapping of normalise gives up sooner: deployed, it takes half a minute."""
    lambda_ = run.session.client("lambda")
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=run.normalise)["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=attempts)
    try:
        yield
    finally:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=mapping["MaximumRetryAttempts"])


@contextlib.contextmanager
def poisoned(run: Run) -> Iterator[None]:
    """normalise throws whenever it sees the one record, until that is in quarantine."""
    before = discarded(run)
    with mapping_retries(run, 1), function_fault(run, run.normalise, "throw", POISON):
        yield
        wait_for(lambda: discarded(run), lambda now: now == before + 1)


def discarded(run: Run) -> int:
    """Records the event sources have given up."""
    return int(run.status("event_sources")["totals"].get("discarded", 0))


@contextlib.contextmanager
def hangs(run: Run) -> Iterator[None]:
    """normalise never answers, and is ended by its timeout."""
    with timeout(run, run.normalise, 3), function_fault(run, run.normalise, "hang"):
        yield
        wait_for(lambda: failing_texts(run, run.normalise), lambda texts: "Task timed out" in str(texts))


@contextlib.contextmanager
def refusing_index(run: Run) -> Iterator[None]:
    """The index of one tenant has a mapping that its documents do not fit, kept from before a template was changed."""
    mappings = {"properties": {"message": {"type": "long", "ignore_malformed": False}}}
    name = f"logs-app-{STRICT}-{datetime.now(UTC):%Y.%m.%d}"
    with contextlib.closing(Search(run.state.endpoints.opensearch)) as search:
        search.ask("PUT", f"/{name}", {"mappings": mappings})
        try:
            yield
        finally:
            wait_for(lambda: failing(run, "event_sources"), lambda parts: not parts)
            search.ask("DELETE", f"/{name}")


def throttled(share: float, *, raw: bool = False) -> Callable[[Run], AbstractContextManager[None]]:
    """This share of what is put on a stream is refused: `events`, which normalise writes, or `raw`, which producers do."""

    @contextlib.contextmanager
    def cause(run: Run) -> Iterator[None]:
        stream = run.raw if raw else run.events
        before = run.throttle(stream, share)
        try:
            yield
        finally:
            assert run.throttle(stream, 0) > before

    return cause


@contextlib.contextmanager
def producers_throttled(run: Run) -> Iterator[None]:
    """`raw` takes nothing for a while; over before the row goes on, which waits for what is sent."""
    before = run.throttle(run.raw, 1)
    try:
        wait_for(lambda: run.throttle(run.raw, 1), lambda refused: refused >= before + RATE)
    finally:
        run.throttle(run.raw, 0)
    yield


@contextlib.contextmanager
def bucket_closed(run: Run) -> Iterator[None]:
    """The role of the archive's delivery stream may not write."""
    iam = run.session.client("iam")
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    role = run.archive_role
    iam.put_role_policy(
        RoleName=role, PolicyName="fault", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    try:
        yield
        wait_for(lambda: failing(run, "delivery"), bool)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="fault")


@contextlib.contextmanager
def disk_full(run: Run) -> Iterator[None]:
    """The delivery worker can write no file: every write fails, as on a full disk (setrlimit(2), RLIMIT_FSIZE)."""
    worker = run.engine("delivery")
    before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, before[1]))
    status = run.status("delivery")["updated"]
    try:
        yield
        assert run.status("delivery")["updated"] == status
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
    wait_for(lambda: run.status("delivery"), lambda now: now["updated"] > status and now["pid"] == worker)


@contextlib.contextmanager
def resharded(run: Run) -> Iterator[None]:
    """A shard of `raw` is split and merged again, and `events` has twice as many shards for a while."""
    kinesis = run.session.client("kinesis")
    first = run.open_shards(run.raw)[0]
    middle = str(int(first["HashKeyRange"]["EndingHashKey"]) // 2)
    kinesis.split_shard(StreamName=run.raw, ShardToSplit=first["ShardId"], NewStartingHashKey=middle)
    kinesis.update_shard_count(StreamName=run.events, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    yield
    one, other = [shard["ShardId"] for shard in run.open_shards(run.raw) if shard.get("ParentShardId") == first["ShardId"]]
    kinesis.merge_shards(StreamName=run.raw, ShardToMerge=one, AdjacentShardToMerge=other)
    kinesis.update_shard_count(StreamName=run.events, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    assert (len(run.open_shards(run.raw)), len(run.open_shards(run.events))) == (2, 2)


def no_fault(run: Run) -> AbstractContextManager[None]:
    """It is in the records."""
    return contextlib.nullcontext()


def record(number: int, tenant: str = "default", **fields: object) -> Sample:
    """One event of an application."""
    content = {"type": "app", "tenant": tenant, "level": "info", "message": f"record {number}"} | fields
    return Sample(json.dumps(content).encode(), f"key-{number % 8}", "app")


def one_poison(records: int) -> Callable[[], list[Sample]]:
    """So many records, one of which is the poison, in their middle."""
    return lambda: [record(number, **({"message": POISON} if number == records // 2 else {})) for number in range(records)]


def one_refused() -> list[Sample]:
    """A batch of 500 of which the index refuses one."""
    return [record(number, STRICT if number == 250 else "default") for number in range(500)]


def many_refused() -> list[Sample]:
    return [record(number, STRICT) for number in range(100)]


def corrupt() -> list[Sample]:
    """A KPL aggregate whose checksum is wrong, one that ends too early, and gzip that does."""
    whole = aggregate([("key", record(number).data) for number in range(5)])
    packed = gzip.compress(record(1).data * 20)
    broken = (whole[:-1] + bytes([whole[-1] ^ 0xFF]), whole[: len(whole) // 2], packed[: len(packed) // 2])
    return [Sample(data, f"key-{number}", "corrupt", malformed=True) for number, data in enumerate(broken * 5)]


def skewed() -> list[Sample]:
    """From clocks that never were set, are a day early or late, or far ahead."""
    now = datetime.now(UTC)
    moments = (datetime(1970, 1, 1, tzinfo=UTC), now - timedelta(days=1), now + timedelta(days=1), now.replace(year=2099, day=1))
    return [record(number, timestamp=moment.isoformat()) for number, moment in enumerate(moments * 5)]


def failing_texts(run: Run, function: str) -> list[str]:
    """What of a function's mapping fails now."""
    parts = run.status("event_sources")["parts"].values()
    return [text for part in parts if part.get("function") == function for text in part["failing"].values()]


@dataclass(frozen=True)
class Fault:
    """One row."""

    name: str
    cause: Callable[[Run], AbstractContextManager[None]]
    seconds: float = FAULT_SECONDS
    records: Callable[[], Sequence[Sample]] = tuple
    """Put while the fault is in force, beside the load."""
    refused: int = 0
    """How many of these end on `errors` instead of in the index."""
    quarantined: int = 0
    """How many of these end in quarantine."""
    ordered: bool = True
    """Whether the order of a partition key is kept from `raw` to `events`."""


FAULTS = [
    Fault("event-source worker killed and restarted", lambda run: killed(run, "event sources")),
    Fault("delivery worker killed and restarted", lambda run: killed(run, "delivery")),
    Fault("OpenSearch stopped", node_stopped, seconds=8),
    Fault("OpenSearch killed and restarted", node_killed),
    Fault("OpenSearch answering 429", answers(429)),
    Fault("OpenSearch answering 503", answers(503)),
    Fault("read-only index block", read_only),
    Fault("normalise throwing on all records", throws),
    Fault("route killed mid-batch", dies),
    Fault("normalise throwing on one record", poisoned, seconds=1, records=one_poison(10), quarantined=1),
    Fault("poison record among 10,000", poisoned, seconds=1, records=one_poison(10_000), quarantined=1),
    Fault("normalise timing out", hangs),
    Fault("one document refused in a batch of 500", refusing_index, seconds=2, records=one_refused, refused=1),
    Fault("mapping conflict", refusing_index, seconds=2, records=many_refused, refused=100),
    # What is refused is written again behind what was not: order within a key is the price, see StreamWriter.
    Fault("PutRecords throttled", throttled(1), ordered=False),
    Fault("PutRecords failing in part", throttled(0.3), ordered=False),
    Fault("PutRecords of producers throttled", producers_throttled),
    Fault("PutRecords of producers failing in part", throttled(0.3, raw=True)),
    Fault("S3 refusing writes", bucket_closed, seconds=8),
    Fault("corrupt KPL aggregate, corrupt gzip", no_fault, seconds=1, records=corrupt),
    Fault("clock-skewed timestamps", no_fault, seconds=1, records=skewed),
    Fault("reshard while running", resharded),
    Fault("disk full for the archive worker", disk_full, seconds=8),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_event_is_accounted_for(run: Run, fault: Fault) -> None:
    start = time.time()
    ledger = KeyedLedger(run.raw, run.everything)
    evidence = Evidence(run, start, ledger)
    # GIVEN traffic, WHEN the fault comes and goes meanwhile
    with run.load(ledger):
        with fault.cause(run):
            run.put(ledger, fault.records())
            run.send_for(ledger, fault.seconds)
        run.send_for(ledger, 1)
    # THEN every event is in one place
    account = wait_for(evidence.account, lambda seen: seen.lost == 0, RECOVERY_SECONDS)
    assert account.sent == account.indexed + account.errors
    assert (account.lost, account.duplicated) == (0, 0)
    assert account.malformed == account.malformed_kept > 0
    assert account.errors == account.malformed + fault.refused + fault.quarantined
    assert len(evidence.quarantined) == fault.quarantined
    if fault.ordered:
        assert evidence.order() == ledger.order(without=evidence.quarantined)
    # and nothing fails any more
    wait_for(lambda: failing(run, "event_sources") + failing(run, "delivery"), lambda parts: not parts)


def test_every_record_of_every_fault_is_in_the_archive(run: Run) -> None:
    archive = Archive(run.session, run.output("foundation", "ArchiveBucket"), 0)
    wait_for(lambda: run.everything.records - archive.count(run.everything), lambda missing: missing == 0, ARCHIVE_SECONDS)
    assert run.everything.records > 0
