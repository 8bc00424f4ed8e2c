"""What is read of an application's description."""

from __future__ import annotations

from typing import Any

import pytest

from localrun.flink.deployed import Code, Deployed, Program, Unsupported
from tests.unit.local_flink.fakes import NAME, ROLE, detail


def test_an_application_is_read_as_it_is_deployed() -> None:
    assert Deployed.read(detail(Snapshots=["one", "two"])) == Deployed(
        name=NAME,
        version=1,
        status="RUNNING",
        role_arn=ROLE,
        code=Code("assets", "a.jar"),
        program=None,
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


def python(**options: str) -> dict[str, Any]:
    found = detail()
    groups = found["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    groups.append({"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": options})
    return found


def test_one_in_python_says_what_of_its_zip_is_run() -> None:
    whole = python(python="main.py", jarfile="lib/a.jar", pyFiles="lib/b.zip,lib/c.zip")
    assert Deployed.read(whole).program == Program("main.py", "lib/a.jar", ("lib/b.zip", "lib/c.zip"))
    assert Deployed.read(python(python="main.py")).program == Program("main.py", None, ())


def test_archives_for_functions_in_python_are_refused() -> None:
    with pytest.raises(Unsupported, match="pyArchives is for functions in Python"):
        Deployed.read(python(python="main.py", pyArchives="model.zip"))
