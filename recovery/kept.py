"""Records the pipeline kept because it could not process them: error records, batches its functions gave up, and what Firehose
could not deliver of direct put.

What Firehose could not process of `raw` (`raw-failed/` in the archive bucket) is not among them: `normalise` reads `raw` by
itself, so the events are in the index or kept here, under ids made of coordinates that Firehose's error record does not name.
Sent again they would get others, and be doubled.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson

from common import resend, source
from common.kpl import CorruptAggregate
from common.model import Coordinates, Given
from common.resend import Resent
from common.source import KinesisRecord, UserRecord
from recovery import objects
from recovery.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Reason of a record whose batch was given up (Lambda developer guide, "Retain discarded batch records").
DISCARDED = "discarded"
#: Where Lambda puts what it gives up, in the bucket that is its failure destination.
LAMBDA_PREFIX = "aws/lambda/"
#: Where Firehose puts what it could not deliver of direct put, in the same bucket, by the kind of error (Firehose developer
#: guide, "Understand custom prefixes for Amazon S3 objects"), and the step that failed.
UNDELIVERED = {
    "direct-put/processing-failed": "transform",
    "direct-put/AmazonOpenSearchService-failed": "delivery",
}
#: Stands where a record of a data stream has its stream; the object is its shard, and the line its sequence number.
DIRECT_PUT = "direct-put"
#: Steps whose records are events already.
PAST_NORMALISE = frozenset({"route", "delivery"})
#: Begins the step of a Flink application, whose name follows.
APPLICATION = "flink-"


@dataclass(frozen=True, slots=True)
class Kept:
    """One record that may be sent again."""

    id: str
    """Of its event, as far as it is known."""
    step: str
    """The pipeline step that could not process it: normalise, route or flink-<application>; or of direct put, transform or
    delivery."""
    reason: str
    tenant: str | None
    """None where nobody has looked into the record yet."""
    record: Resent

    @property
    def is_event(self) -> bool:
        """It goes to `events`, having been normalised."""
        return self.step in PAST_NORMALISE

    @property
    def only_not_counted(self) -> bool:
        """All others have it: an application on Apache Flink refused what it read beside them."""
        return self.step.startswith(APPLICATION)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which kept records are meant; what is None selects all."""

    since: datetime | None = None
    """Arrival on the first stream."""
    step: str | None = None
    reason: str | None = None
    tenant: str | None = None

    def takes(self, kept: Kept) -> bool:
        """Whether a record is one of them."""
        arrived = datetime.fromtimestamp(kept.record.at.arrival_ms / 1_000, UTC)
        return (
            (self.since is None or arrived >= self.since)
            and self.step in (None, kept.step)
            and self.reason in (None, kept.reason)
            and self.tenant in (None, kept.tenant)
        )


def select(deployment: Deployment, selection: Selection) -> Iterator[Kept]:
    """The selected records of the errors archive and the quarantine, each once: a step that repeats itself keeps it again.

    What Firehose could not deliver is known by its object and line: Firehose would have to write the object twice to double it.
    """
    s3 = deployment.session.client("s3")
    seen: set[tuple[str, ...]] = set()
    for kept in chain(_errors(s3, deployment, selection), _discarded(s3, deployment), _undelivered(s3, deployment, selection)):
        at = kept.record.at
        identity = (kept.step, kept.id, at.stream, at.shard, at.sequence, at.position)
        if identity not in seen and selection.takes(kept):
            seen.add(identity)
            yield kept


def _errors(s3: S3Client, deployment: Deployment, selection: Selection) -> Iterator[Kept]:
    for key in objects.keys(s3, deployment.archive, "errors", selection.since):
        for line in objects.lines(s3, deployment.archive, key):
            yield of_error(orjson.loads(line))


def of_error(error: dict[str, Any]) -> Kept:
    """An error record, as `common.model.Rejected` writes it."""
    at = Coordinates(
        stream=error["stream"],
        shard=error["shard"],
        sequence=error["sequence"],
        arrival_ms=round(datetime.fromisoformat(error["ingested"]).timestamp() * 1_000),
        position=error["position"],
        partition_key=error["partition_key"],
    )
    record = Resent(at, b64decode(error["original"]), Given.read(error["given"]))
    return Kept(error["id"], error["step"], error["reason"], error["tenant"] or None, record)


def _discarded(s3: S3Client, deployment: Deployment) -> Iterator[Kept]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.quarantine, Prefix=LAMBDA_PREFIX):
        for item in page.get("Contents", ()):
            body = s3.get_object(Bucket=deployment.quarantine, Key=item["Key"])["Body"].read()
            for record in json.loads(json.loads(body)["payload"])["Records"]:
                yield from of_discarded(record, raw=deployment.raw, events=deployment.events)


def of_discarded(record: KinesisRecord, *, raw: str, events: str) -> Iterator[Kept]:
    """What a record of a batch that was given up holds; nothing of one of `errors`, whose archive has it."""
    at = source.coordinates(record)
    if at.stream == raw:
        opened = resend.opened(source.data(record), at)
        yield Kept(opened.given.id or opened.at.id(), "normalise", DISCARDED, None, opened)
    elif at.stream == events:
        for event in _user_records(record):
            yield _of_event("route", DISCARDED, event.at([record]), event.data)


def _user_records(record: KinesisRecord) -> list[UserRecord]:
    try:
        return source.user_records(0, record)
    except CorruptAggregate:  # `route` will say so when it gets it again
        return [UserRecord(0, None, record["kinesis"]["partitionKey"], source.data(record))]


def _undelivered(s3: S3Client, deployment: Deployment, selection: Selection) -> Iterator[Kept]:
    for prefix, step in UNDELIVERED.items():
        for key in objects.keys(s3, deployment.quarantine, prefix, selection.since):
            for number, line in enumerate(objects.lines(s3, deployment.quarantine, key)):
                yield of_undelivered(orjson.loads(line), step, key, number)


def of_undelivered(error: dict[str, Any], step: str, key: str, number: int) -> Kept:
    """Line `number` of object `key`: an error record of Firehose's (developer guide, "Handle failure in data transformation" and
    "Handle data delivery failures"). A directly put record has no place of its own, so that of its error record makes its id; a
    document has the id that `transform` gave it."""
    at = Coordinates(DIRECT_PUT, key, str(number), int(error["arrivalTimestamp"]))
    data, reason = b64decode(error["rawData"]), str(error["errorCode"])
    if step in PAST_NORMALISE:
        return _of_event(step, reason, at, data)
    return Kept(at.id(), step, reason, None, Resent(at, data, Given()))


def _of_event(step: str, reason: str, at: Coordinates, data: bytes) -> Kept:
    try:
        event = orjson.loads(data)
        id_, tenant = str(event["event"]["id"]), str(event["tenant"])
    except (ValueError, KeyError, TypeError):  # no event: `route` will say so when it gets it again
        id_, tenant = at.id(), None
    return Kept(id_, step, reason, tenant, Resent(at, data, Given()))
