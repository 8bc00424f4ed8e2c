"""The data streams: their capacity, and how long and how large a record may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from config.parts.base import KINESIS, KINESIS_RECORD, TRANSFORM, Model
from config.problem import Problem

#: Largest record Kinesis takes, in KiB.
LARGEST_RECORD_KIB = 10_240


class Stream(Model):
    """A Kinesis data stream."""

    mode: Literal["on-demand", "provisioned"] = "on-demand"
    """On-demand follows the load by itself: 4 MB/s in when new, up to 200 MB/s (10 GB/s in the largest regions) as the load
    grows. Provisioned is cheaper where the load is known and flat."""
    shards: Annotated[int | None, Field(ge=1, le=10_000), KINESIS] = None
    """Shards of a provisioned stream: each takes 1 MB/s or 1,000 records/s in and gives 2 MB/s out."""
    retention_hours: Annotated[int, Field(ge=24, le=8_760), KINESIS] = 24
    """How long a record can be read again, in hours."""
    max_record_kib: Annotated[int, Field(ge=1_024, le=3_072), TRANSFORM] = 1_024
    """Largest record the stream takes, in KiB. Functions read the stream, and Lambda's payload is 6 MB: the archive function
    returns a record twice base64-encoded, 16/9 of its size."""

    def conflicts(self) -> Iterator[Problem]:
        if self.mode == "provisioned" and self.shards is None:
            yield Problem(
                ("mode",),
                "a provisioned stream needs shards; set `shards` to max(inKB/1000, outKB/2000, records/1000) per second",
            )
        if self.mode == "on-demand" and self.shards is not None:
            yield Problem(("shards",), "an on-demand stream has no shards; remove the key, or set `mode: provisioned`")


class EventsStream(Stream):
    """The stream of events, which lie many in a record."""

    buckets: Annotated[int, Field(ge=0, le=65_536)] = 256
    """Events of a batch whose partition keys' hashes share one of so many buckets go into one record of up to 50 KiB, as the
    Kinesis Producer Library aggregates. A power of two, and some for each batch in flight (shards times
    `parallelization_factor`): a bucket is on one shard, and in one batch at a time. The fewer, the more events share a record.
    0: one event a record, for a reader of yours that cannot take aggregates apart."""

    def conflicts(self) -> Iterator[Problem]:
        yield from super().conflicts()
        if self.buckets & (self.buckets - 1):
            yield Problem(("buckets",), f"{self.buckets} is no power of two; set it to {1 << self.buckets.bit_length()}")
        elif self.buckets and self.shards and self.buckets < self.shards:
            yield Problem(
                ("buckets",),
                f"{self.buckets} leave some of {self.shards} shards without events; "
                f"set it to {1 << (4 * self.shards - 1).bit_length()}",
            )


class ErrorsStream(Stream):
    """The error stream. The original bytes ride along in base64, so its records are larger than those of `raw`."""

    max_record_kib: Annotated[int, Field(ge=1_024, le=LARGEST_RECORD_KIB), KINESIS_RECORD] = 4_096
    """Largest record the stream takes, in KiB: at least twice that of any other stream."""


class Streams(Model):
    """The pipeline's streams."""

    raw: Stream = Stream()
    """Every record as the producer sent it."""
    events: EventsStream = EventsStream()
    """Normalised events, many in a record."""
    errors: ErrorsStream = ErrorsStream()
    """What a step could not process, with the step, the reason and the original bytes."""
    prepared: Stream = Stream()
    """What a function of yours makes of `events` for the Flink applications; there where `analytics.prepare` is."""
    metrics: Stream = Stream()
    """Windowed aggregates, one event a record; there where a Flink application that writes it runs, as `findings`."""
    findings: Stream = Stream()
    """Anomalies and detections, one event a record."""

    def conflicts(self) -> Iterator[Problem]:
        streams = (self.raw, self.events, self.prepared, self.metrics, self.findings)
        largest = max(stream.max_record_kib for stream in streams)
        if self.errors.max_record_kib < 2 * largest:
            yield Problem(
                ("errors", "max_record_kib"),
                f"{self.errors.max_record_kib} is too small for a record of {largest} KiB with its original in base64; "
                f"set it to {2 * largest} or more",
            )
