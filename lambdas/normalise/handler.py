"""Reads `raw`, writes `events`, and what it cannot process to `errors`.

Every record of a batch ends on one of the two streams, or Lambda is told to send it again. Repetition writes the same ids.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Self

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from pybase64 import b64decode

from common import flow_formats, resend, source
from common.deadline import Deadline
from common.finish import Finisher
from common.model import Rejected
from common.oversized import NotStored, OversizedStore, s3_client
from common.plain import PlainRecords
from common.recognise import Normaliser
from common.resend import Resent
from common.settings import NormaliseSettings
from common.source import BatchResponse, KinesisBatch, KinesisRecord
from common.streams import LONGEST_KEY_BYTES, Entry, StreamWriter, kinesis_client
from normalise.aggregation import FRAME_BYTES, aggregated
from normalise.finisher import configured_finisher, count_finished

STEP = "normalise"
#: For the answer, metrics and logs.
_RESERVE_SECONDS = 1.0

logger = Logger()
metrics = Metrics()


@dataclass(frozen=True, slots=True)
class Batch:
    """What becomes of a batch of `raw`."""

    events: list[Entry]
    errors: list[Entry]
    reasons: Counter[tuple[str, str]]
    """(type, reason) of each of `errors`."""
    unwritable: list[int]
    """Indexes of the records that could be written nowhere."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A batch of `raw` to `events` and `errors`."""

    normaliser: Normaliser
    plain: PlainRecords
    events: StreamWriter
    errors: StreamWriter
    oversized: OversizedStore
    finisher: Finisher | None = None
    """The one that `normaliser` and `plain` finish events by."""
    buckets: int = 0
    """As normalise.aggregation takes it; 0: each event is a record."""

    @classmethod
    def of(
        cls,
        events: StreamWriter,
        errors: StreamWriter,
        oversized: OversizedStore,
        *,
        default_tenant: str,
        default_type: str | None = None,
        finisher: Finisher | None = None,
        buckets: int = 0,
    ) -> Self:
        """With both ways to an event, which must finish it alike."""
        finish = finisher.finish if finisher else None
        normaliser = Normaliser(default_tenant=default_tenant, default_type=default_type, finish=finish)
        return cls(normaliser, PlainRecords(default_tenant, finisher), events, errors, oversized, finisher, buckets)

    def process(self, records: list[KinesisRecord], deadline: Deadline) -> BatchResponse:
        """Which of `records` Lambda has to send again. Raises botocore's ClientError where a stream or the bucket refuses for
        good."""
        if self.finisher:
            self.finisher.refresh(deadline)
        batch = self.normalised(records)
        unwritten_events = self.events.write(self._together(batch.events, records), deadline)
        unwritten_errors = self.errors.write(batch.errors, deadline)
        waiting = sum(entry.events for entry in unwritten_events)
        unwritable = len(batch.unwritable) + len(unwritten_errors)
        self._count(len(batch.events) - waiting, batch.reasons, waiting + unwritable)
        return source.response(records, [*batch.unwritable, *(entry.source for entry in (*unwritten_events, *unwritten_errors))])

    def _together(self, events: list[Entry], records: list[KinesisRecord]) -> list[Entry]:
        if not self.buckets:
            return events
        return aggregated(events, [record["kinesis"]["approximateArrivalTimestamp"] for record in records], self.buckets)

    def normalised(self, records: list[KinesisRecord]) -> Batch:
        """What is to be written for `records`. Raises botocore's ClientError where the bucket refuses for good."""
        batch = Batch([], [], Counter(), [])
        # What is done for every record is bound to a name, and the tuple made as Entry itself would, only sooner.
        plain, append, new, events, largest = (
            self.plain.body,
            batch.events.append,
            tuple.__new__,
            batch.events,
            self._room - LONGEST_KEY_BYTES,
        )
        for number, record in enumerate(records):
            kinesis = record["kinesis"]
            data = b64decode(kinesis["data"], None, True)
            body = plain(record, data)
            if body is not None and len(body) <= largest:
                if not body:  # SAMPLED_OUT
                    continue
                append(new(Entry, (body, kinesis["partitionKey"], number, None, 1)))
                continue
            try:
                refused = self._open(number, record, data, events)
            except NotStored as error:
                batch.unwritable.append(number)
                logger.warning("an event larger than its stream takes was not stored", extra={"reason": str(error)})
                continue
            for rejected in refused:
                entry = Entry(rejected.body(STEP), rejected.at.partition_key or rejected.at.id(), number)
                if self.errors.fits(entry):
                    batch.errors.append(entry)
                    batch.reasons[rejected.type or "none", rejected.reason] += 1
                else:
                    batch.unwritable.append(number)
                    extra = {"at": rejected.at._asdict(), "bytes": entry.size()}
                    logger.error("an error record is too large for the stream", extra=extra)
        return batch

    @property
    def _room(self) -> int:
        """Bytes of the largest event with its partition key."""
        return self.events.record_bytes - (FRAME_BYTES if self.buckets else 0)

    def _open(self, number: int, record: KinesisRecord, data: bytes, events: list[Entry]) -> list[Rejected]:
        """Adds the events of a record to `events`; returns what of it goes to `errors`."""
        at = source.coordinates(record)
        try:
            return self._divide(number, resend.opened(data, at), events)
        except resend.CorruptFrame as error:
            return [Rejected(at, "corrupt", str(error), None, self.normaliser.tenant, data)]

    def _divide(self, number: int, record: Resent, events: list[Entry]) -> list[Rejected]:
        rejected: list[Rejected] = []
        for result in self.normaliser.normalise(record.data, record.at, record.given):
            if isinstance(result, Rejected):
                rejected.append(result)
                continue
            entry = Entry(result.body, result.partition_key, number)
            if entry.size() > self._room:
                room = self._room - len(entry.partition_key.encode())
                entry = Entry(self.oversized.keep(result, room).body, entry.partition_key, number)
                metrics.add_metric("Oversized", MetricUnit.Count, 1)
            events.append(entry)
        return rejected

    def _count(self, events: int, reasons: Counter[tuple[str, str]], unwritten: int) -> None:
        metrics.add_metric("Events", MetricUnit.Count, events)
        metrics.add_metric("Rejected", MetricUnit.Count, reasons.total())
        metrics.add_metric("Unwritten", MetricUnit.Count, unwritten)
        if self.finisher:
            count_finished(self.finisher, metrics)
        for (log_type, reason), count in reasons.items():
            with single_metric("RejectedByReason", MetricUnit.Count, count) as metric:
                metric.add_dimension("type", log_type)
                metric.add_dimension("reason", reason)


@cache
def normalisation() -> Normalisation:
    """The container's one pipeline step, made at the first invocation."""
    settings = NormaliseSettings.read()
    flow_formats.configure(settings.vpc_flow_formats)
    return Normalisation.of(
        StreamWriter(kinesis_client(), settings.events_stream, record_kib=settings.events_record_kib),
        StreamWriter(kinesis_client(), settings.errors_stream, record_kib=settings.errors_record_kib),
        OversizedStore(s3_client, settings.oversized_bucket),
        default_tenant=settings.default_tenant,
        default_type=settings.default_type or None,
        finisher=configured_finisher(settings),
        buckets=settings.events_buckets,
    )


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: KinesisBatch, context: LambdaContext) -> BatchResponse:
    """Entry point of the Lambda function."""
    return normalisation().process(event["Records"], Deadline.of(context, reserve=_RESERVE_SECONDS))
