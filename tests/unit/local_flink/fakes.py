"""A cluster in memory, and applications as the emulator describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localrun.flink.deployed import Program
from localrun.flink.rest import NoSuchJob, Refused, Submission

NAME = "weir-local-aggregates"
ROLE = "arn:aws:iam::000000000000:role/aggregates"


def detail(**changes: Any) -> dict[str, Any]:
    """Of an application that runs."""
    return {
        "ApplicationName": NAME,
        "ApplicationVersionId": 1,
        "ApplicationStatus": "RUNNING",
        "ServiceExecutionRole": ROLE,
        "Snapshots": [],
        "ApplicationConfigurationDescription": {
            "ApplicationCodeConfigurationDescription": {
                "CodeContentDescription": {
                    "S3ApplicationCodeLocationDescription": {"BucketARN": "arn:aws:s3:::assets", "FileKey": "a.jar"}
                }
            },
            "EnvironmentPropertyDescriptions": {
                "PropertyGroupDescriptions": [
                    {"PropertyGroupId": "application", "PropertyMap": {"idle.seconds": "10"}},
                    {
                        "PropertyGroupId": "events",
                        "PropertyMap": {"stream.arn": "arn:…:stream/events", "aws.region": "us-east-1"},
                    },
                ]
            },
            "FlinkApplicationConfigurationDescription": {
                "CheckpointConfigurationDescription": {
                    "CheckpointingEnabled": True,
                    "CheckpointInterval": 10_000,
                    "MinPauseBetweenCheckpoints": 5_000,
                },
                "ParallelismConfigurationDescription": {"Parallelism": 2, "CurrentParallelism": 2},
            },
        },
        **changes,
    }


@dataclass
class MemoryRest:
    """Takes jobs and says what was asked, in order; `states` are set by tests too."""

    states: dict[str, str] = field(default_factory=dict)
    submitted: list[Submission] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refusing: str | None = None

    def upload(self, jar: Path) -> str:
        self.asked.append(f"upload {jar.name}")
        return "uploaded.jar"

    def delete_jar(self, jar: str) -> None:
        self.asked.append(f"delete {jar}")

    def run(self, jar: str, submission: Submission) -> None:
        assert jar == "uploaded.jar"
        if self.refusing:
            raise Refused(self.refusing)
        self.submitted.append(submission)
        self.states[submission.job_id] = "RUNNING"

    def state(self, job_id: str) -> str:
        if job_id not in self.states:
            raise NoSuchJob(job_id)
        return self.states[job_id]

    def savepoint(self, job_id: str) -> str:
        self.asked.append(f"savepoint {job_id}")
        return "request"

    def stop(self, job_id: str) -> str:
        self.asked.append(f"stop {job_id}")
        self.states[job_id] = "FINISHED"
        return "request"

    def saved(self, job_id: str, request: str) -> str:
        return f"file:/savepoints/{job_id}"

    def cancel(self, job_id: str) -> None:
        self.asked.append(f"cancel {job_id}")
        self.states[job_id] = "CANCELED"

    def job(self, job_id: str) -> dict[str, Any]:
        return {"jid": job_id, "state": self.states[job_id], "vertices": []}

    def failures(self, job_id: str) -> list[dict[str, Any]]:
        return []

    def checkpoints(self, job_id: str) -> dict[str, Any]:
        return {"latest": {"completed": None}, "counts": {"restored": 0, "completed": 0, "failed": 0}}


@dataclass
class MemoryClient:
    """Takes programs in Python."""

    submitted: list[tuple[Path, Program, Submission]] = field(default_factory=list)

    def run(self, code: Path, program: Program, submission: Submission) -> None:
        self.submitted.append((code, program, submission))
