"""Several records in one, taken apart (Firehose developer guide, "Apply dynamic partitioning to aggregated data")."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from localrun.delivery.failure import Failure
from localrun.delivery.record import Record

#: The same page: so many in one record.
MOST = 500
_CODE = "DynamicPartitioning.RecordDeAggregationFailed"
_NOT_SPACE = re.compile(r"\S")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Deaggregation:
    """How the records in a record are told apart."""

    delimiter: bytes | None
    """None: they are JSON objects, one after the other, with or without line ends between."""

    def split(self, record: Record) -> list[Record] | Failure:
        """At least one, in order; all but the last are not the last of their sequence number either."""
        try:
            parts = _objects(record.data) if self.delimiter is None else record.data.split(self.delimiter)
        except (ValueError, RecursionError) as error:
            return Failure(_CODE, f"The record is not JSON objects one after the other: {error}")
        parts = [part for part in parts if part]
        if not parts:
            return Failure(_CODE, "The record is empty")
        if len(parts) > MOST:
            return Failure(_CODE, f"The record has {len(parts)} records in it, at most {MOST} can be taken apart")
        if len(parts) == 1:
            return [record._replace(data=parts[0])]
        final = len(parts) - 1
        return [
            record._replace(id=f"{record.id}.{at}", data=part, last=record.last and at == final) for at, part in enumerate(parts)
        ]


def _objects(data: bytes) -> list[bytes]:
    """The text of each as it was sent."""
    text = data.decode()
    found: list[bytes] = []
    end = 0
    while True:
        begin = _NOT_SPACE.search(text, end)
        if begin is None:
            return found
        document, end = _DECODER.raw_decode(text, begin.start())
        if not isinstance(document, dict):
            raise ValueError(f"{type(document).__name__} at character {begin.start()}")
        found.append(text[begin.start() : end].encode())
