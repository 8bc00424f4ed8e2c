"""Log files that services write to S3: the bucket they write to, and the function that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, field_validator

from config.parts.base import LAMBDA, QUEUE_SOURCE, KeyArn, Model, TenantName, Text
from config.parts.functions import log_types
from config.problem import Problem, shown


class CollectionRule(Model):
    """Whose objects below a prefix are, and of what type their records are."""

    prefix: Annotated[str, Text(r"[^\x00-\x1f\x7f]{0,512}", "the beginning of an object's key, up to 512 characters")] = ""
    """How the keys begin; the longest prefix that fits counts. Empty for every object."""
    type: str | None = None
    """Log type of the records: a file of lambdas/common/logtypes. `null` to recognise each by its shape."""
    tenant: TenantName | None = None
    """Tenant of the records. `null` for `normalisation.default_tenant`."""

    @field_validator("type")
    @classmethod
    def type_is_registered(cls, value: str | None) -> str | None:
        known = log_types()
        if value is not None and value not in known:
            raise ValueError(f"{shown(value)} is no log type; write {', '.join(known)} or null")
        return value


class LogSource(Model):
    """A bucket there is already, in this account and region, that log files are written to."""

    bucket: Annotated[str, Text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket")]
    """Its name. Its EventBridge notifications must be on, or those to `topic`."""
    prefix: Annotated[
        str, Text(r"[A-Za-z0-9/_.=@-]{0,512}", "the beginning of an object's key: letters, digits and / _ . = @ -")
    ] = ""
    """Only objects whose keys begin so are read. Empty for all of them."""
    topic: (
        Annotated[str, Text(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}", "the ARN of an SNS topic")] | None
    ) = None
    """SNS topic the bucket notifies. `null` where it notifies EventBridge."""
    key: KeyArn | None = None
    """KMS key of the objects. `null` where they are encrypted by S3's own."""
    rules: tuple[CollectionRule, ...] = Field(default=(), strict=False, max_length=30)
    """What is known of its files by where they lie."""


class Collection(Model):
    """A bucket for services that write their logs to S3 only, and the function that puts their lines on `raw`."""

    enabled: bool = True
    """Whether there is one."""
    memory_mib: Annotated[int, Field(ge=512, le=10_240), LAMBDA] = 1_024
    """Memory of the function, in MiB; its CPU share follows it (1,769 MiB is one core). What it holds is bounded by its longest
    record, 64 MiB, and not by its files."""
    timeout_seconds: Annotated[int, Field(ge=60, le=900), LAMBDA] = 300
    """Longest run of one invocation, in seconds. A file that takes longer is gone on with by another; a message that failed comes
    again after six times as long."""
    concurrency: Annotated[int, Field(ge=2, le=1_000), QUEUE_SOURCE] = 10
    """Most invocations at once: so many files are read together, however many arrive."""
    rules: tuple[CollectionRule, ...] = Field(default=(), strict=False, max_length=30)
    """What is known of files by where they lie; the others are recognised by their lines."""
    buckets: tuple[LogSource, ...] = Field(default=(), strict=False, max_length=20)
    """Buckets there are already that are read as well."""
    expire_after_days: int | None = Field(default=90, ge=1)
    """Age at which the files are deleted, in days: their lines are in the archive by then. `null` keeps them for ever."""

    def conflicts(self) -> Iterator[Problem]:
        names = [source.bucket for source in self.buckets]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Problem(("buckets", number, "bucket"), f"{name} is named before; give it once, with all its rules")
