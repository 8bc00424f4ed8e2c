"""What a worker did and what fails now: a file for `weir status`, and lines in the worker's log."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from localrun.paths import write_atomically

#: A failure that stays the same is logged again this often, in seconds: seen, but not a flood.
REPEAT_SECONDS = 30.0
#: One whose words changed is logged again after this: texts may carry ids that differ each time.
CHANGED_SECONDS = 2.0

log = logging.getLogger(__name__)


class Part:
    """One mapping or one delivery stream: its facts, its counts, and what fails in it now."""

    def __init__(self, name: str, facts: dict[str, Any]) -> None:
        self.name = name
        self._facts = facts
        self._counts: Counter[str] = Counter()
        self._failing: dict[str, str] = {}
        self._last_error: dict[str, str] | None = None
        self._logged: dict[str, tuple[str, float]] = {}
        self._lock = Lock()

    def add(self, **counts: int) -> None:
        with self._lock:
            self._counts.update(counts)

    def fact(self, **facts: Any) -> None:
        with self._lock:
            self._facts.update(facts)

    def failed(self, where: str, error: object, now: float) -> None:
        """`where` fails with `error`; it counts as failing until `recovered`."""
        text = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(error)
        self._failing[where] = text
        self.noted(where, text, now)

    def noted(self, where: str, text: str, now: float) -> None:
        """Something went wrong at `where` that is over, such as a record refused and kept elsewhere."""
        with self._lock:
            self._last_error = {"at": _iso(now), "where": where, "text": text}
            before = self._logged.get(where)
            since = now - before[1] if before else REPEAT_SECONDS
            say = since >= REPEAT_SECONDS or (before is not None and before[0] != text and since >= CHANGED_SECONDS)
            if say:
                self._logged[where] = (text, now)
        if say:
            log.error("%s: %s: %s", self._label, where, text)

    def recovered(self, where: str) -> None:
        if where not in self._failing:  # the common case, without the lock
            return
        with self._lock:
            self._failing.pop(where, None)
            self._logged.pop(where, None)
        log.info("%s: %s: works again", self._label, where)

    def over(self, state: str) -> None:
        """It is in this state for good, and nothing in it fails any more."""
        with self._lock:
            self._facts["state"] = state
            self._failing.clear()

    @property
    def _label(self) -> str:
        """A mapping is known by its function, not by its UUID."""
        return str(self._facts.get("function", self.name))

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            return self._facts | {
                "counts": dict(self._counts),
                "failing": dict(self._failing),
                "last_error": self._last_error,
            }


class Status:
    """All parts of one worker, and the file they are written to."""

    def __init__(self, file: Path, worker: str) -> None:
        self._file = file
        self._worker = worker
        self._parts: dict[str, Part] = {}

    def part(self, name: str, **facts: Any) -> Part:
        """The part of that name, made on first use; `facts` are shown beside its counts."""
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = Part(name, {})
        part.fact(**facts)
        return part

    def snapshot(self, now: float) -> dict[str, Any]:
        """JSON: worker, pid, updated (ISO 8601), totals (counts summed), failing (how many things), parts by name."""
        parts = {name: part.snapshot() for name, part in self._parts.copy().items()}
        totals: Counter[str] = Counter()
        for part in parts.values():
            totals.update(part["counts"])
        return {
            "worker": self._worker,
            "pid": os.getpid(),
            "updated": _iso(now),
            "totals": dict(totals),
            "failing": sum(len(part["failing"]) for part in parts.values()),
            "parts": parts,
        }

    def write(self, now: float) -> None:
        write_atomically(self._file, json.dumps(self.snapshot(now), indent=1))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
