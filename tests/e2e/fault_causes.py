"""The faults: each is in force within its block, and has to have been felt when the block ends."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from localrun.errors import LocalRunError
from localrun.search import Search
from tests.e2e.fault_functions import function_fault, timeout
from tests.e2e.fault_records import POISON, STRICT
from tests.e2e.fault_run import RATE, Run
from tests.e2e.index import wait_for


def kill(run: Run, engine: str, signal_number: int) -> int:
    """Signal an engine and what it started; returns its process id."""
    pid = run.engine(engine)
    os.killpg(pid, signal_number)
    return pid


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
def killed_mid_batch(run: Run) -> Iterator[None]:
    """The event sources are killed while batches are with the function, and what it was at is undone: nobody is told of it."""
    with contextlib.ExitStack() as dead:
        with function_fault(run, run.normalise, "slow") as begun:
            # Batches of each shard have ended and left a checkpoint, while the worker has read on.
            wait_for(lambda: begun.exists() and begun.read_text().count("\n"), lambda batches: batches > 8)
            dead.enter_context(killed(run, "event sources"))
        with function_fault(run, run.normalise, "throw"):
            pass
        yield


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


def throws(run: Run) -> AbstractContextManager[object]:
    return function_fault(run, run.normalise, "throw")


def dies(run: Run) -> AbstractContextManager[object]:
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
        wait_for(lambda: discarded(run), lambda now: now == before + 1, seconds=120)


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
    """The delivery worker can write no file: every write fails, as on a full disk (setrlimit(2), RLIMIT_FSIZE).

    A small file system of its own would need the right to mount, which neither a developer nor a build machine has, and would
    have to be put under a worker that runs.
    """
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


def failing(run: Run, worker: str) -> Counter[str]:
    """What a worker says fails now, by part."""
    parts = run.status(worker)["parts"]
    return Counter({name: len(part["failing"]) for name, part in parts.items() if part["failing"]})


def failing_texts(run: Run, function: str) -> list[str]:
    """What of a function's mapping fails now."""
    parts = run.status("event_sources")["parts"].values()
    return [text for part in parts if part.get("function") == function for text in part["failing"].values()]
