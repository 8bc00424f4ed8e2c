"""Keeps one application's job as the application is: running, from the snapshot it asks for, or stopped.

A job that is gone with its JobManager begins again from its last checkpoint. Each snapshot the service lists is a savepoint
here: one that is made while the job goes on, or as it stops (developer guide, "Manage application backups using snapshots": a
stop that is not forced, and an update, make one).
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from localrun.credentials import Role
from localrun.delivery.http import Unreachable
from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Part
from localrun.flink.client import Client
from localrun.flink.deployed import Deployed
from localrun.flink.figures import Figures
from localrun.flink.kept import Job, Kept
from localrun.flink.profile import Profile
from localrun.flink.rest import ENDED, NoSuchJob, Refused, Rest, Submission
from localrun.paths import write_atomically

STEP_SECONDS = 1.0
#: After a failure, twice as long after each further one.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 30.0
SAVEPOINT_SECONDS = 120.0

log = logging.getLogger(__name__)


class Worker:
    """One application."""

    def __init__(
        self,
        name: str,
        endpoint: str,
        rest: Rest,
        client: Client,
        checkpoints: Path,
        directory: Path,
        part: Part,
        clock: Clock,
    ) -> None:
        """`checkpoints` is the cluster's directory of them, `directory` the application's own."""
        self._name: Final = name
        self._endpoint = endpoint
        self._rest = rest
        self._client = client
        self._checkpoints = checkpoints
        self._directory = directory
        self._part = part
        self._clock = clock
        self._profile = Profile(endpoint, directory / "credentials", name)
        self._file = directory / "kept.json"
        self._kept = Kept.read(self._file)
        self._figures = Figures(rest, part, clock)
        self._pause = FIRST_PAUSE_SECONDS

    def step(self, deployed: Deployed) -> float:
        """Look once, and do what is to be done; returns the seconds until the next time."""
        try:
            self._profile.renew(deployed.role_arn)
            self._follow(deployed)
        except (Refused, Unreachable, NoSuchJob, ClientError, BotoCoreError, OSError) as error:
            self._part.failed("job", error, self._clock.now())
            pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            return pause
        self._pause = FIRST_PAUSE_SECONDS
        return STEP_SECONDS

    def forget(self) -> None:
        """End the job of an application that is no longer there."""
        job = self._kept.job
        if job is not None and self._state(job) not in (*ENDED, None):
            self._rest.cancel(job.id)
        self._keep(Kept())

    def _follow(self, deployed: Deployed) -> None:
        job = self._kept.job
        state = self._state(job) if job else None
        if job and not job.accepted and state:
            job = self._have(job.model_copy(update={"accepted": True}))
        stays = deployed.runs and (job is None or job.version == deployed.version)
        self._take_snapshots(deployed, job, state, stays=stays)
        if job and not stays:
            self._end(job)
            self._keep(self._kept.model_copy(update={"job": None}))
            job = None
        if not deployed.runs:
            self._part.fact(status=deployed.status, state="stopped", job=None)
            self._part.recovered("job")
        elif job is None:
            self._submit(self._have(Job.new(deployed.version, self._asked(deployed))), deployed)
        elif not job.accepted:
            self._submit(job, deployed)
        elif state is None or state in ("FAILED", "CANCELED"):
            log.info("%s: job %s is %s", self._name, job.id, state or "gone")
            self._submit(self._have(Job.new(deployed.version, job.last_saved(self._checkpoints))), deployed)
        else:
            self._part.fact(status=deployed.status)
            self._figures.read(job.id)

    def _submit(self, job: Job, deployed: Deployed) -> None:
        self._part.fact(status=deployed.status, state="starting", job=job.id, parallelism=deployed.parallelism)
        code = self._directory / f"{self._name}.{'zip' if deployed.program else 'jar'}"
        role = Role(self._endpoint, deployed.role_arn, self._name)
        role.client("s3").download_file(deployed.code.bucket, deployed.code.key, str(code))
        properties = self._directory / "application_properties.json"
        write_atomically(properties, json.dumps(self._profile.groups(deployed.groups), indent=1))
        submission = Submission(
            job_id=job.id,
            arguments=("--properties", str(properties)),
            parallelism=deployed.parallelism,
            restore_from=job.restored_from,
            allow_non_restored_state=deployed.allow_non_restored_state,
            configuration=_configuration(deployed),
        )
        if deployed.program:
            self._client.run(code, deployed.program, submission)
        else:
            self._run_jar(code, submission)
        self._have(job.model_copy(update={"accepted": True}))
        log.info("%s: job %s runs, %s", self._name, job.id, f"from {job.restored_from}" if job.restored_from else "without state")

    def _run_jar(self, code: Path, submission: Submission) -> None:
        uploaded = self._rest.upload(code)
        try:
            self._rest.run(uploaded, submission)
        finally:
            self._rest.delete_jar(uploaded)

    def _take_snapshots(self, deployed: Deployed, job: Job | None, state: str | None, *, stays: bool) -> None:
        """Make a savepoint for the snapshots the service has and we have not; a job that does not stay ends with it."""
        missing = [name for name in deployed.snapshots if name not in self._kept.snapshots]
        if not missing:
            return
        if job and state == "RUNNING":
            saved: str | None = self._saved(job, self._rest.savepoint(job.id) if stays else self._rest.stop(job.id))
        else:
            saved = job.last_saved(self._checkpoints) if job else None
        self._keep(self._kept.model_copy(update={"snapshots": {**self._kept.snapshots, **dict.fromkeys(missing, saved)}}))
        log.info("%s: %s: %s", self._name, ", ".join(missing), saved or "no state yet")

    def _saved(self, job: Job, request: str) -> str:
        """The savepoint, when it is made. Raises Refused if there will be none."""
        deadline = time.monotonic() + SAVEPOINT_SECONDS
        while time.monotonic() < deadline and not self._clock.stopped:
            saved = self._rest.saved(job.id, request)
            if saved:
                return saved
            self._clock.wait(STEP_SECONDS / 4)
        raise Refused(f"the savepoint was not made within {SAVEPOINT_SECONDS:.0f} s")

    def _asked(self, deployed: Deployed) -> str | None:
        """The savepoint an application asks to be started from. Raises Refused where there is none of its name."""
        if deployed.restore == "SKIP_RESTORE_FROM_SNAPSHOT":
            return None
        if deployed.restore == "RESTORE_FROM_CUSTOM_SNAPSHOT":
            if deployed.snapshot is None or deployed.snapshot not in self._kept.snapshots:
                raise Refused(f"there is no snapshot {deployed.snapshot}")
            return self._kept.snapshots[deployed.snapshot]
        return self._kept.snapshots[deployed.snapshots[-1]] if deployed.snapshots else None

    def _end(self, job: Job) -> None:
        """End the job where it has not stopped with a savepoint, and wait until it has: two would do the same work twice."""
        deadline = time.monotonic() + SAVEPOINT_SECONDS
        asked = False
        while (state := self._state(job)) not in (*ENDED, None):
            if not asked and state != "FAILING":
                self._rest.cancel(job.id)
                asked = True
            if time.monotonic() > deadline or self._clock.stopped:
                raise Refused(f"job {job.id} is still {state} after {SAVEPOINT_SECONDS:.0f} s")
            self._clock.wait(STEP_SECONDS / 4)

    def _state(self, job: Job) -> str | None:
        try:
            return self._rest.state(job.id)
        except NoSuchJob:
            return None

    def _have(self, job: Job) -> Job:
        self._keep(self._kept.model_copy(update={"job": job}))
        return job

    def _keep(self, kept: Kept) -> None:
        kept.write(self._file)
        self._kept = kept


def _configuration(deployed: Deployed) -> dict[str, str]:
    """Options of the job that Managed Flink sets from the application's configuration."""
    options = {"pipeline.name": deployed.name}
    if deployed.checkpoint_seconds is not None:
        options["execution.checkpointing.interval"] = f"{deployed.checkpoint_seconds * 1_000:.0f} ms"
        options["execution.checkpointing.min-pause"] = f"{deployed.checkpoint_pause_seconds * 1_000:.0f} ms"
    return options
