"""An application as it is deployed: what its description says of how it is to run.

Fields: Managed Service for Apache Flink API reference, "ApplicationDetail", and beside these `Snapshots`, their names
(`localrun/emulator/flink.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

#: States in which it has a job, or is about to.
_RUNNING = frozenset(("STARTING", "RUNNING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK"))
#: The property group of what of a zip is run (developer guide, "Specify your code files").
_PYTHON = "kinesis.analytics.flink.run.options"


class Unsupported(Exception):
    """An application this run cannot run; says what of it."""


@dataclass(frozen=True, slots=True)
class Code:
    """Where in S3 the application's jar or zip is."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Program:
    """What of its zip an application in Python runs: paths in it."""

    main: str
    jar: str | None
    files: tuple[str, ...]
    """What is on Python's path."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One application."""

    name: str
    version: int
    """Of its configuration: an update restarts it."""
    status: str
    role_arn: str
    code: Code
    program: Program | None
    """None: its code is a jar."""
    groups: Mapping[str, Mapping[str, str]]
    parallelism: int
    checkpoint_seconds: float | None
    """None: no checkpoints."""
    checkpoint_pause_seconds: float
    restore: str | None
    """`RESTORE_FROM_LATEST_SNAPSHOT`, `SKIP_RESTORE_FROM_SNAPSHOT` or `RESTORE_FROM_CUSTOM_SNAPSHOT`."""
    snapshot: str | None
    """The name of a snapshot of one's own choice."""
    snapshots: tuple[str, ...]
    """Names of those there are, the oldest first."""
    allow_non_restored_state: bool

    @property
    def runs(self) -> bool:
        """Whether it has a job."""
        return self.status in _RUNNING

    @classmethod
    def read(cls, detail: Mapping[str, Any]) -> Self:
        """Raises Unsupported."""
        configuration = detail["ApplicationConfigurationDescription"]
        flink = configuration["FlinkApplicationConfigurationDescription"]
        checkpoints = flink["CheckpointConfigurationDescription"]
        run = configuration.get("RunConfigurationDescription", {})
        restore = run.get("ApplicationRestoreConfigurationDescription", {})
        described = configuration.get("EnvironmentPropertyDescriptions", {}).get("PropertyGroupDescriptions", [])
        groups = {group["PropertyGroupId"]: group["PropertyMap"] for group in described}
        return cls(
            name=detail["ApplicationName"],
            version=detail["ApplicationVersionId"],
            status=detail["ApplicationStatus"],
            role_arn=detail["ServiceExecutionRole"],
            code=_code(configuration),
            program=_program(groups.get(_PYTHON, {})),
            groups=groups,
            parallelism=flink["ParallelismConfigurationDescription"]["Parallelism"],
            checkpoint_seconds=checkpoints["CheckpointInterval"] / 1_000 if checkpoints["CheckpointingEnabled"] else None,
            checkpoint_pause_seconds=checkpoints.get("MinPauseBetweenCheckpoints", 0) / 1_000,
            restore=restore.get("ApplicationRestoreType"),
            snapshot=restore.get("SnapshotName"),
            snapshots=tuple(detail["Snapshots"]),
            allow_non_restored_state=run.get("FlinkRunConfigurationDescription", {}).get("AllowNonRestoredState", False),
        )


def _program(options: Mapping[str, str]) -> Program | None:
    if "pyArchives" in options:
        raise Unsupported(f"{_PYTHON}: pyArchives is for functions in Python, which are not run here")
    if "python" not in options:
        return None
    files = tuple(filter(None, options.get("pyFiles", "").split(",")))
    return Program(main=options["python"], jar=options.get("jarfile"), files=files)


def _code(configuration: Mapping[str, Any]) -> Code:
    content = configuration.get("ApplicationCodeConfigurationDescription", {}).get("CodeContentDescription", {})
    location = content.get("S3ApplicationCodeLocationDescription")
    if location is None:
        raise Unsupported("its code is not in S3")
    return Code(location["BucketARN"].rpartition(":")[2], location["FileKey"])
