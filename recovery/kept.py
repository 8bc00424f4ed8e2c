"""Records the pipeline kept because it could not process them: error records, and batches its functions gave up."""

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
from common.model import Coordinates, Given
from common.resend import Resent
from common.source import KinesisRecord
from recovery import objects
from recovery.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Reason of a record whose batch was given up (Lambda developer guide, "Retain discarded batch records").
DISCARDED = "discarded"
#: Where Lambda puts what it gives up, in the bucket that is its failure destination.
LAMBDA_PREFIX = "aws/lambda/"


@dataclass(frozen=True, slots=True)
class Kept:
    """One record that may be sent again."""

    id: str
    """Of its event, as far as it is known."""
    step: str
    """The pipeline step that could not process it: normalise or route."""
    reason: str
    tenant: str | None
    """None where nobody has looked into the record yet."""
    record: Resent


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
    """The selected records of the errors archive and the quarantine, each once: a step that repeats itself keeps it again."""
    s3 = deployment.session.client("s3")
    seen: set[tuple[str, ...]] = set()
    for kept in chain(_errors(s3, deployment, selection), _discarded(s3, deployment)):
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
                kept = of_discarded(record, raw=deployment.raw, events=deployment.events)
                if kept is not None:
                    yield kept


def of_discarded(record: KinesisRecord, *, raw: str, events: str) -> Kept | None:
    """A record of a batch that was given up; None for one of `errors`, whose archive has it."""
    at, data = source.coordinates(record), source.data(record)
    if at.stream == raw:
        opened = resend.opened(data, at)
        return Kept(opened.given.id or opened.at.id(), "normalise", DISCARDED, None, opened)
    if at.stream != events:
        return None
    try:
        event = orjson.loads(data)
        id_, tenant = str(event["event"]["id"]), str(event["tenant"])
    except (ValueError, KeyError, TypeError):  # no event: `route` will say so when it gets it again
        id_, tenant = at.id(), None
    return Kept(id_, "route", DISCARDED, tenant, Resent(at, data, Given()))
