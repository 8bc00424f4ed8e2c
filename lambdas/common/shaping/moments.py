"""Times of sources that write no offset, or whose clocks are wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from common.logtype import JsonObject
from common.shaping.paths import find, path_of, put

#: Where a source's own time is kept when `@timestamp` does not trust it.
SOURCE_TIME = "weir.source_time"

_SOURCE_TIME = path_of(SOURCE_TIME)


class LocalTime:
    """Takes times that were written without an offset, and so were read as UTC, for local times of a zone.

    An hour that a zone has twice is taken for the first of the two, as `datetime` does (PEP 495).
    """

    def __init__(self, zone: str, dotted: Iterable[str] = ("@timestamp",)) -> None:
        """Raises zoneinfo.ZoneInfoNotFoundError for a zone that the IANA data do not name."""
        self._zone = ZoneInfo(zone)
        self._paths = [path_of(name) for name in dotted]

    def apply(self, document: JsonObject) -> None:
        for path in self._paths:
            value = find(document, path)
            if isinstance(value, str):
                put(document, path, self._read(value))

    def _read(self, value: str) -> str:
        try:
            local = datetime.fromisoformat(value).replace(tzinfo=self._zone)
            return local.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
        except (ValueError, OverflowError):  # no time, or the first or the last day that can be written
            return value


class TrustedClock:
    """Uses the arrival on `raw` for `@timestamp` where a source's time is too far from it, and keeps the source's in
    `weir.source_time`."""

    def __init__(self, most_seconds: int) -> None:
        self._most = most_seconds

    def apply(self, document: JsonObject) -> None:
        said, arrived = document.get("@timestamp"), document["event"]["ingested"]
        if not isinstance(said, str):
            return
        if said[:13] == arrived[:13] and self._most >= 3_600:
            return  # the same hour: nearly every event
        off = datetime.fromisoformat(said) - datetime.fromisoformat(arrived)
        if abs(off.total_seconds()) > self._most and put(document, _SOURCE_TIME, said):
            document["@timestamp"] = arrived
