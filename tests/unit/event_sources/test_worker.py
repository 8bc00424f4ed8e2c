"""Mappings are found, started, stopped and restarted as they are deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localrun.event_sources import worker
from localrun.event_sources.checkpoint import Checkpoint, Checkpoints
from localrun.event_sources.clock import Clock
from localrun.event_sources.mapping import Mapping
from localrun.event_sources.status import Part, Status
from localrun.event_sources.worker import EventSources, MappingWorker, Threads
from tests.unit.event_sources.fakes import (
    MAPPING,
    ROLE_ARN,
    START,
    STREAM_ARN,
    FakeClock,
    FakeFunction,
    FakeKinesis,
    FakeRole,
    denied,
    mapping,
)


class NoThreads(Threads):
    """Keeps what would run."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.steps: dict[str, Callable[[], object]] = {}
        self.clocks: dict[str, Clock] = {}

    def start(self, name: str, step: Callable[[], object], clock: Clock) -> Thread:
        self.steps[name] = step
        self.clocks[name] = clock
        return Thread(name=name)

    @property
    def running(self) -> list[str]:
        return sorted(name for name, clock in self.clocks.items() if not clock.stopped)


class Shards:
    """One mapping over a stream in memory."""

    def __init__(self, state: Path, of: Mapping = MAPPING) -> None:
        self.kinesis = FakeKinesis()
        self.clock = FakeClock()
        self.threads = NoThreads(self.clock)
        self.checkpoints = Checkpoints(state)
        self.status = Part("mapping", {})
        self.function = FakeFunction()
        self.worker = MappingWorker(
            of, FakeRole(kinesis=self.kinesis), self.function, self.checkpoints, self.status, self.clock, self.threads
        )  # fmt: skip

    def step(self, name: str) -> None:
        self.threads.steps[name]()


def test_each_shard_has_a_reader_and_a_thread_for_every_lane(tmp_path: Path) -> None:
    run = Shards(tmp_path, mapping(parallelization_factor=2))
    run.worker.refresh()
    assert run.threads.running == ["normalise/shard-0/0", "normalise/shard-0/1", "normalise/shard-0/read"]


def test_the_children_of_a_split_start_when_the_parent_has_ended(tmp_path: Path) -> None:
    # GIVEN a closed parent with a record, and its child
    run = Shards(tmp_path)
    run.kinesis.put("shard-0", "1")
    run.kinesis.shards["shard-1"] = []
    run.kinesis.parents["shard-1"] = "shard-0"
    run.kinesis.closed.add("shard-0")
    run.worker.refresh()
    assert run.threads.running == ["normalise/shard-0/0", "normalise/shard-0/read"]
    # WHEN the parent's last record was processed
    run.step("normalise/shard-0/read")
    run.step("normalise/shard-0/0")
    run.worker.refresh()
    # THEN the child is read, and the parent no more
    assert run.threads.running == ["normalise/shard-1/0", "normalise/shard-1/read"]


def test_the_child_of_a_merge_starts_when_both_parents_have_ended(tmp_path: Path) -> None:
    run = Shards(tmp_path)
    run.kinesis.shards |= {"shard-1": [], "shard-2": []}
    run.kinesis.parents["shard-2"] = "shard-0"
    run.kinesis.adjacent["shard-2"] = "shard-1"
    run.kinesis.closed |= {"shard-0", "shard-1"}
    run.worker.refresh()
    run.step("normalise/shard-0/read")
    run.worker.refresh()
    assert run.threads.running == ["normalise/shard-1/0", "normalise/shard-1/read"]
    run.step("normalise/shard-1/read")
    run.worker.refresh()
    assert run.threads.running == ["normalise/shard-2/0", "normalise/shard-2/read"]


def test_a_closed_shard_is_not_read_again_after_a_restart(tmp_path: Path) -> None:
    Checkpoints(tmp_path).save(MAPPING.uuid, "shard-0", Checkpoint("9", closed=True))
    run = Shards(tmp_path)
    run.worker.refresh()
    assert run.threads.running == []


