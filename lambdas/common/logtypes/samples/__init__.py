"""Records of each log type and the events they become: what the tests check and docs/log-types.md shows.

`<type>.jsonl` has one sample a line: {"case", "record", "event"}, or {"case", "record", "malformed"} for one that is
refused, with how the reason begins. Where most samples of a type show what is rare, `"usual": true` marks those that are like
nearly all records. The functions do not have this folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Sample:
    """A record of a type that becomes one event."""

    case: str
    """What it shows."""
    record: Any
    """A line, or a JSON object."""
    event: dict[str, Any]
    """All of it but `event.dataset`, `event.ingested`, `tenant`, and an `event.id` that comes from the record's coordinates."""
    usual: bool
    """It is like nearly all records of the type."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that names its type, or has its shape, and is refused."""

    case: str
    record: Any
    malformed: str
    """How the reason begins."""


def samples_of(name: str) -> list[Sample]:
    """The samples of type `name` that become events."""
    events = [found for found in _read(name) if "event" in found]
    none_marked = not any("usual" in found for found in events)
    return [Sample(found["case"], found["record"], found["event"], none_marked or "usual" in found) for found in events]


def refused_of(name: str) -> list[Refused]:
    """The samples of type `name` that are refused."""
    return [Refused(found["case"], found["record"], found["malformed"]) for found in _read(name) if "malformed" in found]


def _read(name: str) -> list[dict[str, Any]]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]
