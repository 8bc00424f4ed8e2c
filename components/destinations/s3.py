"""Records to S3, as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from aws_cdk import aws_kinesisfirehose as firehose

from components.destinations.buffering import S3
from components.destinations.destination import Wiring
from components.destinations.objects import ObjectDestination
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules

Compression = Literal["UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"]


@dataclass(frozen=True, kw_only=True)
class S3Destination(ObjectDestination):
    """Writes the records of a buffer one after the other into one object.

    ``compression`` is GZIP because every reader knows it. ``newline`` ends each record with one; leave it off when the
    processor ends its own lines.
    """

    compression: Compression = "GZIP"
    newline: bool = True

    def check(self, rules: Rules, processor: Processor | None) -> None:
        rules.one_of(self.compression, "compression", get_args(Compression), f"{API}/API_ExtendedS3DestinationConfiguration.html")
        self.check_objects(rules, processor, S3)

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        return self.write_objects(
            wiring, compression=firehose.Compression.of(self.compression), conversion=None, newline=self.newline
        )
