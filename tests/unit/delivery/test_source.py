"""Where records come from, and that none is lost between a source and its delivery."""

from __future__ import annotations

import errno
import json
import resource
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from localrun.delivery.http import Server, Unreachable
from localrun.delivery.record import Record, user_records
from localrun.delivery.source import DirectPut, KinesisStream
from localrun.delivery.spool import Spool
from localrun.event_sources.checkpoint import Checkpoint, Checkpoints
from localrun.event_sources.shards import StreamRecord
from localrun.event_sources.status import Part
from tests.unit.common.kpl_encoder import aggregate
from tests.unit.event_sources.fakes import START, STREAM_ARN, FakeClock, FakeKinesis, FakeRole, denied


class Stream:
    """A Kinesis source over a stream in memory."""

    def __init__(self, state: Path) -> None:
        self.kinesis = FakeKinesis()
        self.clock = FakeClock()
        self.status = Part("archive", {})
        self.checkpoints = Checkpoints(state)
        self.source = self.start()

    def start(self) -> KinesisStream:
        role = FakeRole(kinesis=self.kinesis)
        return KinesisStream("archive", STREAM_ARN, role, self.checkpoints, self.status, self.clock)

    def read(self, seconds: float = 10.0) -> list[Record]:
        """What is new that much later."""
        self.clock.time += seconds
        return self.source.read()

    def ids(self) -> list[str]:
        return [record.id for record in self.read()]


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return Stream(tmp_path)


def test_it_begins_with_the_oldest_record(stream: Stream) -> None:
    stream.kinesis.put("shard-0", "1", b"a")
    assert stream.read() == [Record("1.0", b"a", int(START * 1000), "shard-0", "k", "1", 0, True)]


def test_after_a_restart_it_goes_on_behind_what_was_delivered(stream: Stream) -> None:
    # GIVEN three records read, the first two of them delivered
    for sequence in ("1", "2", "3"):
        stream.kinesis.put("shard-0", sequence)
    stream.source.delivered(stream.read()[:2])
    # WHEN another process starts THEN it reads the third again
    stream.source = stream.start()
    assert stream.ids() == ["3.0"]


