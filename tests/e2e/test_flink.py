"""Applications on the local Flink cluster: as deployed, with their roles' permissions, and nothing lost when something ends."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from localrun.flink.cluster import JOB_MANAGER, TASK_MANAGER
from localrun.paths import run_dir
from tests.e2e.flink_run import APPLICATION, FORESTS, PATIENCE, PYTHON, FlinkRun, started
from tests.e2e.index import wait_for

EVENTS = 1_500


@pytest.fixture(scope="module")
def flink() -> Iterator[FlinkRun]:
    with started(run_dir() / "test-flink") as run:
        run.deploy(APPLICATION)
        start(run)
        yield run


def service(run: FlinkRun) -> Any:
    return run.session.client("kinesisanalyticsv2")


def start(run: FlinkRun, application: str = APPLICATION) -> None:
    service(run).start_application(ApplicationName=application, RunConfiguration={})
    run.wait_for_state("running", application)


def all_counted_once(run: FlinkRun, tenant: str, events: int) -> None:
    """Every event is in its window, and no window was written twice with different counts."""
    run.flush()
    assert wait_for(lambda: run.counted(tenant), lambda found: found[0] >= events, PATIENCE) == (events, 0)


def some_counted(run: FlinkRun, tenant: str) -> None:
    wait_for(lambda: run.counted(tenant)[0], lambda found: found > 0, PATIENCE)


def test_an_application_counts_what_comes_with_its_own_settings_and_permissions(flink: FlinkRun) -> None:
    flink.send("plain", EVENTS)
    all_counted_once(flink, "plain", EVENTS)
    part = wait_for(flink.part, lambda part: part.get("records_in", 0) >= EVENTS, PATIENCE)
    assert (part["status"], part["state"], part["parallelism"], part["late"]) == ("RUNNING", "running", 1, 0)


def test_a_task_manager_that_is_killed_loses_nothing(flink: FlinkRun) -> None:
    flink.send("killed", EVENTS)
    some_counted(flink, "killed")
    killed = flink.process(TASK_MANAGER)
    os.kill(killed.pid, signal.SIGKILL)
    killed.popen.wait()
    flink.send("killed", EVENTS)
    flink.groups.restart(killed)
    all_counted_once(flink, "killed", 2 * EVENTS)
    flink.wait_for_state("running")


def test_a_job_goes_on_from_its_last_checkpoint_when_the_job_manager_is_killed(flink: FlinkRun) -> None:
    flink.send("orphaned", EVENTS)
    some_counted(flink, "orphaned")
    before = flink.part()["job"]
    killed = flink.process(JOB_MANAGER)
    os.kill(killed.pid, signal.SIGKILL)
    killed.popen.wait()
    flink.groups.restart(killed)
    flink.send("orphaned", EVENTS)
    all_counted_once(flink, "orphaned", 2 * EVENTS)
    wait_for(flink.part, lambda part: part.get("state") == "running" and part["job"] != before, PATIENCE)


def test_an_application_that_is_stopped_goes_on_from_its_snapshot(flink: FlinkRun) -> None:
    flink.send("stopped", EVENTS)
    some_counted(flink, "stopped")
    service(flink).stop_application(ApplicationName=APPLICATION)
    flink.wait_for_state("stopped")
    flink.send("stopped", EVENTS)
    start(flink)
    all_counted_once(flink, "stopped", 2 * EVENTS)


def test_an_application_in_python_runs_as_the_others_and_goes_on_from_its_snapshot(flink: FlinkRun) -> None:
    flink.deploy(PYTHON, of="business")
    start(flink, PYTHON)
    flink.pay("paying", EVENTS)
    wait_for(lambda: flink.part(PYTHON), lambda part: part.get("records_in", 0) >= EVENTS, PATIENCE)
    service(flink).stop_application(ApplicationName=PYTHON)
    flink.wait_for_state("stopped", PYTHON)
    flink.pay("paying", EVENTS)
    start(flink, PYTHON)
    flink.flush(90_000)
    found = wait_for(lambda: flink.counted("paying", "payments_1m"), lambda found: found[0] >= 2 * EVENTS, PATIENCE)
    assert found == (2 * EVENTS, 0)


def test_a_machine_that_runs_hot_is_found_once_by_what_was_learned_before_a_stop(flink: FlinkRun) -> None:
    usual = random.Random(1)
    readings = [60 + usual.gauss() for _ in range(170)]
    readings[100] = readings[150] = 95.0
    flink.deploy(FORESTS, of="anomalies")
    start(flink, FORESTS)
    ids = flink.measure("press", readings[:120])
    wait_for(lambda: flink.found("press"), bool, PATIENCE)
    service(flink).stop_application(ApplicationName=FORESTS)
    flink.wait_for_state("stopped", FORESTS)
    # Fewer than anything is told of a machine after that is new.
    ids += flink.measure("press", readings[120:])
    start(flink, FORESTS)
    wait_for(lambda: flink.found("press"), lambda found: len(found) > 1, PATIENCE)
    assert sorted(
        (finding["rule"]["id"], finding["weir"]["finding"]["evidence"], finding["weir"]["finding"]["actual"])
        for finding in flink.found("press")
    ) == [("anomaly-outlier", [ids[hot]], {"temperature_c": 95.0}) for hot in (100, 150)]


def test_a_missing_grant_shows_and_ends_with_its_application(flink: FlinkRun) -> None:
    name = "weir-test-denied"
    flink.deploy(name, writes=False)
    service(flink).start_application(ApplicationName=name, RunConfiguration={})
    flink.send("denied", 100)

    def part() -> dict[str, Any]:
        # Again: a checkpoint has windows and no watermark, so that after a restart they close with what comes then.
        flink.flush()
        return flink.part(name)

    denied = wait_for(part, lambda part: "AccessDenied" in str(part.get("failing")), PATIENCE)
    assert "kinesis:PutRecords" in denied["failing"]["job"]
    created = service(flink).describe_application(ApplicationName=name)["ApplicationDetail"]["CreateTimestamp"]
    service(flink).delete_application(ApplicationName=name, CreateTimestamp=created)
    flink.wait_for_state("deleted", name)
