"""Copies the records of a stream to another, byte for byte and each under its partition key.

What the other refuses for the moment is put again with all that follows it under its key, here and, from the first record that
could not be put, by Lambda: the last copy of each record is in the order of its key, and none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import source
from common.deadline import Deadline
from common.delivery import stream_name
from common.settings import ForwardSettings
from common.source import BatchResponse, KinesisBatch, KinesisRecord
from common.streams import Entry, StreamWriter, kinesis_client

#: For the answer, metrics and logs.
_RESERVE_SECONDS = 1.0
#: No record is asked whether it fits: it was on a stream already, and the other takes as large ones by configuration.
LARGEST_RECORD_KIB = 10_240

logger = Logger()
metrics = Metrics()


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A batch of one stream to another."""

    output: StreamWriter

    def process(self, records: list[KinesisRecord], deadline: Deadline) -> BatchResponse:
        """Which of `records` Lambda has to send again. Raises botocore's ClientError where the stream refuses for good."""
        entries = [Entry(source.data(record), record["kinesis"]["partitionKey"], number) for number, record in enumerate(records)]
        unwritten = self.output.write(entries, deadline, in_order=True)
        metrics.add_metric("Forwarded", MetricUnit.Count, len(entries) - len(unwritten))
        metrics.add_metric("Unwritten", MetricUnit.Count, len(unwritten))
        return source.response(records, (entry.source for entry in unwritten))


@cache
def forwarding() -> Forwarding:
    """The container's one pipeline step, made at the first invocation."""
    settings = ForwardSettings.read()
    return Forwarding(StreamWriter(kinesis_client(), stream_name(settings.output_stream), record_kib=LARGEST_RECORD_KIB))


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: KinesisBatch, context: LambdaContext) -> BatchResponse:
    """Entry point of the Lambda function."""
    return forwarding().process(event["Records"], Deadline.of(context, reserve=_RESERVE_SECONDS))
