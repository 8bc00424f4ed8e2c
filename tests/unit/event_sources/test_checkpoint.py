"""Checkpoints never move past a record that has not ended, and survive a restart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localrun.errors import LocalRunError
from localrun.event_sources.checkpoint import Checkpoint, Checkpoints, Progress


def test_a_lane_ahead_of_another_does_not_move_the_checkpoint() -> None:
    # GIVEN records 1 and 3 in lane 0, record 2 in lane 1
    progress = Progress(2)
    progress.read(0, "1")
    second = progress.read(1, "2")
    third = progress.read(0, "3")
    # WHEN lane 0 ends both of its own
    assert progress.settle(0, third)
    # THEN the checkpoint waits before 2, and moves to 3 when lane 1 ends it
    assert (progress.sequence, progress.pending) == ("1", 2)
    assert progress.settle(1, second)
    assert (progress.sequence, progress.pending) == ("3", 0)


@given(st.lists(st.integers(0, 2), max_size=40), st.randoms(use_true_random=False))
def test_the_checkpoint_is_always_the_last_before_the_first_unfinished(lanes: list[int], order: random.Random) -> None:
    progress = Progress(3)
    ordinals = [progress.read(lane, str(at)) for at, lane in enumerate(lanes)]
    waiting = {lane: [ordinal for ordinal, of in zip(ordinals, lanes, strict=True) if of == lane] for lane in range(3)}
    done: set[int] = set()
    while any(waiting.values()):
        lane = order.choice([lane for lane, left in waiting.items() if left])
        ordinal = waiting[lane].pop(0)
        done.add(ordinal)
        progress.settle(lane, ordinal)
        first_unfinished = next(at for at in range(len(lanes) + 1) if at not in done)
        assert progress.sequence == (str(first_unfinished - 1) if first_unfinished else None)


def test_skipped_records_have_ended_when_those_before_them_have() -> None:
    # GIVEN records 1 and 4 for a lane, 2, 3 and 5 for none
    progress = Progress(1)
    first = progress.read(0, "1")
    progress.skip("2")
    progress.skip("3")
    fourth = progress.read(0, "4")
    progress.skip("5")
    assert not progress.advance()
    assert progress.pending == 4  # 3 stands for 2
    # WHEN 1 ends, THEN so do 2 and 3; with 4 so does 5
    assert progress.settle(0, first)
    assert progress.sequence == "3"
    assert progress.settle(0, fourth)
    assert (progress.sequence, progress.pending) == ("5", 0)


def test_a_checkpoint_is_read_back_by_another_process(tmp_path: Path) -> None:
    Checkpoints(tmp_path).save("mapping", "shard-0", Checkpoint("42", closed=True))
    assert Checkpoints(tmp_path).load("mapping", "shard-0") == Checkpoint("42", closed=True)


def test_a_shard_never_read_has_none(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path).load("mapping", "shard-0") == Checkpoint(None, closed=False)


def test_the_time_a_mapping_was_first_seen_stays(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path).first_seen("mapping", 10.5) == 10.5
    assert Checkpoints(tmp_path).first_seen("mapping", 99.0) == 10.5


def test_only_whole_files_are_left_behind(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for sequence in ("1", "2", "3"):
        checkpoints.save("mapping", "shard-0", Checkpoint(sequence))
    assert [file.name for file in (tmp_path / "mapping").iterdir()] == ["shard-0.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"other": 1}'])
def test_a_foreign_file_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "mapping").mkdir()
    file = tmp_path / "mapping" / "shard-0.json"
    file.write_text(content)
    with pytest.raises(LocalRunError, match=r"shard-0.json: not a checkpoint of this program; remove it"):
        Checkpoints(tmp_path).load("mapping", "shard-0")
