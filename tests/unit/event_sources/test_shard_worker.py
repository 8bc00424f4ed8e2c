"""One shard, from GetRecords to the checkpoint."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from localrun.event_sources.checkpoint import Checkpoint, Checkpoints
from localrun.event_sources.destination import FailureDestination
from localrun.event_sources.function import NotInvoked
from localrun.event_sources.mapping import Mapping
from localrun.event_sources.shard_worker import POLL_SECONDS, ShardWorker
from localrun.event_sources.shards import READ_RECORDS, ShardReader, Start
from localrun.event_sources.status import Part
from tests.unit.event_sources.fakes import (
    MAPPING,
    START,
    STREAM_ARN,
    FakeClock,
    FakeFunction,
    FakeKinesis,
    FakeRole,
    Recorder,
    denied,
    mapping,
    throttled,
)


class Run:
    """A worker of `shard-0` with everything around it in memory but its checkpoints."""

    def __init__(self, state: Path, *, of: Mapping = MAPPING, function: FakeFunction | None = None) -> None:
        self.mapping = of
        self.kinesis = FakeKinesis()
        self.function = function or FakeFunction()
        self.s3 = Recorder()
        self.clock = FakeClock()
        self.status = Part("mapping", {})
        self.checkpoints = Checkpoints(state)
        self.worker = self.start()

    def start(self) -> ShardWorker:
        """A worker as a new process makes it: from the checkpoint."""
        reader = ShardReader(lambda: self.kinesis, STREAM_ARN, "shard-0", Start(after_sequence=self.checkpoint))
        destination = FailureDestination(self.mapping, FakeRole(s3=self.s3))
        return ShardWorker(
            self.mapping, "shard-0", reader, self.function, destination, self.checkpoints, self.status, self.clock
        )  # fmt: skip

    def put(self, *sequences: str, key: str = "k") -> None:
        for sequence in sequences:
            self.kinesis.put("shard-0", sequence, key=key)

    def work_all(self) -> None:
        self.worker.poll()
        for lane in self.worker.lanes:
            self.worker.work(lane)

    @property
    def checkpoint(self) -> str | None:
        return self.checkpoints.load(self.mapping.uuid, "shard-0").sequence

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.status.snapshot()["counts"]
        return counts

    @property
    def failing(self) -> dict[str, str]:
        failing: dict[str, str] = self.status.snapshot()["failing"]
        return failing


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_records_are_invoked_in_order_and_checkpointed(run: Run) -> None:
    run.put("1", "2", "3")
    run.work_all()
    assert run.function.batches == [["1", "2", "3"]]
    assert run.checkpoint == "3"
    assert run.counts == {"invokes": 1, "records": 3}


def test_a_quiet_shard_is_polled_slowly_and_one_with_more_at_once(run: Run) -> None:
    assert run.worker.poll() == POLL_SECONDS
    for at in range(READ_RECORDS + 1):
        run.kinesis.put("shard-0", f"{at:05d}")
    assert run.worker.poll() == 0


def test_a_new_process_goes_on_after_the_checkpoint(run: Run) -> None:
    run.put("1", "2")
    run.work_all()
    run.put("3")
    run.worker = run.start()
    run.work_all()
    assert run.function.batches == [["1", "2"], ["3"]]


def test_a_process_killed_before_the_checkpoint_processes_again(run: Run) -> None:
    # GIVEN records read but not processed when the process is killed
    run.put("1", "2")
    run.worker.poll()
    # WHEN another starts
    run.worker = run.start()
    run.work_all()
    # THEN it processes them
    assert run.function.batches == [["1", "2"]]


def test_a_full_disk_leaves_the_old_checkpoint_and_stops_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run.put("1")
    run.work_all()
    run.put("2")
    with monkeypatch.context() as disk:
        disk.setattr(run.checkpoints, "save", full)
        run.work_all()
    assert run.function.batches == [["1"], ["2"]]
    assert run.checkpoint == "1"
    assert run.failing == {"shard-0: checkpoint": "OSError: [Errno 28] No space left on device"}
    # WHEN there is space again
    run.worker.poll()
    # THEN it is written, though nothing new came
    assert run.checkpoint == "2"
    assert run.failing == {}


def test_a_missing_grant_is_shown_in_the_services_words_and_tried_again(run: Run) -> None:
    run.put("1")
    run.kinesis.failures = [denied("kinesis:GetRecords")] * 2
    assert run.worker.poll() >= POLL_SECONDS
    assert "not authorized to perform: kinesis:GetRecords" in run.failing["shard-0: reading raw"]
    run.worker.poll()
    run.work_all()
    assert run.failing == {}
    assert run.checkpoint == "1"
    assert run.counts["read_errors"] == 2


def test_a_throttled_reader_waits_longer_each_time_and_loses_nothing(run: Run) -> None:
    run.put("1")
    run.kinesis.failures = [throttled("GetRecords")] * 4
    assert [run.worker.poll() for _ in range(4)] == [POLL_SECONDS, 0.4, 0.8, 1.6]
    run.work_all()
    assert run.function.batches == [["1"]]
    assert run.worker.poll() == POLL_SECONDS


def test_records_beyond_the_maximum_age_go_to_the_bucket_and_are_never_invoked(tmp_path: Path) -> None:
    run = Run(tmp_path, of=mapping(max_age_seconds=60))
    run.kinesis.put("shard-0", "1", arrival=START - 61)
    run.put("2")
    run.work_all()
    [(_, put)] = run.s3.calls
    kept = json.loads(put["Body"])
    assert kept["requestContext"]["condition"] == "RecordAgeExceeded"
    assert (kept["KinesisBatchInfo"]["startSequenceNumber"], kept["KinesisBatchInfo"]["batchSize"]) == ("1", 1)
    assert run.function.batches == [["2"]]
    assert run.checkpoint == "2"


def test_filtered_records_are_checkpointed_and_never_invoked(tmp_path: Path) -> None:
    # GIVEN a mapping for errors only, and one error among others
    run = Run(tmp_path, of=mapping(filters=('{"data": {"level": ["ERROR"]}}',)))
    for sequence, data in (
        ("1", b'{"level": "INFO"}'),
        ("2", b'{"level": "ERROR"}'),
        ("3", b"ERROR"),
        ("4", b'{"level": "INFO"}'),
    ):
        run.kinesis.put("shard-0", sequence, data=data)
    run.work_all()
    # THEN it alone is invoked, and all have ended
    assert run.function.batches == [["2"]]
    assert run.checkpoint == "4"
    assert run.counts == {"filtered": 3, "invokes": 1, "records": 1}


def test_a_shard_of_filtered_records_alone_is_checkpointed_without_an_invocation(tmp_path: Path) -> None:
    run = Run(tmp_path, of=mapping(filters=('{"data": {"level": ["ERROR"]}}',)))
    run.kinesis.put("shard-0", "1", data=b'{"level": "INFO"}')
    run.kinesis.closed.add("shard-0")
    run.worker.poll()
    assert run.function.batches == []
    assert run.checkpoints.load(MAPPING.uuid, "shard-0") == Checkpoint("1", closed=True)


def test_a_filtered_record_waits_for_the_batch_before_it(tmp_path: Path) -> None:
    run = Run(tmp_path, of=mapping(filters=('{"data": {"level": ["ERROR"]}}',)))
    run.kinesis.put("shard-0", "1", data=b'{"level": "ERROR"}')
    run.kinesis.put("shard-0", "2", data=b'{"level": "INFO"}')
    run.worker.poll()
    assert run.checkpoint is None
    run.worker.work(0)
    assert run.checkpoint == "2"


def test_a_poison_record_goes_to_the_bucket_with_its_whole_event_and_the_rest_goes_on(tmp_path: Path) -> None:
    # GIVEN a function that fails whenever it sees record 3
    def behaviour(sequences: list[str]) -> None:
        if "3" in sequences:
            raise ValueError("bad record")

    run = Run(tmp_path, function=FakeFunction(behaviour))
    run.put("1", "2", "3", "4")
    run.work_all()
    # THEN it alone is kept, under the documented key, and the checkpoint is beyond it
    [(operation, put)] = run.s3.calls
    assert (operation, put["Bucket"]) == ("put_object", "quarantine")
    assert put["Key"].startswith(f"aws/lambda/{MAPPING.uuid}/shard-0/2023/11/14/2023-11-14T22.13.")
    kept = json.loads(put["Body"])
    assert kept["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert kept["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert [record["kinesis"]["sequenceNumber"] for record in json.loads(kept["payload"])["Records"]] == ["3"]
    assert run.checkpoint == "4"
    assert (run.counts["discarded"], run.counts["records"]) == (1, 3)


def test_nothing_is_given_up_before_the_destination_has_it(run: Run) -> None:
    # GIVEN a function that always fails, and a role that may not write
    run.function.behaviour = lambda sequences: {"batchItemFailures": [{"itemIdentifier": sequences[0]}]}
    run.s3.failures = [denied("s3:PutObject")] * 3
    run.put("1")
    run.work_all()
    # THEN the fourth write succeeds, and only then the checkpoint moves
    assert len(run.s3.calls) == 4
    assert run.checkpoint == "1"
    assert run.counts["destination_errors"] == 3


def test_a_stop_while_the_destination_refuses_leaves_the_record_uncheckpointed(run: Run) -> None:
    run.function.behaviour = lambda sequences: {"batchItemFailures": [{"itemIdentifier": sequences[0]}]}
    run.s3.failures = [denied("s3:PutObject")] * 99
    run.clock = FakeClock(stop_after=10)
    run.worker = run.start()
    run.put("1")
    run.work_all()
    assert run.checkpoint is None
    assert "not authorized to perform: s3:PutObject" in run.failing[f"shard-0: failure destination {MAPPING.destination_arn}"]


def test_a_throttled_invocation_waits_longer_each_time_and_loses_nothing(run: Run) -> None:
    refusals = [NotInvoked("TooManyRequestsException: Rate Exceeded")] * 3

    def behaviour(sequences: list[str]) -> Any:
        if refusals:
            raise refusals.pop()

    run.function.behaviour = behaviour
    run.put("1")
    run.work_all()
    assert run.clock.waits == [0.1, 0.2, 0.4]
    assert run.checkpoint == "1"
    assert run.counts == {"throttles": 3, "invokes": 1, "records": 1}


def test_a_stop_in_the_middle_of_retries_leaves_the_batch_uncheckpointed(run: Run) -> None:
    run.function.behaviour = lambda sequences: {"batchItemFailures": [{"itemIdentifier": sequences[-1]}]}
    run.clock = FakeClock(stop_after=1)
    run.worker = run.start()
    run.put("1", "2")
    run.work_all()
    assert run.checkpoint == "1"


def test_concurrent_batches_keep_a_partition_key_in_one_lane(tmp_path: Path) -> None:
    # GIVEN ten lanes and records of sixty keys
    run = Run(tmp_path, of=mapping(parallelization_factor=10))
    keys = {f"{at:03d}": f"key-{at % 60}" for at in range(240)}
    for sequence, key in keys.items():
        run.put(sequence, key=key)
    run.worker.poll()
    # WHEN every lane works once
    lanes: dict[str, int] = {}
    for lane in run.worker.lanes:
        run.worker.work(lane)
        batch = run.function.batches[-1]
        # THEN its batch is in order, and has all records of its keys
        assert batch == sorted(batch)
        for sequence in batch:
            assert lanes.setdefault(keys[sequence], lane) == lane
    assert len(run.function.batches) == len(set(lanes.values())) == 10
    assert run.checkpoint == "239"


def test_a_slow_lane_holds_the_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path, of=mapping(parallelization_factor=2))
    for at in range(10):
        run.put(str(at), key=f"key-{at}")
    run.worker.poll()
    run.worker.work(0)
    settled = {sequence for batch in run.function.batches for sequence in batch}
    first_left = next(at for at in range(10) if str(at) not in settled)
    assert run.checkpoint == (str(first_left - 1) if first_left else None)
    run.worker.work(1)
    assert run.checkpoint == "9"


def test_a_closed_shard_ends_when_its_last_record_has(run: Run) -> None:
    run.put("1")
    run.kinesis.closed.add("shard-0")
    run.worker.poll()
    assert not run.worker.ended
    run.worker.work(0)
    assert run.worker.ended
    assert run.checkpoints.load(MAPPING.uuid, "shard-0") == Checkpoint("1", closed=True)


def test_an_empty_closed_shard_ends_at_once(run: Run) -> None:
    run.kinesis.closed.add("shard-0")
    run.worker.poll()
    assert run.worker.ended
