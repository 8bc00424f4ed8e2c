"""Reads notifications from the queue, and puts the records of the objects they name on `raw`.

Formats: Lambda developer guide, "Using Lambda with Amazon SQS" (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html) and
"Handling errors for an SQS event source" (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).

An object for which the time does not suffice is gone on with by a message of the function's own. A message that cannot be
processed comes again, and ends in the dead-letter queue; from there it can be moved back, for nothing it stands for is written
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypedDict

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from collect import message
from collect.collection import WRITING_SECONDS, Collection, Outcome
from collect.rules import Rules
from collect.work import Work
from collect.writing import PackWriter
from common.deadline import Deadline
from common.oversized import OversizedStore, s3_client
from common.settings import CollectSettings
from common.source import BatchResponse
from common.streams import StreamWriter, kinesis_client

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: For the message that says where to go on, the answer, metrics and logs.
_RESERVE_SECONDS = 12.0
_CONNECT_SECONDS, _READ_SECONDS = 2, 3

logger = Logger()
metrics = Metrics()


class QueueMessage(TypedDict):
    """One message of a batch."""

    messageId: str
    body: str


class QueueBatch(TypedDict):
    """One invocation."""

    Records: list[QueueMessage]


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue the function reads."""

    client: SQSClient
    url: str

    def put(self, work: Work) -> None:
        """Say to go on with `work`. Raises botocore's errors."""
        self.client.send_message(QueueUrl=self.url, MessageBody=message.continuation(work))


@dataclass(frozen=True, slots=True)
class Step:
    """A batch of the queue to `raw`."""

    collection: Collection
    queue: Queue

    def process(self, messages: list[QueueMessage], deadline: Deadline) -> BatchResponse:
        """Which of `messages` Lambda has to leave in the queue."""
        failed: list[str] = []
        works = 0
        for waiting in messages:
            try:
                for work in message.works(waiting["body"]):
                    # The first is always tried: without it a function with a short timeout would never get anywhere.
                    self._one(work, deadline, late=works > 0 and deadline.left() <= WRITING_SECONDS)
                    works += 1
            except Exception:  # whatever it is, the others are not to end in the dead-letter queue with this one
                failed.append(waiting["messageId"])
                logger.exception("a message was not processed", extra={"body": waiting["body"][:2_000]})
        metrics.add_metric("FailedMessages", MetricUnit.Count, len(failed))
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    def _one(self, work: Work, deadline: Deadline, *, late: bool) -> None:
        outcome = Outcome(records=0, headers=0, blank=0, rest=work) if late else self.collection.collect(work, deadline)
        if outcome.rest:
            self.queue.put(outcome.rest)
        logger.info(
            "an object was read" if outcome.rest is None else "an object is gone on with",
            extra={"bucket": work.bucket, "key": work.key, "records": outcome.records, "from": work.place.number},
        )
        metrics.add_metric("Objects", MetricUnit.Count, int(outcome.rest is None))
        metrics.add_metric("Continued", MetricUnit.Count, int(outcome.rest is not None))
        metrics.add_metric("Collected", MetricUnit.Count, outcome.records)
        metrics.add_metric("HeaderLines", MetricUnit.Count, outcome.headers)
        metrics.add_metric("BlankLines", MetricUnit.Count, outcome.blank)


@cache
def step() -> Step:
    """The container's one pipeline step, made at the first invocation."""
    settings = CollectSettings.read()
    kinesis, s3 = kinesis_client(), s3_client()
    writer = PackWriter(
        StreamWriter(kinesis, settings.raw_stream, record_kib=settings.raw_record_kib),
        StreamWriter(kinesis, settings.errors_stream, record_kib=settings.errors_record_kib),
        OversizedStore(s3_client, settings.oversized_bucket),
    )
    config = Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 2, "mode": "standard"}
    )
    queue = Queue(boto3.client("sqs", config=config), settings.queue_url)
    return Step(Collection(s3, writer, Rules.read(settings.rules, settings.default_tenant)), queue)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: QueueBatch, context: LambdaContext) -> BatchResponse:
    """Entry point of the Lambda function."""
    return step().process(event["Records"], Deadline.of(context, reserve=_RESERVE_SECONDS))
