"""What goes into and comes out of normalisation."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import orjson

from common import ids
from common.timestamps import from_milliseconds


class Coordinates(NamedTuple):
    """Where a record came from. With these, a retry, a redrive and a replay all make the same ids."""

    stream: str
    """Stream name."""
    shard: str
    """Shard id, "shardId-000000000000"."""
    sequence: str
    """Sequence number of the Kinesis record."""
    arrival_ms: int
    """Approximate arrival on the stream, epoch milliseconds."""
    position: str = "0"
    """"0" for a plain record, the index in a KPL aggregate, "<position>.<index>" for one of several events in a record."""
    partition_key: str = ""

    def id(self) -> str:
        """The id of an event that brings none of its own."""
        return ids.event_id(self.arrival_ms, self.stream, self.shard, self.sequence, self.position)

    def user_record(self, index: int, partition_key: str) -> Coordinates:
        """The coordinates of the `index`-th user record of this KPL aggregate, which has a partition key of its own."""
        return Coordinates(self.stream, self.shard, self.sequence, self.arrival_ms, str(index), partition_key)

    def within(self, index: int) -> Coordinates:
        """The coordinates of the `index`-th event held by this record."""
        position = f"{self.position}.{index}"
        return Coordinates(self.stream, self.shard, self.sequence, self.arrival_ms, position, self.partition_key)


class Given(NamedTuple):
    """What its container told of a piece, and the piece does not say itself: it must be told again when the piece comes alone."""

    tenant: str | None = None
    type: str | None = None
    """Registered log type."""
    id: str | None = None
    time_ms: int | None = None
    """Epoch milliseconds."""

    def fields(self) -> dict[str, str | int]:
        """Those that are known."""
        named = {"tenant": self.tenant, "type": self.type, "id": self.id, "time": self.time_ms}
        return {name: value for name, value in named.items() if value is not None}

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """Of what `fields` gave."""
        return cls(fields.get("tenant"), fields.get("type"), fields.get("id"), fields.get("time"))


NOTHING = Given()


class Event(NamedTuple):
    """One normalised event."""

    id: str
    """`event.id`, which is the document id too."""
    body: bytes
    """The finished JSON document, in Elastic Common Schema names."""
    partition_key: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """What could not be processed, with everything needed to send it again."""

    at: Coordinates
    reason: str
    """One of unrecognised, malformed, refused, too_large, corrupt."""
    detail: str
    """What was wrong, for a person."""
    type: str | None
    """Registered log type, where it was known."""
    tenant: str
    original: bytes
    """The exact bytes that were refused."""
    document: str | None = None
    """Id of the document, where one was made before it was refused."""
    given: Given = NOTHING

    def body(self, step: str) -> bytes:
        """The JSON of a record on `errors`, written by pipeline step `step`."""
        return orjson.dumps(
            {
                "id": self.document or self.given.id or self.at.id(),
                "step": step,
                "reason": self.reason,
                "detail": self.detail,
                "type": self.type,
                "tenant": self.tenant,
                "ingested": from_milliseconds(self.at.arrival_ms),
                "stream": self.at.stream,
                "shard": self.at.shard,
                "sequence": self.at.sequence,
                "position": self.at.position,
                "partition_key": self.at.partition_key,
                "given": self.given.fields(),
                "original": b64encode(self.original).decode("ascii"),
            }
        )
