"""The account of a demonstration, for people and for programs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Latency(_Model):
    """From the arrival on `raw` to the first time a search finds the document, in seconds; None if nothing was indexed."""

    p50: float | None
    p99: float | None


class Report(_Model):
    """Events unless said otherwise. `weir demo --json` writes exactly this."""

    sent: int
    indexed: int
    errors: int
    archived: int
    """Records in the archive, byte for byte; an aggregate's are counted one by one, as Firehose takes them apart."""
    records: int
    """Records sent, counted likewise."""
    lost: int
    duplicated: int
    malformed: int
    malformed_kept: int
    """Malformed ones found on `errors`, byte for byte."""
    seconds: float
    """How long sending took."""
    rate: float
    """Events sent a second."""
    arrived_seconds: float
    """From the first one sent until all that arrived had, looked at once a second."""
    latency_seconds: Latency
    """With a burst: of what arrived before it."""
    burst_latency_seconds: Latency | None
    """Of what arrived during the burst; None without one."""
    first_indexed_seconds: float | None
    """From the command's start to the first event of this run that a search found; None when not started by the launcher."""
    cpu_microseconds: dict[str, float]
    """Of each engine and function until all had arrived, for one event, the most first; empty where the machine does not tell."""

    @property
    def ok(self) -> bool:
        """Every event is in exactly one place, every malformed record is kept, and everything is in the archive."""
        return (
            self.lost == 0
            and self.duplicated == 0
            and self.sent == self.indexed + self.errors
            and self.malformed == self.malformed_kept
            and self.records == self.archived
        )

    def lines(self) -> list[tuple[str, str]]:
        """What a person reads: names and values."""
        lines = [
            ("sent", f"{self.sent:,} events in {self.seconds:.1f} s, {self.rate:,.0f} a second"),
            ("indexed", f"{self.indexed:,}"),
            ("errors", f"{self.errors:,} ({self.malformed_kept:,} of {self.malformed:,} malformed records kept byte for byte)"),
            ("lost", f"{self.lost:,}"),
            ("duplicated", f"{self.duplicated:,}"),
            ("archived", f"{self.archived:,} of {self.records:,} records"),
            ("put to searchable", in_words(self.latency_seconds)),
        ]
        if self.burst_latency_seconds is not None:
            lines.append(("during the burst", in_words(self.burst_latency_seconds)))
        if self.first_indexed_seconds is not None:
            lines.append(("first event indexed", f"{self.first_indexed_seconds:.1f} s after the command"))
        if self.cpu_microseconds:
            parts = ", ".join(f"{name} {microseconds:.0f}" for name, microseconds in self.cpu_microseconds.items())
            lines.append(("CPU an event", f"{sum(self.cpu_microseconds.values()):.0f} µs: {parts}"))
        return lines


def in_words(latency: Latency) -> str:
    if latency.p50 is None or latency.p99 is None:
        return "nothing was indexed"
    return f"median {latency.p50:.2f} s, p99 {latency.p99:.2f} s"
