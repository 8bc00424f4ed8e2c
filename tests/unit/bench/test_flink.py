"""A benchmark of a Flink application is a job of the cluster, and its figure is what it says last."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import flink
from flink.build import BENCHMARKS
from localrun.errors import LocalRunError
from localrun.flink.cluster import Cluster
from localrun.flink.distribution import Distribution


def cluster(directory: Path, says: str) -> Cluster:
    """With a Java that writes what it is called with to a file, and then says something."""
    java = directory / "java"
    java.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {directory / 'called'}\n{says}\n")
    java.chmod(0o755)
    return Cluster(Distribution(directory / "flink", java), directory, 8_081, 6_123)


def test_it_is_submitted_with_the_application_beside_it(tmp_path: Path) -> None:
    said = """echo 'Job has been submitted'; echo '{"records": 7, "records_per_second": 1234}'"""
    jar = tmp_path / "aggregates.jar"
    assert flink.measure(cluster(tmp_path, said), jar, "weir.flink.sql.Bench", 7)["records_per_second"] == 1_234
    called = (tmp_path / "called").read_text().splitlines()
    assert called[called.index("run") :] == [
        *("run", "--jobmanager", "127.0.0.1:8081", "--parallelism", "2", "--class", "weir.flink.sql.Bench"),
        *("--classpath", jar.as_uri(), str(tmp_path / BENCHMARKS / "aggregates.jar"), "7"),
    ]


@pytest.mark.parametrize("says", ["echo 'no such class'; exit 1", "echo 'no such class'"])
def test_one_that_fails_says_why(tmp_path: Path, says: str) -> None:
    with pytest.raises(LocalRunError, match=r"the benchmark weir\.flink\.sql\.Bench failed:\nno such class"):
        flink.measure(cluster(tmp_path, says), tmp_path / "a.jar", "weir.flink.sql.Bench", 7)
