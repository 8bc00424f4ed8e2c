"""The functions: their runtime, and how those that read a stream are fed."""

from __future__ import annotations

import pathlib
import platform
import sys
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator

from config.parts.base import EVENT_SOURCE, FLOW_LOGS, LAMBDA, WHOLE, FunctionMemory, Model, TenantName, Text
from config.parts.flow_formats import FlowFormat, alike, names_of
from config.problem import Problem, shown

#: Retention periods CloudWatch Logs accepts, in days (API reference, PutRetentionPolicy).
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip


def log_types() -> list[str]:
    """The names of the log types: the files of lambdas/common/logtypes, which nothing else has to list."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "lambdas" / "common" / "logtypes"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


class Functions(Model):
    """What all functions share."""

    python: Annotated[str, Text(r"3\.1[1-4]|host", '"3.11", "3.12", "3.13" or "3.14", or host')] = "3.13"
    """Lambda runtime version, quoted; `host` is this machine's own, for the embedded run, where compiled wheels must import."""
    architecture: Literal["arm64", "x86_64", "host"] = "arm64"
    """arm64 costs a fifth less for the same work; `host` is this machine's own."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe message the functions log."""
    log_retention_days: Annotated[LogRetentionDays, WHOLE] = 30
    """How long CloudWatch Logs keeps the functions' own logs, in days."""

    @field_validator("python")
    @classmethod
    def resolve_python(cls, value: str) -> str:
        return f"{sys.version_info.major}.{sys.version_info.minor}" if value == "host" else value

    @field_validator("architecture")
    @classmethod
    def resolve_architecture(cls, value: str) -> str:
        if value != "host":
            return value
        return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


class EventSource(Model):
    """How a function is fed from a stream: its event source mapping."""

    batch_size: Annotated[int, Field(ge=1, le=10_000), EVENT_SOURCE] = 500
    """Most records in one invocation; 6 MB of payload end a batch earlier."""
    batching_window_seconds: Annotated[int, Field(ge=0, le=300), EVENT_SOURCE] = 0
    """How long to gather a batch, in seconds. 0 for latency, more to pay for fewer invocations."""
    parallelization_factor: Annotated[int, Field(ge=1, le=10), EVENT_SOURCE] = 1
    """Batches in flight for one shard; order is kept per partition key."""
    max_record_age_hours: Annotated[int, Field(ge=1, le=168), EVENT_SOURCE] = 12
    """Older records go to the failure destination instead of holding the shard, in hours. Less than the stream's retention, or
    a record could expire before it is kept."""
    retry_attempts: Annotated[int, Field(ge=0, le=10_000), EVENT_SOURCE] = 10
    """Retries of a failing batch (after bisecting it) before it goes to the failure destination."""


class Consumer(EventSource):
    """A function that reads a stream, and its event source mapping."""

    memory_mib: FunctionMemory = 1_024
    """Memory of the function, in MiB; its CPU share follows it (1,769 MiB is one core)."""
    timeout_seconds: Annotated[int, Field(ge=1, le=900), LAMBDA] = 60
    """Longest run of one invocation, in seconds."""


class PatientConsumer(Consumer):
    """A function that waits for the domain or the stream it writes to, and its event source mapping."""

    retry_attempts: Annotated[int, Field(ge=-1, le=10_000), EVENT_SOURCE] = -1
    """Retries of a failing batch (after bisecting it) before it goes to the failure destination; -1 for as many as fit in
    `max_record_age_hours`. No record makes this function fail, only a domain or a stream that cannot be written, and however long
    that lasts, its records wait for the end of it and need nobody."""


class RouteConsumer(PatientConsumer):
    """The function that writes `events` to the index families, and its event source mapping."""

    parallelization_factor: Annotated[int, Field(ge=1, le=10), EVENT_SOURCE] = 2
    """Batches in flight for one shard; order is kept per partition key. It waits for OpenSearch, so more than one pays."""


class ReportConsumer(PatientConsumer):
    """The function that writes `errors` to its index, and its event source mapping."""

    memory_mib: FunctionMemory = 512
    """Memory of the function, in MiB; its CPU share follows it (1,769 MiB is one core)."""
    batching_window_seconds: Annotated[int, Field(ge=0, le=300), EVENT_SOURCE] = 5
    """How long to gather a batch, in seconds. Nobody waits for errors to the second."""


class Normalisation(Model):
    """Parsing `raw` into `events`."""

    consumer: Consumer = Consumer()
    """The function that parses, and its event source mapping."""
    default_type: str | None = None
    """Log type given to a bare line that names none and is not recognised by its shape: a file of lambdas/common/logtypes."""
    default_tenant: TenantName = "default"
    """Tenant of a record that names none."""
    vpc_flow_formats: Annotated[tuple[FlowFormat, ...], Field(strict=False), FLOW_LOGS] = ()
    """Custom formats of VPC flow logs, each as AWS was given it (`LogFormat`). A line does not say which it has: it is of the
    first that fits, by how many fields it has and what they look like; the default format comes before, and needs no mention.
    Files in S3 name their fields, and need this only where something else than `collect` reads them."""

    @field_validator("default_type")
    @classmethod
    def type_is_registered(cls, value: str | None) -> str | None:
        known = log_types()
        if value is not None and value not in known:
            raise ValueError(f"{shown(value)} is no log type; write {', '.join(known)} or null")
        return value

    def conflicts(self) -> Iterator[Problem]:
        for problem in alike(self.vpc_flow_formats):
            yield Problem(("vpc_flow_formats", *problem.path), problem.text)

    @property
    def flow_formats(self) -> tuple[str, ...]:
        """Of each of `vpc_flow_formats` the fields' names, with spaces between them, as the functions take them."""
        return tuple(" ".join(names_of(format_)) for format_ in self.vpc_flow_formats)
