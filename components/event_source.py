"""A function that reads a stream: every reliability setting of the event source mapping, each with its reason.

Settings and their limits: Lambda developer guide, "Kinesis event source mapping parameters" and "Configuring partial batch
response with Kinesis Data Streams and Lambda".
"""

from __future__ import annotations

from typing import Protocol

import jsii
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from components.bucket import DataBucket
from components.stream import RecordStream
from config.model import EventSource

#: For a consumer function's `failures_go_to`.
CONSUMER_FAILURES = "Its event source mapping leaves batches it gives up in the quarantine bucket."


class Reader(Protocol):
    """A function that reads, and the role it reads with."""

    @property
    def function(self) -> lambda_.IFunction: ...

    @property
    def role(self) -> iam.IRole: ...


class StreamConsumer(Construct):
    """Connects a function to a stream, so that no record is skipped and none holds up its shard for ever."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: RecordStream,
        function: Reader,
        settings: EventSource,
        quarantine: DataBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        stream.grant_read(function.role)
        quarantine.grant_quarantine(function.role)
        self.mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function.function,
            event_source_arn=stream.arn,
            # From the oldest record kept: what was sent before the mapping existed is processed too, where LATEST would
            # lose it silently.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            # Stated, never left to the defaults: they decide latency, cost and the size of what is retried.
            batch_size=settings.batch_size,
            max_batching_window=Duration.seconds(settings.batching_window_seconds),
            # More than one batch of a shard in flight; records of one partition key stay in order.
            parallelization_factor=settings.parallelization_factor,
            # Only what follows the first failed record is sent again, not the whole batch.
            report_batch_item_failures=True,
            # A batch whose function crashes is halved until the poison record is alone.
            bisect_batch_on_error=True,
            # Bounded by one or by both, or one poison record would stop its shard until the stream's retention loses everything
            # behind it. -1 attempts, for a function that no record can make fail, leave it to the age.
            retry_attempts=settings.retry_attempts,
            max_record_age=Duration.hours(settings.max_record_age_hours),
            # Where given-up batches go. On the mapping, not the function: Lambda uses the function's only for asynchronous
            # invocations. S3, because it keeps the records themselves, where a queue gets only their positions.
            on_failure=_Quarantine(quarantine),
            support_s3_on_failure_destination=True,
            # Counts what was given up and what was dropped, so that both can raise an alarm.
            metrics_config=lambda_.MetricsConfig(metrics=[lambda_.MetricType.EVENT_COUNT]),
        )


@jsii.implements(lambda_.IEventSourceDlq)
class _Quarantine:
    """The bucket as failure destination, without the read and delete rights the library's own destination grants."""

    def __init__(self, bucket: DataBucket) -> None:
        self._bucket = bucket

    def bind(self, target: lambda_.IEventSourceMapping, target_handler: lambda_.IFunction) -> lambda_.DlqDestinationConfig:
        return lambda_.DlqDestinationConfig(destination=self._bucket.arn)