def test_a_full_disk_leaves_the_old_checkpoint_and_stops_nothing(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stream.kinesis.put("shard-0", "1")
    with monkeypatch.context() as disk:
        disk.setattr(stream.checkpoints, "save", full)
        stream.source.delivered(stream.read())
        assert stream.status.snapshot()["failing"] == {"shard-0: checkpoint": "OSError: [Errno 28] No space left on device"}
    # WHEN there is space again
    stream.read()
    # THEN it is written, though nothing new came
    assert stream.checkpoints.load("archive", "shard-0") == Checkpoint("1")
    assert stream.status.snapshot()["failing"] == {}


def test_an_aggregate_is_behind_only_when_all_of_it_is_delivered(stream: Stream) -> None:
    # GIVEN a plain record, an aggregate of two, of which one was delivered
    stream.kinesis.put("shard-0", "1")
    stream.kinesis.put("shard-0", "2", aggregate([("a", b"one"), ("b", b"two")]))
    records = stream.read()
    assert [record.id for record in records] == ["1.0", "2.0", "2.1"]
    stream.source.delivered(records[:2])
    # WHEN another process starts THEN it reads the whole aggregate again
    stream.source = stream.start()
    assert stream.ids() == ["2.0", "2.1"]


def test_every_shard_is_read(stream: Stream) -> None:
    stream.kinesis.shards["shard-1"] = []
    stream.kinesis.put("shard-0", "1")
    stream.kinesis.put("shard-1", "2")
    assert stream.ids() == ["1.0", "2.0"]


def test_children_of_a_split_follow_when_the_parent_is_delivered(stream: Stream) -> None:
    stream.kinesis.put("shard-0", "1")
    stream.kinesis.shards["shard-1"] = []
    stream.kinesis.parents["shard-1"] = "shard-0"
    stream.kinesis.put("shard-1", "2")
    stream.kinesis.closed.add("shard-0")
    records = stream.read()
    assert [record.id for record in records] == ["1.0"]
    assert stream.ids() == []
    stream.source.delivered(records)
    assert stream.checkpoints.load("archive", "shard-0") == Checkpoint("1", closed=True)
    assert stream.ids() == ["2.0"]


def test_a_missing_grant_is_shown_in_the_services_words_and_tried_again(stream: Stream) -> None:
    stream.kinesis.put("shard-0", "1")
    stream.source.read()
    stream.kinesis.failures = [denied("kinesis:GetRecords")]
    stream.kinesis.put("shard-0", "2")
    assert stream.read(1.0) == []
    assert "not authorized" in stream.status.snapshot()["failing"][f"shard-0: reading {STREAM_ARN}"]
    assert stream.ids() == ["2.0"]
    assert stream.status.snapshot()["failing"] == {}


def test_a_denied_shard_is_not_asked_again_at_once(stream: Stream) -> None:
    stream.source.read()
    stream.kinesis.put("shard-0", "1")
    stream.kinesis.failures = [denied("kinesis:GetRecords")]
    assert stream.read(1.0) == []
    assert stream.read(0.5) == []
    assert [record.id for record in stream.read(0.5)] == ["1.0"]


def test_a_user_record_keeps_its_place_and_its_key() -> None:
    found = StreamRecord("shard-0", "7", "outer", aggregate([("a", b"one"), ("b", b"two")]), 1_495_072_949.453)
    assert user_records(found) == [
        Record("7.0", b"one", 1_495_072_949_453, "shard-0", "a", "7", 0, last=False),
        Record("7.1", b"two", 1_495_072_949_453, "shard-0", "b", "7", 1, last=True),
    ]


def test_what_only_begins_like_an_aggregate_is_delivered_as_it_is() -> None:
    broken = aggregate([("a", b"one")])[:-1]
    assert [record.data for record in user_records(StreamRecord("shard-0", "7", "k", broken, START))] == [broken]


class Emulator(Server):
    """Answers /_weir/drain: each answer once, then nothing."""

    def __init__(self, *answers: list[dict[str, Any]] | Exception) -> None:
        super().__init__("http://127.0.0.1:4566")
        self.answers = list(answers)
        self.paths: list[str] = []

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        self.paths.append(f"{method} {path}")
        answer = self.answers.pop(0) if self.answers else []
        if isinstance(answer, Exception):
            raise answer
        return 200, json.dumps(answer).encode()


def put(name: str, data: bytes) -> dict[str, Any]:
    return {"id": name, "data": b64encode(data).decode(), "ts": START}


def direct(state: Path, *answers: list[dict[str, Any]] | Exception) -> DirectPut:
    return DirectPut(Emulator(*answers), "direct put", Spool(state / "spool.jsonl"), Part("direct", {}), FakeClock())


def test_records_put_directly_are_taken_out_of_the_emulator(tmp_path: Path) -> None:
    emulator = Emulator([put("a", b"\x00\xff")])
    source = DirectPut(emulator, "direct put", Spool(tmp_path / "spool.jsonl"), Part("direct", {}), FakeClock())
    assert source.read() == [Record("a", b"\x00\xff", int(START * 1000))]
    assert emulator.paths == ["POST /_weir/drain?name=direct%20put"]


def test_what_was_taken_and_not_delivered_is_there_after_a_restart(tmp_path: Path) -> None:
    source = direct(tmp_path, [put("a", b"1"), put("b", b"2"), put("c", b"3")])
    records = source.read()
    source.delivered(records[:1])
    assert [record.id for record in direct(tmp_path).read()] == ["b", "c"]
    source.delivered(records[1:])
    assert direct(tmp_path).read() == []


def test_a_spool_broken_off_in_the_middle_of_a_line_gives_the_whole_ones(tmp_path: Path) -> None:
    direct(tmp_path, [put("a", b"1"), put("b", b"2")]).read()
    file = tmp_path / "spool.jsonl"
    file.write_text(file.read_text()[:-5])
    again = direct(tmp_path)
    assert [record.id for record in again.read()] == ["a"]
    assert file.read_text().count("\n") == 1


@contextmanager
def full_disk(file: Path, room: int) -> Iterator[None]:
    """The file can grow by `room` bytes more, as on a disk that has no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((file.stat().st_size if file.exists() else 0) + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_records_that_find_a_full_disk_are_kept_when_there_is_space(tmp_path: Path) -> None:
    status, file = Part("direct", {}), tmp_path / "spool.jsonl"
    emulator = Emulator([put("a", b"1")], [put("b", b"2"), put("c", b"3")], [put("d", b"4")])
    source = DirectPut(emulator, "x", Spool(file), status, FakeClock())
    first = source.read()
    kept = file.read_text()
    with full_disk(file, room=20):
        assert source.read() == []
        assert source.read() == []
        assert "File too large" in status.snapshot()["failing"]["keeping records"]
        assert file.read_text() == kept
        assert len(emulator.paths) == 2, "nothing more is taken"
    assert [record.id for record in source.read()] == ["b", "c"]
    assert status.snapshot()["failing"] == {}
    source.delivered(first)
    assert [record.id for record in direct(tmp_path).read()] == ["b", "c"]


def test_what_a_full_disk_cannot_forget_is_forgotten_at_the_next_delivery(tmp_path: Path) -> None:
    status, file = Part("direct", {}), tmp_path / "spool.jsonl"
    source = DirectPut(Emulator([put(name, b"1") for name in "abc"]), "x", Spool(file), status, FakeClock())
    records = source.read()
    with full_disk(tmp_path / "none", room=20):
        source.delivered(records[:1])
    assert "forgetting records" in status.snapshot()["failing"]
    source.delivered(records[1:2])
    assert status.snapshot()["failing"] == {}
    assert [record.id for record in direct(tmp_path).read()] == ["c"]


def test_an_emulator_that_does_not_answer_is_shown_and_asked_again(tmp_path: Path) -> None:
    status = Part("direct", {})
    emulator = Emulator(Unreachable("http://127.0.0.1:4566 does not answer"), [put("a", b"1")])
    source = DirectPut(emulator, "x", Spool(tmp_path / "spool.jsonl"), status, FakeClock())
    assert source.read() == []
    assert "does not answer" in status.snapshot()["failing"]["taking records"]
    assert [record.id for record in source.read()] == ["a"]
    assert status.snapshot()["failing"] == {}
