"""The objects of a query's tables, for DuckDB to read: with the caller's permission, and only so many bytes of them.

Source: Athena user guide, "Configure per-query and per-workgroup data usage controls", "Access to Amazon S3 from Athena".
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from fsspec import AbstractFileSystem

#: Scheme of the paths DuckDB is given; no path of a user's has it.
SCHEME = "weir-athena"


class Refused(Exception):
    """The query ends. The text is Athena's reason."""


class ScanLimitExceeded(Refused):
    """It ends as cancelled."""

    def __init__(self) -> None:
        super().__init__("Bytes scanned limit was exceeded")


class _Object(NamedTuple):
    bucket: str
    key: str
    body: bytes


class Objects(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no type information
    """The objects of one query, under paths that tell DuckDB the values of their partition keys."""

    protocol = SCHEME
    cachable = False

    def __init__(self, may_read: Callable[[str, str], None], limit: int | None) -> None:
        """`may_read` takes bucket and key, and raises Refused; `limit` is in bytes."""
        super().__init__()
        self._may_read = may_read
        self._limit = limit
        self._objects: dict[str, _Object] = {}
        self._counting = threading.Lock()
        self.scanned = 0
        """Bytes of columns read so far."""
        self.refusal: Refused | None = None
        """Why no more is read: DuckDB does not hand an exception through."""

    def add(self, bucket: str, key: str, body: bytes, partition: dict[str, str]) -> str:
        """The path of an object."""
        folders = "".join(f"{name}={quote(value, safe='')}/" for name, value in partition.items())
        path = f"{len(self._objects)}/{folders}part.parquet"
        self._objects[path] = _Object(bucket, key, body)
        return f"{SCHEME}://{path}"

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": self._strip_protocol(path), "size": len(self._find(path).body), "type": "file"}

    def glob(self, path: str, **_: Any) -> list[str]:
        return [self._strip_protocol(path)]

    def modified(self, path: str) -> datetime:
        """For DuckDB's cache, which lives as long as the query: nothing changes."""
        return datetime.fromtimestamp(0, UTC)

    def _open(self, path: str, mode: str = "rb", **_: Any) -> io.BytesIO:
        found = self._find(path)
        self._or_remember(lambda: self._may_read(found.bucket, found.key))
        return _Counted(found.body, self._count)

    def _find(self, path: str) -> _Object:
        return self._objects[self._strip_protocol(path)]

    def _count(self, size: int) -> None:
        with self._counting:
            self.scanned += size
            if self._limit is not None and self.scanned > self._limit:
                self.scanned = self._limit
                self._or_remember(self._stop)

    def _stop(self) -> None:
        raise ScanLimitExceeded

    def _or_remember(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Refused as refusal:
            self.refusal = refusal
            raise


class _Counted(io.BytesIO):
    """Reports how much is read of a Parquet file's columns, which stand before its footer (Parquet format, "File format": the
    footer, its length in four bytes, and four more). What is read again at once, the head of a page, counts once."""

    def __init__(self, body: bytes, count: Callable[[int], None]) -> None:
        super().__init__(body)
        self._footer = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
        self._read_to = 0
        self._count = count

    def read(self, size: int | None = -1) -> bytes:
        start = self.tell()
        found = super().read(size)
        self._counted(start)
        return found

    def readinto(self, buffer: Any) -> int:
        start = self.tell()
        size = super().readinto(buffer)
        self._counted(start)
        return size

    def _counted(self, start: int) -> None:
        end = min(self.tell(), self._footer)
        new = end - (self._read_to if start < self._read_to < end else start)
        self._read_to = end
        if new > 0:
            self._count(new)