def test_what_was_read_of_a_shard_that_is_gone_is_still_processed(tmp_path: Path) -> None:
    # GIVEN a record in memory of a shard that a reshard removed
    run = Shards(tmp_path)
    run.kinesis.put("shard-0", "1")
    run.worker.refresh()
    run.step("normalise/shard-0/read")
    run.kinesis.shards = {"shard-1": []}
    run.kinesis.parents = {"shard-1": "shard-0"}
    run.worker.refresh()
    assert "normalise/shard-1/read" not in run.threads.running
    # WHEN it is processed
    run.step("normalise/shard-0/0")
    run.worker.refresh()
    # THEN the child follows
    assert run.function.batches == [["1"]]
    assert run.threads.running == ["normalise/shard-1/0", "normalise/shard-1/read"]


def test_latest_keeps_the_time_it_began_over_a_restart(tmp_path: Path) -> None:
    # GIVEN a mapping on new records only, first seen now
    Shards(tmp_path, mapping(starting_position="LATEST"))
    # WHEN the worker starts again later, records having come meanwhile
    again = Shards(tmp_path, mapping(starting_position="LATEST"))
    again.clock.time += 60
    again.kinesis.put("shard-0", "1", arrival=START - 1)
    again.kinesis.put("shard-0", "2", arrival=START + 30)
    again.worker.refresh()
    again.step("normalise/shard-0/read")
    again.step("normalise/shard-0/0")
    # THEN they are not skipped
    assert again.function.batches == [["2"]]


def test_at_timestamp_begins_there(tmp_path: Path) -> None:
    run = Shards(tmp_path, mapping(starting_position="AT_TIMESTAMP", starting_timestamp=START + 5))
    run.worker.refresh()
    run.step("normalise/shard-0/read")
    assert run.kinesis.iterators[0] == {
        "StreamARN": STREAM_ARN,
        "ShardId": "shard-0",
        "ShardIteratorType": "AT_TIMESTAMP",
        "Timestamp": START + 5,
    }


def test_shards_that_may_not_be_listed_are_shown_and_tried_again(tmp_path: Path) -> None:
    run = Shards(tmp_path)
    run.kinesis.failures = [denied("kinesis:ListShards")]
    run.worker.refresh()
    assert "not authorized to perform: kinesis:ListShards" in run.status.snapshot()["failing"]["listing shards of raw"]
    run.worker.refresh()
    assert run.status.snapshot()["failing"] == {}
    assert run.threads.running == ["normalise/shard-0/0", "normalise/shard-0/read"]


class FakeLambda:
    """Deployed mappings."""

    def __init__(self) -> None:
        self.mappings: dict[str, dict[str, Any]] = {}
        self.broken: set[str] = set()

    def deploy(self, uuid: str, **changes: Any) -> None:
        self.mappings[uuid] = {
            "UUID": uuid,
            "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{uuid}",
            "EventSourceArn": STREAM_ARN,
            "StartingPosition": "TRIM_HORIZON",
            "State": "Enabled",
        } | changes

    def get_paginator(self, operation: str) -> FakeLambda:
        assert operation == "list_event_source_mappings"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"EventSourceMappings": [found]} for found in self.mappings.values()]

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:
        if FunctionName.split(":")[6] in self.broken:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "Function not found"}}, "Get")
        return {"Role": ROLE_ARN}


