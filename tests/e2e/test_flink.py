"""Applications on the local Flink cluster: as deployed, with their roles' permissions, and nothing lost when something ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from localrun.flink.cluster import JOB_MANAGER, TASK_MANAGER
from localrun.paths import run_dir
from tests.e2e.flink_run import ANOMALIES, APPLICATION, PATIENCE, PYTHON, WARM_UP, FlinkRun, started
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


def test_anomalies_finds_what_fails_also_after_it_was_stopped(flink: FlinkRun) -> None:
    usual = Random(1)
    flink.deploy(ANOMALIES, of="anomalies")
    start(flink, ANOMALIES)

    def failing_after(points: int) -> tuple[str, str, tuple[str, ...]]:
        """Has a machine fail after some usual measurements, and gives what has to be found."""
        ids = flink.measure("m-1", [*(usual.gauss(60, 1) for _ in range(points)), 95.0])
        return "anomaly-outlier", "machine.measurement/m-1/spindle", (ids[-1],)

    def found(*expected: tuple[str, str, tuple[str, ...]]) -> None:
        findings = wait_for(lambda: flink.findings("anomalies"), lambda found: len(found) >= len(expected), PATIENCE)
        assert {finding[:3] for finding in findings} == set(expected)
        assert all(58 < before < 62 and measured == 95 for *_, before, measured in findings)

    first = failing_after(WARM_UP + 20)
    found(first)
    service(flink).stop_application(ApplicationName=ANOMALIES)
    flink.wait_for_state("stopped", ANOMALIES)
    # Too few to warm up once more: what it finds, it finds by what it knew before.
    second = failing_after(WARM_UP // 2)
    start(flink, ANOMALIES)
    found(first, second)


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
