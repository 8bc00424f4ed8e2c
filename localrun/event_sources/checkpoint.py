"""How far a shard was processed: in memory while batches run in parallel, and on disk between runs."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from localrun.errors import LocalRunError
from localrun.paths import make_directory, write_atomically


class Progress:
    """The point below which every record of a shard has ended, while several lanes work on it.

    A lane handles its records in order, but lanes overtake each other: the checkpoint is the last record before the first that
    is still pending in any lane. What lies beyond it is processed again after a crash (at least once).
    """

    def __init__(self, lanes: int, sequence: str | None = None) -> None:
        self._settled = [-1] * lanes
        self._pending: deque[tuple[int, int | None, str]] = deque()
        self._next = 0
        self.sequence = sequence
        """Sequence number of the checkpoint; None before the first."""

    @property
    def pending(self) -> int:
        """Records read and not yet below the checkpoint."""
        return len(self._pending)

    def read(self, lane: int, sequence: str) -> int:
        """A record was read and given to `lane`. Returns its ordinal, which `settle` takes."""
        ordinal = self._next
        self._next += 1
        self._pending.append((ordinal, lane, sequence))
        return ordinal

    def skip(self, sequence: str) -> None:
        """A record was read that no lane gets: it has ended when those before it have, see `advance`."""
        if self._pending and self._pending[-1][1] is None:
            self._pending.pop()  # the last one skipped stands for those before it, however many a slow lane holds up
        self._pending.append((self._next, None, sequence))
        self._next += 1

    def settle(self, lane: int, ordinal: int) -> bool:
        """All records of `lane` up to `ordinal` ended. Returns whether the checkpoint moved."""
        self._settled[lane] = ordinal
        return self.advance()

    def advance(self) -> bool:
        """Move the checkpoint as far as records have ended. Returns whether it moved."""
        before = self.sequence
        while self._pending:
            ordinal, lane, sequence = self._pending[0]
            if lane is not None and ordinal > self._settled[lane]:
                break
            self.sequence = sequence
            self._pending.popleft()
        return self.sequence != before


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is kept of a shard: the last sequence number that ended, and whether the whole shard did."""

    sequence: str | None = None
    closed: bool = False


class Checkpoints:
    """Files under one directory: a folder for each mapping or delivery stream, a file for each shard.

    Files are replaced whole, so a process killed at any moment leaves the old content or the new.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self, owner: str, shard: str) -> Checkpoint:
        """Raises LocalRunError if the file is not one this program wrote."""
        content = self._read(owner, shard)
        if content is None:
            return Checkpoint()
        try:
            return Checkpoint(**content)
        except TypeError as error:
            raise self._foreign(owner, shard) from error

    def save(self, owner: str, shard: str, checkpoint: Checkpoint) -> None:
        self._write(owner, shard, asdict(checkpoint))

    def first_seen(self, owner: str, now: float) -> float:
        """When `owner` was first asked about: `now` on the first call, and the same ever after.

        What "only new records" means must survive a restart, or those that came meanwhile would be skipped.
        """
        content = self._read(owner, "start")
        if content is None:
            content = {"at": now}
            self._write(owner, "start", content)
        return float(content["at"])

    def _file(self, owner: str, name: str) -> Path:
        return self._directory / owner / f"{name}.json"

    def _read(self, owner: str, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads(self._file(owner, name).read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._foreign(owner, name) from error
        if not isinstance(content, dict):
            raise self._foreign(owner, name)
        return content

    def _write(self, owner: str, name: str, content: dict[str, Any]) -> None:
        file = self._file(owner, name)
        if not file.parent.exists():
            make_directory(file.parent)
        write_atomically(file, json.dumps(content))

    def _foreign(self, owner: str, name: str) -> LocalRunError:
        file = self._file(owner, name)
        return LocalRunError(f"{file}: not a checkpoint of this program; remove it to read the shard from its start")