class Account:
    """All mappings of an account in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
        self.functions = FakeLambda()
        self.clock = FakeClock()
        self.status = Status(state / "status.json", "event_sources")
        kinesis = FakeKinesis()

        class Session:
            def client(_, service: str, config: object = None) -> FakeLambda:
                return self.functions

        monkeypatch.setattr(worker, "session", lambda endpoint: Session())
        monkeypatch.setattr(worker, "Role", lambda *_: FakeRole(kinesis=kinesis))
        self.sources = EventSources("http://127.0.0.1:1", Checkpoints(state), self.status, self.clock)
        self.threads = NoThreads(self.clock)
        self.sources.threads = self.threads

    def refresh(self) -> list[str]:
        """The functions whose shards are read."""
        self.sources.refresh()
        return sorted({name.split("/")[0] for name in self.threads.running})

    def part(self, uuid: str) -> dict[str, Any]:
        found: dict[str, Any] = self.status.snapshot(START)["parts"][uuid]
        return found


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    return Account(monkeypatch, tmp_path)


def test_a_mapping_deployed_later_starts(account: Account) -> None:
    assert account.refresh() == []
    account.functions.deploy("normalise")
    assert account.refresh() == ["normalise"]
    assert account.part("normalise")["state"] == "reading"


def test_a_disabled_mapping_is_not_read_and_one_disabled_later_stops(account: Account) -> None:
    account.functions.deploy("normalise", State="Disabled")
    assert account.refresh() == []
    account.functions.deploy("normalise", State="Enabled")
    assert account.refresh() == ["normalise"]
    account.functions.deploy("normalise", State="Disabled")
    assert account.refresh() == []
    assert account.part("normalise")["state"] == "disabled"


def test_a_deleted_mapping_stops(account: Account) -> None:
    account.functions.deploy("normalise")
    account.refresh()
    account.functions.mappings.clear()
    assert account.refresh() == []
    assert account.part("normalise")["state"] == "deleted"


def test_what_failed_in_a_mapping_that_is_deleted_fails_no_more(account: Account) -> None:
    account.functions.deploy("normalise")
    account.refresh()
    # Its role was deleted before it.
    reading = "shard-0: reading raw"
    account.status.part("normalise").failed(reading, denied("kinesis:GetRecords"), account.clock.now())
    assert account.part("normalise")["failing"].keys() == {reading}
    account.functions.mappings.clear()
    account.refresh()
    assert account.part("normalise")["failing"] == {}


def test_a_changed_mapping_runs_with_what_it_says_now(account: Account) -> None:
    account.functions.deploy("normalise")
    account.refresh()
    account.functions.deploy("normalise", ParallelizationFactor=2)
    account.refresh()
    assert account.threads.running == ["normalise/shard-0/0", "normalise/shard-0/1", "normalise/shard-0/read"]


def test_mappings_of_other_services_are_left_alone(account: Account) -> None:
    account.functions.deploy("queue", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:queue")
    assert account.refresh() == []


def test_a_refused_mapping_is_shown_and_does_not_hold_up_others(account: Account) -> None:
    account.functions.deploy("windowed", TumblingWindowInSeconds=30)
    account.functions.deploy("normalise")
    assert account.refresh() == ["normalise"]
    assert account.part("windowed")["state"] == "refused"
    assert "tumbling windows are not run locally" in account.part("windowed")["failing"]["configuration"]


def test_a_mapping_whose_function_is_gone_does_not_hold_up_others(account: Account) -> None:
    account.functions.deploy("gone")
    account.functions.deploy("normalise")
    account.functions.broken.add("gone")
    assert account.refresh() == ["normalise"]
    assert "Function not found" in account.part("gone")["failing"]["reading the function's configuration"]


def test_a_thread_that_fails_ends_the_worker() -> None:
    def broken() -> None:
        raise RuntimeError("a mistake")

    clock = Clock()
    threads = Threads(clock)
    threads.start("broken", broken, clock).join()
    assert threads.failed
    assert clock.stopped


def test_stopping_a_part_leaves_the_rest_running_and_stopping_all_stops_the_part() -> None:
    clock = Clock()
    one, two = clock.child(), clock.child()
    one.stop()
    assert (one.stopped, two.stopped, clock.stopped) == (True, False, False)
    clock.stop()
    assert two.stopped
