"""Records that are sent again: a container of the pipeline's own, which says where a record was the first time.

Redrive and replay put them on `raw`. `normalise` opens them and so makes the ids and the documents of the first time; `archive`
drops them, because the record inside is in the archive already. Whoever may write to `raw` can write such a record, and so choose
an id, as it can with any log type that brings its own.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import NamedTuple

import orjson

from common.model import NOTHING, Coordinates, Given

#: How each of them begins. No log type does.
MAGIC = b'{"weir.resent":'
#: The same as the beginning of base64 text.
MAGIC_BASE64 = b64encode(MAGIC).decode("ascii")


class CorruptFrame(ValueError):
    """It begins like a record that is sent again, and is none."""


class Resent(NamedTuple):
    """A record and what is known of it."""

    at: Coordinates
    data: bytes
    given: Given

    def frame(self) -> bytes:
        """The record to put on `raw`."""
        at = self.at
        content = {
            "stream": at.stream,
            "shard": at.shard,
            "sequence": at.sequence,
            "position": at.position,
            "partition_key": at.partition_key,
            "arrival": at.arrival_ms,
            "given": self.given.fields(),
            "data": b64encode(self.data).decode("ascii"),
        }
        return orjson.dumps({"weir.resent": content})


def opened(data: bytes, at: Coordinates) -> Resent:
    """What a record of `raw` at `at` holds: itself, unless it is one that is sent again. Raises CorruptFrame."""
    if not data.startswith(MAGIC):
        return Resent(at, data, NOTHING)
    try:
        content = orjson.loads(data)["weir.resent"]
        first = Coordinates(
            stream=str(content["stream"]),
            shard=str(content["shard"]),
            sequence=str(content["sequence"]),
            arrival_ms=int(content["arrival"]),
            position=str(content["position"]),
            partition_key=str(content["partition_key"]),
        )
        return Resent(first, b64decode(content["data"], validate=True), Given.read(content["given"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFrame(f"a record that is sent again, but incomplete: {type(error).__name__}: {error}") from None
