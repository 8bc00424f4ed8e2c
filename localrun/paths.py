"""Where the embedded run keeps its files, and how it puts them there.

The cache holds what is fetched once and shared by every checkout (`$WEIR_CACHE`, see `cache_dir`); `<cache>/runs/<hash of the
checkout>` holds what one running pipeline writes. Nothing is written into the checkout.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localrun.errors import LocalRunError

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout's root."""

PYTHON_PATH = os.pathsep.join((str(PROJECT), str(PROJECT / "lambdas")))
"""Where the project's programs find its packages; the functions' `common` lies where their layer has it."""

CHOOSE_CACHE = "set WEIR_CACHE to a directory you can write to"


def cache_dir() -> Path:
    """Where downloads are kept: `$WEIR_CACHE`, or the system's cache for root (whose home is closed to others), or the user's."""
    if chosen := os.environ.get("WEIR_CACHE"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/cache/weir")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir"


def run_dir() -> Path:
    """What the pipeline of this checkout writes: state, logs, the index, the synthesized templates."""
    return cache_dir() / "runs" / hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]


def make_directory(directory: Path) -> Path:
    """Create `directory` with its parents. Raises LocalRunError if it cannot be created or written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalRunError(f"{directory}: cannot be created ({error.strerror}); {CHOOSE_CACHE}") from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise LocalRunError(f"{directory}: not writable; {CHOOSE_CACHE}")
    return directory


def need_space(directory: Path, needed: int, what: str) -> None:
    """Raise LocalRunError unless the file system of `directory` has `needed` bytes free for `what`."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise LocalRunError(
            f"{directory}: {what} needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; "
            "free some, or use a larger disk: WEIR_CACHE says where the cache is"
        )


@contextmanager
def placed(target: Path, needed: int, what: str) -> Iterator[Path | None]:
    """Make a directory of the cache once, whole or not at all.

    Yields a scratch directory to fill, which is renamed to `target` when the block ends well and removed when it does not; yields
    None when `target` is there already. A lock lets one process at a time make it, so that two that start at once share the work.
    Raises LocalRunError when there are not `needed` bytes for it.
    """
    make_directory(target.parent)
    with (target.parent / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            yield None
            return
        need_space(target.parent, needed, what)
        scratch = target.with_name(f"{target.name}.scratch")
        shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed at it
        scratch.mkdir()
        try:
            yield scratch
            scratch.chmod(0o755)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def write_atomically(file: Path, text: str) -> None:
    """Write `text` so that a reader sees the old content or the new, never a part."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(file)
