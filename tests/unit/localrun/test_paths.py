"""The cache holds whole things or nothing, and says clearly why it cannot."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from localrun.errors import LocalRunError
from localrun.paths import cache_dir, make_directory, need_space, placed, run_dir, write_atomically


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path / "chosen"))
    assert cache_dir() == tmp_path / "chosen"
    assert run_dir().parent == tmp_path / "chosen" / "runs"
    assert len(run_dir().name) == 12


@pytest.mark.parametrize(("uid", "expected"), [(0, "/var/cache/weir"), (1_000, "/somewhere/weir")])
def test_the_default_cache_is_one_other_users_can_read_when_root(
    monkeypatch: pytest.MonkeyPatch, uid: int, expected: str
) -> None:
    monkeypatch.delenv("WEIR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert cache_dir() == Path(expected)


def test_a_placed_directory_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "engine"
    with placed(target, 1, "an engine") as scratch:
        assert scratch is not None
        (scratch / "file").write_text("content")
        assert not target.exists()
    assert (target / "file").read_text() == "content"
    assert target.stat().st_mode & 0o777 == 0o755


def test_a_failed_placement_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    target = tmp_path / "engine"
    placing = placed(target, 1, "an engine")
    scratch = placing.__enter__()
    assert scratch is not None
    (scratch / "half").touch()
    error = RuntimeError("half way")
    assert not placing.__exit__(RuntimeError, error, None)
    assert [path.name for path in tmp_path.iterdir()] == ["engine.lock"]
    with placed(target, 1, "an engine") as scratch:
        assert scratch is not None


def test_what_a_killed_process_left_half_made_is_not_used(tmp_path: Path) -> None:
    left = tmp_path / "engine.scratch"
    left.mkdir()
    (left / "half").touch()
    with placed(tmp_path / "engine", 1, "an engine") as scratch:
        assert scratch is not None
        assert list(scratch.iterdir()) == []


def test_two_that_start_at_once_make_it_once(tmp_path: Path) -> None:
    made = []
    entered = threading.Event()
    release = threading.Event()

    def make() -> None:
        with placed(tmp_path / "engine", 1, "an engine") as scratch:
            if scratch is not None:
                entered.set()
                release.wait(5)
                made.append(scratch)

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    release.set()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_no_space_is_an_error_that_names_place_size_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(LocalRunError, match=r"OpenSearch needs 1000000000\.0 GB, .* GB are free; .* WEIR_CACHE") as caught:
        need_space(tmp_path, 10**18, "OpenSearch")
    assert str(caught.value).startswith(f"{tmp_path}: ")


def test_a_cache_that_cannot_be_made_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalRunError, match=r"cannot be created .* set WEIR_CACHE"):
        make_directory(tmp_path / "file" / "cache")


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(LocalRunError, match="not writable; set WEIR_CACHE"):
        make_directory(tmp_path)


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    write_atomically(file, "new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]
