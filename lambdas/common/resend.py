"""Records with a place of their own: containers of the pipeline's own, which say where a record was the first time.

Redrive and replay put what they send again on `raw` in one kind. `normalise` opens it and so makes the ids and the documents of
the first time; `archive` drops it, because the record inside is in the archive already. `collect` puts what it reads from files
on `raw` in the other kind, whose place is in the file, so that reading a file twice makes the same ids; it goes to the archive
like any other record. Whoever may write to `raw` can write such a record, and so choose an id, as it can with any log type that
brings its own.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, NamedTuple

import orjson

from common.model import NOTHING, Coordinates, Given

#: How each that is sent again begins. No log type does.
MAGIC = b'{"weir.resent":'
#: The same as the beginning of base64 text.
MAGIC_BASE64 = b64encode(MAGIC).decode("ascii")
#: How each that is collected begins: a line of JSON, behind which the record stands as it is.
COLLECTED = b'{"weir.collected":'


class CorruptFrame(ValueError):
    """It begins like a record in a container of the pipeline's own, and is none."""


class Resent(NamedTuple):
    """A record and what is known of it."""

    at: Coordinates
    data: bytes
    given: Given

    def frame(self) -> bytes:
        """The record to put on `raw` when it is sent again."""
        return orjson.dumps({"weir.resent": self._head() | {"data": b64encode(self.data).decode("ascii")}})

    def collected(self) -> bytes:
        """The record to put on `raw` when it is read from a file."""
        return b"%b\n%b" % (orjson.dumps({"weir.collected": self._head()}), self.data)

    def _head(self) -> dict[str, Any]:
        at = self.at
        return {
            "stream": at.stream,
            "shard": at.shard,
            "sequence": at.sequence,
            "position": at.position,
            "partition_key": at.partition_key,
            "arrival": at.arrival_ms,
            "given": self.given.fields(),
        }


def opened(data: bytes, at: Coordinates) -> Resent:
    """What a record of `raw` at `at` holds: itself, unless it is one of these. A collected record that is sent again is taken
    out of both. Raises CorruptFrame."""
    try:
        if data.startswith(MAGIC):
            content = orjson.loads(data)["weir.resent"]
            again = _read(content, b64decode(content["data"], validate=True))
            return opened(again.data, again.at) if again.data.startswith(COLLECTED) else again
        if data.startswith(COLLECTED):
            head, _, record = data.partition(b"\n")
            return _read(orjson.loads(head)["weir.collected"], record)
    except CorruptFrame:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFrame(
            f"a record that is sent again, or from a file, but incomplete: {type(error).__name__}: {error}"
        ) from None
    return Resent(at, data, NOTHING)


def _read(head: dict[str, Any], data: bytes) -> Resent:
    first = Coordinates(
        stream=str(head["stream"]),
        shard=str(head["shard"]),
        sequence=str(head["sequence"]),
        arrival_ms=int(head["arrival"]),
        position=str(head["position"]),
        partition_key=str(head["partition_key"]),
    )
    return Resent(first, data, Given.read(head["given"]))
