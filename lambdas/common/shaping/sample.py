"""A share of the events, where all of them would cost more than they tell."""

from __future__ import annotations

from hashlib import blake2b

_BYTES = 8


class Sample:
    """Decides by the event's id: a retry, a redrive and a replay decide alike."""

    def __init__(self, share: float) -> None:
        """`share` is what is kept, from 0 to 1."""
        self._below = share * 2.0 ** (8 * _BYTES)

    def keeps(self, event_id: str) -> bool:
        return int.from_bytes(blake2b(event_id.encode(), digest_size=_BYTES).digest()) < self._below
