"""Events that the application reads, and what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, 10, tzinfo=UTC)

Event = dict[str, Any]
Document = dict[str, Any]


def time(seconds: float) -> str:
    """So many seconds after START, as events tell it."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(id_: str, seconds: float, dataset: str, action: str, *, ingested: float | None = None, **fields: Any) -> Event:
    """One of `events`, so many seconds after START."""
    return {
        "@timestamp": time(seconds),
        "event": {
            "id": id_,
            "ingested": time(seconds if ingested is None else ingested),
            "dataset": dataset,
            "action": action,
        },
        "tenant": "shop",
        **fields,
    }


@dataclass(frozen=True)
class Written:
    """What the application wrote."""

    metrics: list[Document]
    findings: list[Document]
    errors: list[Document]

    def named(self, name: str) -> list[Document]:
        """Metrics of a name, by window and dimensions."""
        found = [metric for metric in self.metrics if metric["weir"]["metric"]["name"] == name]
        return sorted(found, key=lambda metric: (metric["@timestamp"], str(metric["weir"]["metric"]["dimensions"])))

    def of(self, rule: str) -> list[Document]:
        """Findings of a rule, as they happened."""
        return sorted(
            (found for found in self.findings if found["rule"]["id"] == rule), key=lambda found: str(found["@timestamp"])
        )
