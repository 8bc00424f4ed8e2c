"""The Firehose streams that copy a data stream to S3."""

from __future__ import annotations

from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.destinations.buffering import Buffer
from components.destinations.delivery_stream import DeliveryStream
from components.destinations.processing import Processor, processor_buffer_seconds
from components.destinations.s3 import S3Destination
from components.function import PipelineFunction
from components.stream import RecordStream
from config.model import Delivery


class StreamArchive(DeliveryStream):
    """Copies every record of a stream to S3 as gzip, one object a buffer, under the hour it arrived.

    With a processor its answers are written as they are (it ends its own lines); without one a newline follows each record.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        source: RecordStream,
        bucket: DataBucket,
        prefix: str,
        settings: Delivery,
        processor: PipelineFunction | None,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name; objects go to `<prefix>/yyyy/MM/dd/HH/`, what the processor refused or could not
        take to `<prefix>-failed/<error type>/…` (UTC)."""
        super().__init__(
            scope,
            construct_id,
            name=name,
            source=source,
            processor=processing(processor, settings) if processor else None,
            destination=S3Destination(
                bucket=bucket,
                folder=prefix,
                buffer=Buffer(seconds=settings.buffer_seconds, mib=settings.buffer_mib),
                newline=processor is None,
            ),
            at_rest=at_rest,
        )


def processing(function: PipelineFunction, settings: Delivery) -> Processor:
    """The function as the processor of a delivery with these settings."""
    return Processor(function=function, buffer_seconds=processor_buffer_seconds(settings.buffer_seconds))
