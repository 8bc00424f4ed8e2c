"""How many events are due when."""

from __future__ import annotations

from dataclasses import dataclass

BURST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A steady rate, with one burst in the middle if wanted. Times are seconds since sending began."""

    seconds: float
    rate: int
    """Events a second."""
    burst: int = 1
    """For BURST_SECONDS in the middle the rate is this many times as high."""

    @property
    def burst_span(self) -> tuple[float, float]:
        """Beginning and end of the burst."""
        begin = max(0.0, (self.seconds - BURST_SECONDS) / 2)
        return begin, begin + BURST_SECONDS

    def due(self, elapsed: float) -> int:
        """Events to be sent by `elapsed`, all of them from `seconds` on."""
        elapsed = min(elapsed, self.seconds)
        begin, end = self.burst_span
        bursting = max(0.0, min(elapsed, end) - begin)
        return int(self.rate * elapsed + (self.burst - 1) * self.rate * bursting)

    @property
    def total(self) -> int:
        """Events of the whole run."""
        return self.due(self.seconds)
