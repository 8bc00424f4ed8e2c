"""What is read of an application's description."""

from __future__ import annotations

import pytest

from localrun.flink.deployed import Code, Deployed, Unsupported
from tests.unit.local_flink.fakes import NAME, ROLE, detail


def test_an_application_is_read_as_it_is_deployed() -> None:
    assert Deployed.read(detail(Snapshots=["one", "two"])) == Deployed(
        name=NAME,
        version=1,
        status="RUNNING",
        role_arn=ROLE,
        code=Code("assets", "a.jar"),
        groups={
            "application": {"idle.seconds": "10"},
            "events": {"stream.arn": "arn:…:stream/events", "aws.region": "us-east-1"},
        },
        parallelism=2,
        checkpoint_seconds=10.0,
        checkpoint_pause_seconds=5.0,
        restore=None,
        snapshot=None,
        snapshots=("one", "two"),
        allow_non_restored_state=False,
    )


@pytest.mark.parametrize(
    ("status", "runs"),
    [("READY", False), ("STOPPING", False), ("FORCE_STOPPING", False), ("STARTING", True), ("RUNNING", True), ("UPDATING", True)],
)
def test_its_status_says_whether_it_has_a_job(status: str, runs: bool) -> None:
    assert Deployed.read(detail(ApplicationStatus=status)).runs is runs


def test_one_without_checkpoints_has_none() -> None:
    found = detail()
    flink = found["ApplicationConfigurationDescription"]["FlinkApplicationConfigurationDescription"]
    flink["CheckpointConfigurationDescription"]["CheckpointingEnabled"] = False
    assert Deployed.read(found).checkpoint_seconds is None


def test_code_that_is_not_in_s3_is_refused() -> None:
    found = detail()
    del found["ApplicationConfigurationDescription"]["ApplicationCodeConfigurationDescription"]
    with pytest.raises(Unsupported, match="its code is not in S3"):
        Deployed.read(found)


def test_python_is_refused() -> None:
    found = detail()
    groups = found["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    groups.append({"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "main.py"}})
    with pytest.raises(Unsupported, match="in Python"):
        Deployed.read(found)
