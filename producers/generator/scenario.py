"""What happens in a run, beside ordinary traffic: one service slows down, and somebody guesses passwords."""

from __future__ import annotations

from dataclasses import dataclass

_SPIKE = (0.30, 0.45)
_ATTACK = (0.55, 0.75)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Times of a run, as fractions of its length."""

    start: float
    """Epoch seconds."""
    seconds: float
    """Length of the run."""
    slow_service: str = "payments"
    slow_factor: float = 10.0
    attempts: int = 40
    """Failed logins before the one that succeeds."""

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError(f"seconds: {self.seconds} is not a length of time")

    @property
    def spike(self) -> tuple[float, float]:
        """Beginning and end of the latency spike, epoch seconds."""
        return self.start + _SPIKE[0] * self.seconds, self.start + _SPIKE[1] * self.seconds

    def slowness(self, now: float) -> float:
        """By how much the slow service's latency is multiplied at `now`."""
        begin, end = self.spike
        return self.slow_factor if begin <= now < end else 1.0

    def attempt_times(self) -> list[float]:
        """When each login of the brute-force attempt happens; the last one succeeds."""
        begin, end = (self.start + share * self.seconds for share in _ATTACK)
        return [begin + number * (end - begin) / self.attempts for number in range(self.attempts + 1)]
