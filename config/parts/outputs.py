"""Who gets what the Flink applications write, beside the index: functions, S3, and streams there are already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from config.parts.base import KINESIS_RECORD, FunctionMemory, KeyArn, Model, Text
from config.parts.delivery import Delivery
from config.parts.functions import EventSource, PatientConsumer
from config.parts.streams import LARGEST_RECORD_KIB
from config.problem import Problem

#: Names in the archive bucket, and of delivery streams, that are taken.
_TAKEN = frozenset(
    ("raw", "errors", "oversized", "archive", "lake", "events", "raw-failed", "errors-failed", "errors-archive", "direct-put")
)
#: Parts of AWS by how the names of their regions begin (IAM user guide, "Amazon Resource Names"); the others are of `aws`.
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}


def partition_of(region: str) -> str:
    """The part of AWS a region belongs to."""
    return next((partition for start, partition in _PARTITIONS.items() if region.startswith(start)), "aws")


class ExistingFunction(EventSource):
    """A function there is already, in this account and region."""

    arn: Annotated[str, Text(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}", "the ARN of a function")]
    """Its ARN, without a version."""
    role: Annotated[str, Text(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}", "the ARN of a role")]
    """ARN of its execution role, which is given leave to read the stream."""


class ExistingStream(PatientConsumer):
    """A data stream there is already, in this account and region, and the function that copies records to it, each with its
    partition key."""

    arn: Annotated[
        str, Text(r"arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[A-Za-z0-9_.-]{1,128}", "the ARN of a data stream")
    ]
    """Its ARN."""
    key: KeyArn | None = None
    """KMS key it is encrypted with, whose policy must leave its use to IAM. `null` where it is not, or by Kinesis's own."""
    max_record_kib: Annotated[int, Field(ge=1_024, le=LARGEST_RECORD_KIB), KINESIS_RECORD] = 1_024
    """Largest record it takes, in KiB; at least that of the stream that is copied."""
    memory_mib: FunctionMemory = 512
    """Memory of the function, in MiB; its CPU share follows it (1,769 MiB is one core)."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rpartition("/")[2]

    def conflicts(self) -> Iterator[Problem]:
        _, partition, _, region, *_ = self.arn.split(":")
        if partition != (proper := partition_of(region)):
            yield Problem(("arn",), f"{region} is of the partition {proper}, not of {partition}; write arn:{proper}:kinesis:…")
        if self.key and not self.key.startswith(f"arn:{partition}:kms:{region}:"):
            yield Problem(("key",), f"{self.key} is not of {region}, as the stream is; Kinesis uses keys of its own region only")


class Output(Model):
    """Who gets what the applications write, beside the index: a function, S3, or another stream."""

    name: Annotated[str, Text(r"[a-z][a-z0-9-]{0,31}", "a name of lower-case letters, digits and -")]
    """What it is called; the folder in the archive bucket where it is a delivery, and the end of the function's name where it is
    a stream."""
    stream: Literal["metrics", "findings"]
    """What it gets."""
    function: ExistingFunction | None = None
    """A function that is called with batches of it. This, or `delivery`, or `data_stream`."""
    delivery: Delivery | None = None
    """A Firehose stream that copies it to the archive bucket."""
    data_stream: ExistingStream | None = None
    """A Kinesis data stream it is copied to."""

    def conflicts(self) -> Iterator[Problem]:
        ends = ("function", "delivery", "data_stream")
        given = [end for end in ends if getattr(self, end) is not None]
        if len(given) != 1:
            yield Problem(
                (given[1] if given else "function",),
                "an output goes to a function, to a delivery stream or to a data stream; give one of "
                "`function`, `delivery` and `data_stream`",
            )
        if self.name in _TAKEN:
            yield Problem(("name",), f"{self.name} is a name of the pipeline's own; choose another")
