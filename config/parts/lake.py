"""The lake: events as Parquet in S3, and queries over them by Athena."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from config.parts.base import ATHENA_LIMIT, FIREHOSE_PARTITIONS, LIFECYCLE, Model
from config.parts.delivery import Delivery, moves_before_it_expires
from config.problem import Problem, shown


class LakeDelivery(Delivery):
    """Buffering of the lake: Firehose gathers an object for each log type and day, and readers like few large ones."""

    buffer_seconds: Annotated[int, Field(ge=60, le=900), FIREHOSE_PARTITIONS] = 300
    """Longest wait before delivering, in seconds."""
    buffer_mib: Annotated[int, Field(ge=64, le=128), FIREHOSE_PARTITIONS] = 128
    """Amount of one type and day that delivers at once, in MiB."""


class Lake(Model):
    """Events as Parquet in S3 by log type and day, their Glue tables, and an Athena workgroup."""

    enabled: bool = True
    """Whether there is a lake."""
    delivery: LakeDelivery = LakeDelivery()
    """Firehose stream from `events` to S3."""
    first_day: str = "2026-01-01"
    """First day that queries look for, yyyy-MM-dd: not after the day of the first event."""
    scanned_mib_per_query: Annotated[int, Field(ge=10, le=2**33), ATHENA_LIMIT] = 102_400
    """What one query may read, in MiB; Athena stops it there. 100 GiB by default, which cost half a dollar."""
    results_expire_after_days: int = Field(default=7, ge=1)
    """Age at which results of queries are deleted, in days."""
    infrequent_access_after_days: Annotated[int | None, Field(ge=30), LIFECYCLE] = 90
    """Age at which events move to Standard-IA, in days: reading them costs more there. `null` keeps all in Standard."""
    expire_after_days: int | None = Field(default=400, ge=1)
    """Age at which events are deleted, in days. `null` keeps the lake for ever."""

    @field_validator("first_day")
    @classmethod
    def first_day_is_a_day(cls, value: str) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise ValueError(f"{shown(value)} is not a day; write one such as '2026-01-01', in quotes") from error

    def conflicts(self) -> Iterator[Problem]:
        yield from moves_before_it_expires(self.infrequent_access_after_days, self.expire_after_days)
