"""How a configuration that Firehose would refuse, or silently read otherwise, is refused at synth."""

from __future__ import annotations

from dataclasses import dataclass

API = "https://docs.aws.amazon.com/firehose/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/firehose/latest/dev"


class DestinationError(Exception):
    """A delivery stream Firehose would not accept. The message says which one, which field, the rule, and its page."""


@dataclass(frozen=True)
class Rules:
    """What is asked of the delivery stream named ``where``."""

    where: str

    def require(self, holds: bool, field: str, problem: str, page: str) -> None:
        """Raises DestinationError unless the rule holds. `problem` says what is wrong and what to do."""
        if not holds:
            raise DestinationError(f"{self.where}: {field}: {problem} ({page})")

    def within(self, value: float, field: str, unit: str, limits: tuple[float, float], page: str) -> None:
        """Raises DestinationError unless the value lies between the limits, both allowed."""
        low, high = limits
        self.require(
            low <= value <= high, field, f"{value} is not within {low}-{high} {unit}; choose a value between these", page
        )

    def one_of(self, value: str, field: str, values: tuple[str, ...], page: str) -> None:
        """Raises DestinationError unless the value is one of those Firehose knows."""
        self.require(value in values, field, f"{value!r} is not known to Firehose; choose one of {', '.join(values)}", page)
