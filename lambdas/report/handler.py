"""Reads `errors` and writes each to the index of its day, so that people find what was refused, by whom and why.

The archive in S3 is where redrive takes them from; this is the view of it. What the domain refuses, and what is no error record,
is logged and counted and stays in the archive: to write it to `errors` would send it here again. So no record makes this fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import bulk, search, source
from common.bulk import Document
from common.deadline import Deadline
from common.search import SearchClient
from common.settings import SearchSettings
from common.source import BatchResponse, KinesisBatch, KinesisRecord

#: For the answer, metrics and logs.
_RESERVE_SECONDS = 1.0

logger = Logger()
metrics = Metrics()


@dataclass(frozen=True, slots=True)
class Reporting:
    """A batch of `errors` to the index."""

    client: SearchClient

    def process(self, records: list[KinesisRecord], deadline: Deadline) -> BatchResponse:
        """Which of `records` Lambda has to send again. Raises SearchError where the domain refuses the requests themselves."""
        documents: list[Document] = []
        for number, record in enumerate(records):
            try:
                documents.append(document(number, source.data(record)))
            except (ValueError, KeyError, TypeError) as error:
                reason = f"{type(error).__name__}: {error}"
                logger.error("no error record", extra={"at": source.coordinates(record)._asdict(), "reason": reason})
        outcome = bulk.index(self.client, documents, deadline)
        for refused, words in outcome.refused:
            logger.error("the domain refuses an error record", extra={"id": refused.id, "reason": words})
        reported = len(documents) - len(outcome.refused) - len(outcome.waiting)
        metrics.add_metric("Reported", MetricUnit.Count, reported)
        metrics.add_metric("Unreported", MetricUnit.Count, len(records) - reported - len(outcome.waiting))
        return source.response(records, (waiting.source for waiting in outcome.waiting))


def document(number: int, data: bytes) -> Document:
    """The document of an error record as `common.model.Rejected` writes it. A step that repeats itself writes the same one.

    Raises ValueError, KeyError or TypeError for what is none.
    """
    error: dict[str, Any] = orjson.loads(data)
    ingested = error["ingested"]
    body = orjson.dumps({"@timestamp": ingested, **error})
    return Document(number, f"weir-errors-{ingested[:10].replace('-', '.')}", f"{error['step']}:{error['id']}", body)


@cache
def reporting() -> Reporting:
    """The container's one pipeline step, made at the first invocation."""
    return Reporting(search.connect(SearchSettings.read()))


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: KinesisBatch, context: LambdaContext) -> BatchResponse:
    """Entry point of the Lambda function."""
    return reporting().process(event["Records"], Deadline.of(context, reserve=_RESERVE_SECONDS))
