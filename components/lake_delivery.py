"""The Firehose stream that writes events to the lake as Parquet."""

from __future__ import annotations

from aws_cdk import aws_glue as glue
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.destinations.buffering import Buffer
from components.destinations.delivery_stream import DeliveryStream
from components.destinations.objects import DynamicPartitions
from components.destinations.parquet import ParquetDestination
from components.destinations.prefix import QUERY
from components.lake_tables import DATASET, DAY, FOLDER
from components.stream import RecordStream
from config.model import LakeDelivery as Settings
from lake.columns import JSON_KEYS

#: As the index of an event: by its type, and by the day it arrived on `raw`.
_QUERIES = {DATASET: ".event.dataset", DAY: ".event.ingested[0:10]"}


class LakeDelivery(DeliveryStream):
    """`events` → Parquet, an object for each type and day in a buffer; what does not fit the table goes to `events-failed/`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        source: RecordStream,
        bucket: DataBucket,
        table: glue.CfnTable,
        settings: Settings,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name."""
        super().__init__(
            scope,
            construct_id,
            name=name,
            source=source,
            processor=None,
            destination=ParquetDestination(
                bucket=bucket,
                folder=FOLDER,
                keys="".join(f"{key}=!{{{QUERY}:{key}}}/" for key in _QUERIES),
                partitions=DynamicPartitions(queries=_QUERIES),
                buffer=Buffer(seconds=settings.buffer_seconds, mib=settings.buffer_mib),
                table=table,
                json_keys=JSON_KEYS,
                # Weir's own names are lower case, and those of producers stay as they are.
                lower_case_keys=False,
            ),
            at_rest=at_rest,
        )
