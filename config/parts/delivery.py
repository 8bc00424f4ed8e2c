"""Delivery by Firehose: to the S3 archive, and of direct puts to the search domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from config.parts.base import FIREHOSE, FIREHOSE_SEARCH, LIFECYCLE, FunctionMemory, Model
from config.problem import Problem


class Delivery(Model):
    """Buffering of a Firehose stream; whichever comes first delivers."""

    buffer_seconds: Annotated[int, Field(ge=0, le=900), FIREHOSE] = 60
    """Longest wait before delivering, in seconds."""
    buffer_mib: Annotated[int, Field(ge=1, le=128), FIREHOSE] = 16
    """Amount that delivers at once, in MiB; more than ten seconds of data."""


class ArchiveDelivery(Delivery):
    """Buffering of the archive of `raw`: fewer, larger objects."""

    buffer_seconds: Annotated[int, Field(ge=0, le=900), FIREHOSE] = 300
    """Longest wait before delivering, in seconds."""
    buffer_mib: Annotated[int, Field(ge=1, le=128), FIREHOSE] = 64
    """Amount that delivers at once, in MiB; more than ten seconds of data."""


class SearchDelivery(Delivery):
    """Buffering towards OpenSearch: one bulk request a buffer, so smaller."""

    buffer_mib: Annotated[int, Field(ge=1, le=100), FIREHOSE_SEARCH] = 5
    """Amount that delivers at once, in MiB. A domain of small instances takes requests up to 10 MiB."""


class Archive(Model):
    """The S3 buckets: archive of `raw`, of `errors`, and the quarantine of poison batches."""

    delivery: ArchiveDelivery = ArchiveDelivery()
    """Firehose stream from `raw` to S3."""
    errors_delivery: Delivery = Delivery()
    """Firehose stream from `errors` to S3."""
    infrequent_access_after_days: Annotated[int | None, Field(ge=30), LIFECYCLE] = 30
    """Age at which objects move to Standard-IA, in days. `null` keeps everything in Standard."""
    expire_after_days: int | None = Field(default=400, ge=1)
    """Age at which objects are deleted, in days. `null` keeps the archive for ever."""

    def conflicts(self) -> Iterator[Problem]:
        yield from moves_before_it_expires(self.infrequent_access_after_days, self.expire_after_days)


def moves_before_it_expires(move: int | None, expire: int | None) -> Iterator[Problem]:
    """What is wrong where objects are deleted, on day `expire`, no later than they move to Standard-IA."""
    if move is not None and expire is not None and expire <= move:
        yield Problem(
            ("expire_after_days",),
            f"{expire} is not after the move to Standard-IA on day {move} ({LIFECYCLE.title}); "
            f"set it to {move + 1} or more, or `infrequent_access_after_days: null`",
        )


class DirectPut(Model):
    """A Firehose stream publishers write to without a data stream; its records are normalised on the way to the index."""

    enabled: bool = True
    """Whether the stream exists."""
    delivery: SearchDelivery = SearchDelivery()
    """Firehose stream to OpenSearch."""
    memory_mib: FunctionMemory = 1_024
    """Memory of the transforming function, in MiB."""
