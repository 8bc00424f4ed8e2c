"""Reads `events`, writes each to its index family, and what the domain refuses for good to `errors`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import orjson
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import bulk, search, source
from common.bulk import Document
from common.deadline import Deadline
from common.kpl import CorruptAggregate
from common.model import Coordinates, Rejected
from common.search import SearchClient
from common.settings import RouteSettings
from common.source import BatchResponse, KinesisBatch, KinesisRecord, UserRecord
from common.streams import CALL_SECONDS, Entry, StreamWriter, kinesis_client
from route.document import NotAnEvent, document

STEP = "route"
#: For the answer, metrics and logs.
_RESERVE_SECONDS = 1.0

logger = Logger()
metrics = Metrics()


@dataclass(frozen=True, slots=True)
class Routing:
    """A batch of `events` to the index families and `errors`."""

    client: SearchClient
    errors: StreamWriter

    def process(self, records: list[KinesisRecord], deadline: Deadline) -> BatchResponse:
        """Which of `records` Lambda has to send again.

        Raises SearchError where the domain refuses the requests themselves, botocore's ClientError where the stream does.
        """
        events, rejected = _opened(records)
        documents: list[Document] = []
        for index, event in enumerate(events):
            try:
                documents.append(document(index, event.data))
            except NotAnEvent as error:
                rejected.append((event.number, Rejected(event.at(records), "corrupt", str(error), None, "", event.data)))
        outcome = bulk.index(self.client, documents, deadline.sooner(CALL_SECONDS))
        for refused, words in outcome.refused:
            event = events[refused.source]
            rejected.append((event.number, _refusal(event.at(records), event.data, refused, words)))
        waiting = [events[waiting.source].number for waiting in outcome.waiting]
        unwritten = list(self._reject(rejected, deadline))
        metrics.add_metric("Indexed", MetricUnit.Count, len(documents) - len(outcome.refused) - len(waiting))
        metrics.add_metric("Rejected", MetricUnit.Count, len(rejected) - len(unwritten))
        metrics.add_metric("Unwritten", MetricUnit.Count, len(waiting) + len(unwritten))
        return source.response(records, [*waiting, *unwritten])

    def _reject(self, rejected: list[tuple[int, Rejected]], deadline: Deadline) -> Iterator[int]:
        """Writes to `errors`; gives the indexes of the records for which that failed."""
        entries: list[Entry] = []
        for number, refusal in rejected:
            entry = Entry(refusal.body(STEP), refusal.at.partition_key, number)
            if self.errors.fits(entry):
                entries.append(entry)
            else:
                logger.error(
                    "an error record is too large for the stream", extra={"at": refusal.at._asdict(), "bytes": entry.size()}
                )
                yield number
        for entry in self.errors.write(entries, deadline):
            yield entry.source


def _opened(records: list[KinesisRecord]) -> tuple[list[UserRecord], list[tuple[int, Rejected]]]:
    """What is in the records, and which of these cannot be opened."""
    found: list[UserRecord] = []
    rejected: list[tuple[int, Rejected]] = []
    for number, record in enumerate(records):
        try:
            found += source.user_records(number, record)
        except CorruptAggregate as error:
            rejected.append((number, Rejected(source.coordinates(record), "corrupt", str(error), None, "", source.data(record))))
    return found, rejected


def _refusal(at: Coordinates, data: bytes, refused: Document, words: str) -> Rejected:
    tenant = str(orjson.loads(refused.body)["tenant"])
    return Rejected(at, "refused", f"{refused.index}: {words}", None, tenant, data, document=refused.id)


@cache
def routing() -> Routing:
    """The container's one pipeline step, made at the first invocation."""
    settings = RouteSettings.read()
    return Routing(
        search.connect(settings), StreamWriter(kinesis_client(), settings.errors_stream, record_kib=settings.errors_record_kib)
    )


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: KinesisBatch, context: LambdaContext) -> BatchResponse:
    """Entry point of the Lambda function."""
    return routing().process(event["Records"], Deadline.of(context, reserve=_RESERVE_SECONDS))
