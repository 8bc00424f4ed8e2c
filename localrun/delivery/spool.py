"""Records put directly, kept on disk from when they were taken from the emulator until they are delivered."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections import deque
from pathlib import Path

from localrun.delivery.record import Record
from localrun.paths import make_directory, write_atomically


class Spool:
    """A queue of one delivery stream in one file, a JSON line a record: taking a record out of the emulator removes it there."""

    def __init__(self, file: Path) -> None:
        make_directory(file.parent)
        self._file = file
        self._lines: deque[str] = deque()

    def load(self) -> list[Record]:
        """What an earlier process took and did not deliver."""
        if not self._file.exists():
            return []
        content = self._file.read_text()
        whole = content[: content.rfind("\n") + 1]  # killed while appending: the rest is no record
        self._lines.extend(whole.splitlines(keepends=True))
        if whole != content:
            write_atomically(self._file, whole)
        return [_record(line) for line in self._lines]

    def append(self, records: list[Record]) -> None:
        """Keep all of them, or none and raise OSError, as on a full disk."""
        lines = [
            json.dumps({"id": record.id, "arrival_ms": record.arrival_ms, "data": b64encode(record.data).decode()}) + "\n"
            for record in records
        ]
        end = self._file.stat().st_size if self._file.exists() else 0
        try:
            with self._file.open("ab") as file:
                file.write("".join(lines).encode())
        except OSError:
            if self._file.exists():
                os.truncate(self._file, end)
            raise
        self._lines.extend(lines)

    def delivered(self, count: int) -> None:
        """Forget the oldest `count` records. Raises OSError where the file still holds them; the next call writes it again."""
        for _ in range(count):
            self._lines.popleft()
        write_atomically(self._file, "".join(self._lines))


def _record(line: str) -> Record:
    content = json.loads(line)
    return Record(content["id"], b64decode(content["data"]), content["arrival_ms"])
