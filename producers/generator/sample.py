"""One record to send, and how to know its events again."""

from __future__ import annotations

from typing import NamedTuple

from common import ids


class Sample(NamedTuple):
    """One record for `raw`."""

    data: bytes
    partition_key: str
    type: str
    """Registered log type of its events, `mixed` for an aggregate of several, or what is wrong with a malformed record."""
    malformed: bool = False
    """Nothing of it can be parsed: it must end on `errors`, byte for byte."""
    own_ids: tuple[str, ...] = ()
    """Ids of the events that bring their own."""
    positions: tuple[str, ...] = ("0",)
    """Positions, within the record, of the events whose ids come from the record's coordinates."""

    @property
    def events(self) -> int:
        """How many events the record holds. A malformed one counts as 1."""
        return len(self.own_ids) + len(self.positions)

    def ids(self, stream: str, shard: str, sequence: str) -> list[str]:
        """The id of every event, without its moment, once the record's place on the stream is known: document id, or that of the
        error record."""
        made = [ids.timeless(ids.event_id(0, stream, shard, sequence, position)) for position in self.positions]
        return [*map(ids.timeless, self.own_ids), *made] if self.own_ids else made
