"""The Flink applications: which run, how large, from where they read, and who hears of what they find."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from config.parts.base import FLINK, FLINK_AUTOSCALING, Model, Text
from config.parts.flink_settings import AggregateSettings, AnomalySettings, BehaviourSettings, BusinessSettings, FlinkSettings
from config.parts.functions import Consumer
from config.parts.outputs import Output
from config.problem import Problem, shown

PROJECT = pathlib.Path(__file__).resolve().parents[2]


class FlinkApplication(Model):
    """An application of Managed Service for Apache Flink."""

    #: Streams it reads, by the names of their property groups.
    reads: ClassVar[tuple[str, ...]] = ("events",)
    #: Streams it writes, beside `errors`.
    writes: ClassVar[tuple[str, ...]] = ()
    #: Whether it joins events with master data.
    joins: ClassVar[bool] = False

    enabled: bool = False
    """Whether it runs. Each costs a KPU an hour for every `parallelism_per_kpu` parallel tasks, and one for the service."""
    parallelism: Annotated[int, Field(ge=1, le=512), FLINK] = 1
    """Parallel tasks at the start; at least the shards of `events`, or a replay is read unevenly."""
    parallelism_per_kpu: Annotated[int, Field(ge=1, le=8), FLINK_AUTOSCALING] = 1
    """Tasks that share a KPU, which is one core and 4 GB. More where they wait more than they compute."""
    autoscaling: bool = True
    """Whether the service doubles the parallelism after 15 minutes at three quarters of the CPU, and takes it back after six
    hours at a tenth."""
    reader: Literal["POLLING", "EFO"] = "POLLING"
    """POLLING shares 2 MB/s of a shard with all who read it. EFO (enhanced fan-out) has as much for itself, for a fee an hour
    and shard."""
    position: Literal["TRIM_HORIZON", "LATEST"] = "TRIM_HORIZON"
    """Where an application that has no state yet begins: at the oldest event kept, or at what comes next."""
    checkpoint_seconds: int = Field(default=60, ge=1, le=3_600)
    """How often state is saved, in seconds: what comes after is processed again when the application restarts."""
    checkpoint_pause_seconds: int = Field(default=5, ge=0, le=3_600)
    """Least time between two of these, in seconds."""
    allow_non_restored_state: bool = False
    """Whether state of an operator that a new version has not got is let go. Otherwise such a version does not start."""
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = "INFO"
    """Least severe message it logs."""
    metrics_level: Literal["APPLICATION", "TASK", "OPERATOR", "PARALLELISM"] = "APPLICATION"
    """How far CloudWatch's metrics are broken down. Finer ones cost more, PARALLELISM a metric for each task."""
    settings: FlinkSettings = FlinkSettings()
    """What it is told."""

    @property
    def kpus(self) -> int:
        """KPUs at the start, without that of the service."""
        return -(-self.parallelism // self.parallelism_per_kpu)


class Aggregates(FlinkApplication):
    """SQL: requests, errors and latencies by the minute, joined with what is known of services."""

    writes: ClassVar[tuple[str, ...]] = ("metrics", "findings")
    joins: ClassVar[bool] = True

    settings: AggregateSettings = AggregateSettings()
    """What it is told."""


class Anomalies(FlinkApplication):
    """Java: services and machines that are not as they should be, by random cut forests."""

    reads: ClassVar[tuple[str, ...]] = ("events", "metrics")
    writes: ClassVar[tuple[str, ...]] = ("findings",)

    settings: AnomalySettings = AnomalySettings()
    """What it is told."""


class Behaviour(FlinkApplication):
    """Scala: what users and addresses do over time."""

    writes: ClassVar[tuple[str, ...]] = ("findings",)

    settings: BehaviourSettings = BehaviourSettings()
    """What it is told."""


class Business(FlinkApplication):
    """Python: stock that runs out, payments out of the usual, and sales by the minute, joined with master data."""

    writes: ClassVar[tuple[str, ...]] = ("metrics", "findings")
    joins: ClassVar[bool] = True

    settings: BusinessSettings = BusinessSettings()
    """What it is told."""


class Studio(Model):
    """A notebook of Managed Service for Apache Flink Studio, in which people ask the streams by SQL and Python."""

    enabled: bool = False
    """Whether there is one. It is created stopped and costs while it runs: a KPU an hour for every `parallelism_per_kpu` parallel
    tasks, and two for the service."""
    parallelism: Annotated[int, Field(ge=1, le=512), FLINK] = 4
    """Parallel tasks of all paragraphs that run at once; a paragraph takes all unless it says less. At least the shards of
    each stream: a task that reads several makes events of the slower ones late."""
    parallelism_per_kpu: Annotated[int, Field(ge=1, le=8), FLINK_AUTOSCALING] = 4
    """Tasks that share a KPU, which is one core and 4 GB."""
    position: Literal["TRIM_HORIZON", "LATEST"] = "LATEST"
    """Where a query begins that does not say: at the oldest event kept, or at what comes next."""
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = "INFO"
    """Least severe message it logs."""

    @property
    def kpus(self) -> int:
        """KPUs while it runs, without those of the service."""
        return -(-self.parallelism // self.parallelism_per_kpu)


class Preparation(Consumer):
    """A function of yours between `events` and the applications."""

    folder: Annotated[str, Text(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*", "a folder of the project, such as extensions/sessions")]
    """Its code: `handler.py` there has `handler`, which gets batches of `events` as Lambda passes them
    (`common.source.user_records` gives the events in a record), and puts what the applications are to read on the stream that
    `PREPARED_STREAM` names. `ERRORS_STREAM` takes what it cannot use."""

    @property
    def package(self) -> str:
        """What the code is imported as."""
        return self.folder.rpartition("/")[2]

    @field_validator("folder")
    @classmethod
    def folder_has_a_handler(cls, value: str) -> str:
        if not (PROJECT / value / "handler.py").is_file():
            raise ValueError(f"{shown(value)} has no handler.py; write the folder, from the project's, of the function's code")
        return value


class Analytics(Model):
    """Applications of Managed Service for Apache Flink, and what becomes of what they write."""

    aggregates: Aggregates = Aggregates()
    """Requests, errors and latencies by the minute."""
    anomalies: Anomalies = Anomalies()
    """Services and machines that are not as they should be."""
    behaviour: Behaviour = Behaviour()
    """What users and addresses do over time."""
    business: Business = Business()
    """Stock that runs out, payments out of the usual, and sales by the minute."""
    studio: Studio = Studio()
    """Notebooks in which people explore the streams."""
    connector: Literal["official", "local"] = "official"
    """What carries the records of streams: Apache's connector, or in the embedded run Weir's own with the same options."""
    refresh_seconds: int = Field(default=300, ge=10, le=86_400)
    """How often the applications look at master data again, in seconds."""
    kpu_quota: Annotated[int, Field(ge=1, le=10_000), FLINK] = 64
    """KPUs the account lets an application have; autoscaling ends there, and an alarm rings."""
    maintenance_start: (
        Annotated[str, Text(r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day in UTC, such as 02:00, in quotes")] | None
    ) = None
    """Beginning of the eight hours in which the service may restart applications to patch them, in UTC. `null` lets it choose."""
    prepare: Preparation | None = None
    """A function of yours that prepares what the applications read. `null`: they read `events`."""
    outputs: tuple[Output, ...] = Field(default=(), strict=False, max_length=20)
    """Who gets metrics and findings, beside the index."""

    @property
    def applications(self) -> dict[str, FlinkApplication]:
        """Those that run, by name."""
        every: dict[str, FlinkApplication] = {
            "aggregates": self.aggregates,
            "anomalies": self.anomalies,
            "behaviour": self.behaviour,
            "business": self.business,
        }
        return {name: application for name, application in every.items() if application.enabled}

    @property
    def written(self) -> tuple[str, ...]:
        """The streams that the applications that run write, beside `errors`."""
        writes = {stream for application in self.applications.values() for stream in application.writes}
        return tuple(stream for stream in ("metrics", "findings") if stream in writes)

    @property
    def reads_table(self) -> bool:
        """Whether one that runs joins with the table of master data."""
        return any(application.joins for application in self.applications.values())

    def conflicts(self) -> Iterator[Problem]:
        sized: dict[str, FlinkApplication | Studio] = dict(self.applications)
        if self.studio.enabled:
            sized["studio"] = self.studio
            if self.connector == "local":
                yield Problem(
                    ("studio", "enabled"),
                    "the embedded run, which `connector: local` is for, has no Studio; remove it, or take the official connector",
                )
        for name, application in sized.items():
            if application.kpus > self.kpu_quota:
                yield Problem(
                    (name, "parallelism"),
                    f"{application.parallelism} needs {application.kpus} KPUs, above `kpu_quota` ({self.kpu_quota}; "
                    f"{FLINK.title}); lower it, raise `parallelism_per_kpu`, or have the quota raised and write it here",
                )
        for name, application in self.applications.items():
            for stream in application.reads:
                if stream != "events" and stream not in self.written:
                    yield Problem(
                        (name, "enabled"),
                        f"it reads {stream}, which no application that runs writes; enable one that does, such as aggregates",
                    )
        if self.prepare and not self.applications:
            yield Problem(("prepare",), "no application runs that would read what it prepares; enable one, or remove it")
        names = [output.name for output in self.outputs]
        for number, output in enumerate(self.outputs):
            if output.name in names[:number]:
                yield Problem(("outputs", number, "name"), f"{output.name} is taken by another; choose another name")
            if output.stream not in self.written:
                yield Problem(
                    ("outputs", number, "stream"),
                    f"no application that runs writes {output.stream}; enable one that does, or remove the output",
                )
