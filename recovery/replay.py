"""The archive of a time, sent again: the documents are written under the ids they had."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from common.model import Coordinates, Given
from common.resend import Resent
from producers import pace
from producers.batch import Entry, StreamWriter
from recovery import objects
from recovery.deployment import Deployment

PROGRESS_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class Span:
    """Records that arrived on `raw` at or after `begin` and before `end`."""

    begin: datetime
    end: datetime

    def holds(self, arrival_ms: int) -> bool:
        return self.begin.timestamp() * 1_000 <= arrival_ms < self.end.timestamp() * 1_000


def of_line(line: dict[str, Any]) -> Resent:
    """A line of the archive, as the function `archive` writes it."""
    at = Coordinates(
        stream=line["stream"],
        shard=line["shard"],
        sequence=line["sequence"],
        arrival_ms=line["arrival"],
        position=str(line["subsequence"]),
        partition_key=line["partition_key"],
    )
    return Resent(at, b64decode(line["data"]), Given())


def archived(deployment: Deployment, span: Span) -> Iterator[Resent]:
    """The archived records of a time, each once for every time Firehose delivered it."""
    s3 = deployment.session.client("s3")
    for key in objects.keys(s3, deployment.archive, "raw", span.begin, span.end):
        for line in objects.lines(s3, deployment.archive, key):
            record = of_line(orjson.loads(line))
            if span.holds(record.at.arrival_ms):
                yield record


def replay(deployment: Deployment, span: Span, *, stream: str | None, rate: int | None, report: Callable[[str], None]) -> int:
    """Put the records of `span` on `raw` again; returns how many.

    With `stream` they go to that stream instead, as the producers sent them: for one consumer that has to catch up, while the
    others see nothing twice. Raises botocore's errors, and RecordTooLarge for a record that no longer fits with its coordinates.
    """
    limit = deployment.environment.streams.raw.max_record_kib * 1_024
    writer = StreamWriter(deployment.session.client("kinesis"), stream or deployment.raw, limit)
    entries = (Entry(record.data if stream else record.frame(), record.at.partition_key) for record in archived(deployment, span))
    sent = told = 0
    for sent in pace.put(writer, entries, rate):
        if sent - told >= PROGRESS_RECORDS:
            told = sent
            report(f"{sent:,} records sent")
    return sent
