"""The job of an application is as the application is, and goes on from where it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Status
from localrun.flink import worker as module
from localrun.flink.deployed import Deployed, Program
from localrun.flink.worker import FIRST_PAUSE_SECONDS, STEP_SECONDS, Worker
from tests.unit.local_flink.fakes import NAME, ROLE, MemoryClient, MemoryRest, detail


class Setup:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.checkpoints = directory / "checkpoints"
        self.rest = MemoryRest()
        self.client = MemoryClient()
        self.status = Status(directory / "status.json", "flink")
        self.worker = self.again()

    def again(self) -> Worker:
        """The worker as it is when its process is started again."""
        rest: Any = self.rest
        client: Any = self.client
        part = self.status.part(NAME)
        self.worker = Worker(NAME, "http://emulator", rest, client, self.checkpoints, self.directory, part, Clock())
        return self.worker

    def step(self, **changes: Any) -> float:
        return self.worker.step(Deployed.read(detail(**changes)))

    @property
    def part(self) -> dict[str, Any]:
        part: dict[str, Any] = self.status.snapshot(0.0)["parts"][NAME]
        return part

    def checkpoint(self, number: int, *, whole: bool = True) -> str:
        directory = self.checkpoints / self.rest.submitted[-1].job_id / f"chk-{number}"
        directory.mkdir(parents=True)
        if whole:
            (directory / "_metadata").touch()
        return directory.as_uri()


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    class Role:
        def __init__(self, endpoint: str, role_arn: str, name: str) -> None:
            assert (endpoint, role_arn, name) == ("http://emulator", ROLE, NAME)

        def client(self, service: str) -> Any:
            assert service == "s3"
            return self

        def download_file(self, bucket: str, key: str, file: str) -> None:
            Path(file).write_text(f"{bucket}/{key}")

    monkeypatch.setattr(module, "Role", Role)
    keys = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"}
    monkeypatch.setattr("localrun.flink.profile.role_credentials", lambda *_: keys)
    return Setup(tmp_path)


def test_it_is_started_with_its_code_its_properties_and_its_options(setup: Setup) -> None:
    assert setup.step() == STEP_SECONDS
    (submitted,) = setup.rest.submitted
    assert setup.rest.asked == [f"upload {NAME}.jar", "delete uploaded.jar"]
    assert (setup.directory / f"{NAME}.jar").read_text() == "assets/a.jar"
    assert (submitted.parallelism, submitted.restore_from) == (2, None)
    assert submitted.configuration == {
        "pipeline.name": NAME,
        "execution.checkpointing.interval": "10000 ms",
        "execution.checkpointing.min-pause": "5000 ms",
    }
    option, file = submitted.arguments
    assert option == "--properties"
    application, events = json.loads(Path(file).read_text())
    assert application == {"PropertyGroupId": "application", "PropertyMap": {"idle.seconds": "10"}}
    assert events["PropertyMap"]["aws.endpoint"] == "http://emulator"


def test_one_in_python_is_submitted_by_the_command_line(setup: Setup) -> None:
    found = detail()
    groups = found["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    groups.append({"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "main.py"}})
    assert setup.worker.step(Deployed.read(found)) == STEP_SECONDS
    ((code, program, submission),) = setup.client.submitted
    assert (code, code.read_text(), program) == (setup.directory / f"{NAME}.zip", "assets/a.jar", Program("main.py", None, ()))
    assert (submission.parallelism, submission.configuration["pipeline.name"]) == (2, NAME)
    assert (setup.rest.asked, setup.rest.submitted) == ([], [])


def test_it_is_started_once(setup: Setup) -> None:
    setup.step()
    setup.step()
    setup.again()
    setup.step()
    assert len(setup.rest.submitted) == 1
    assert setup.part["state"] == "running"


def test_what_is_refused_is_told_and_tried_again_under_the_same_id_after_a_longer_pause(setup: Setup) -> None:
    setup.rest.refusing = "ConfigurationException: property group 'events': key 'stream.arn' is missing"
    assert [setup.step(), setup.step()] == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS]
    assert setup.part["failing"] == {"job": f"Refused: {setup.rest.refusing}"}
    job = setup.part["job"]
    setup.rest.refusing = None
    assert setup.step() == STEP_SECONDS
    assert [submitted.job_id for submitted in setup.rest.submitted] == [job]
    setup.step()
    assert setup.part["failing"] == {}


def test_a_submission_that_was_taken_unheard_is_not_made_again(setup: Setup) -> None:
    setup.rest.refusing = "timed out"
    setup.step()
    setup.rest.states[setup.part["job"]] = "RUNNING"
    setup.step()
    assert setup.rest.submitted == []
    assert setup.part["state"] == "running"


def test_a_job_that_is_gone_begins_again_from_its_newest_whole_checkpoint(setup: Setup) -> None:
    setup.step()
    setup.checkpoint(9)
    newest = setup.checkpoint(10)
    setup.checkpoint(11, whole=False)
    setup.rest.states.clear()
    setup.step()
    first, second = setup.rest.submitted
    assert second.restore_from == newest
    assert second.job_id != first.job_id
    # Gone again before it had one of its own, it begins where it had begun.
    setup.rest.states.clear()
    setup.step()
    assert setup.rest.submitted[2].restore_from == newest


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_one_that_ended_against_the_will_of_its_application_begins_again(setup: Setup, state: str) -> None:
    setup.step()
    newest = setup.checkpoint(1)
    setup.rest.states[setup.rest.submitted[0].job_id] = state
    setup.step()
    assert setup.rest.submitted[1].restore_from == newest


def test_it_stops_with_its_application_and_goes_on_from_the_snapshot_made_then(setup: Setup) -> None:
    setup.step()
    job = setup.rest.submitted[0].job_id
    setup.step(ApplicationStatus="READY", Snapshots=["stop-1"])
    assert setup.rest.asked[-1] == f"stop {job}"
    assert (setup.part["state"], setup.part["job"]) == ("stopped", None)
    setup.again()
    setup.step(Snapshots=["stop-1"])
    assert setup.rest.submitted[1].restore_from == f"file:/savepoints/{job}"


def test_a_stop_by_force_makes_no_savepoint(setup: Setup) -> None:
    setup.step()
    setup.step(ApplicationStatus="READY")
    assert setup.rest.asked[-1] == f"cancel {setup.rest.submitted[0].job_id}"
    setup.step()
    assert setup.rest.submitted[1].restore_from is None


def test_an_update_restarts_it_from_a_snapshot(setup: Setup) -> None:
    setup.step()
    job = setup.rest.submitted[0].job_id
    setup.step(ApplicationVersionId=2, Snapshots=["update-2"])
    assert setup.rest.asked.index(f"stop {job}") > 0
    assert setup.rest.submitted[1].restore_from == f"file:/savepoints/{job}"


def test_a_snapshot_of_a_running_application_leaves_it_running(setup: Setup) -> None:
    setup.step()
    job = setup.rest.submitted[0].job_id
    setup.step(Snapshots=["mine"])
    setup.step(Snapshots=["mine"])
    assert setup.rest.asked.count(f"savepoint {job}") == 1
    assert setup.rest.states[job] == "RUNNING"


@pytest.mark.parametrize(
    ("restore", "begins"),
    [
        ({"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"}, "latest"),
        ({"ApplicationRestoreType": "SKIP_RESTORE_FROM_SNAPSHOT"}, None),
        ({"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "first"}, "first"),
    ],
)
def test_it_begins_where_it_is_asked_to(setup: Setup, restore: dict[str, str], begins: str | None) -> None:
    setup.step()
    first = setup.rest.submitted[0].job_id
    setup.step(ApplicationStatus="READY", Snapshots=["first"])
    setup.step(Snapshots=["first"])
    second = setup.rest.submitted[1].job_id
    setup.step(ApplicationStatus="READY", Snapshots=["first", "latest"])
    found = detail(Snapshots=["first", "latest"])
    found["ApplicationConfigurationDescription"]["RunConfigurationDescription"] = {
        "ApplicationRestoreConfigurationDescription": restore
    }
    setup.worker.step(Deployed.read(found))
    saved = {"first": f"file:/savepoints/{first}", "latest": f"file:/savepoints/{second}", None: None}
    assert setup.rest.submitted[2].restore_from == saved[begins]


def test_one_that_is_deleted_has_no_job(setup: Setup) -> None:
    setup.step()
    setup.worker.forget()
    assert setup.rest.states[setup.rest.submitted[0].job_id] == "CANCELED"
    setup.step()
    assert setup.rest.submitted[1].restore_from is None
