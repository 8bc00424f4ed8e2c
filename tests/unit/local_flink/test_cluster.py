"""The cluster listens on this machine alone, its processes have the sizes it is told, and its Java is one Flink runs on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from localrun.errors import LocalRunError
from localrun.flink import distribution
from localrun.flink.cluster import Cluster, configure, job_manager, settings, task_manager
from localrun.flink.distribution import Distribution, find_java
from localrun.java import Java


def cluster(directory: Path, *, lasting: bool = False) -> Cluster:
    return Cluster(Distribution(directory / "flink", Path("/jvm/bin/java")), directory / "run", 8_081, 6_123, 5, lasting)


def option(command: Sequence[str | Path], name: str) -> int:
    """The number in an option such as -Xmx768m."""
    (found,) = [match for part in command if (match := re.fullmatch(rf"{name}(\d+)m", str(part)))]
    return int(found[1])


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    said = settings(cluster(tmp_path))
    listening = {key: value for key, value in said.items() if key.endswith(("address", "host"))}
    assert set(listening.values()) == {"127.0.0.1"}
    assert {"rest.bind-address", "jobmanager.bind-host", "taskmanager.bind-host"} <= listening.keys()
    assert (said["rest.port"], said["rest.bind-port"], said["jobmanager.rpc.port"]) == (8_081, "8081", 6_123)
    assert said["taskmanager.numberOfTaskSlots"] == 5


def test_java_has_the_memory_flink_is_told_of(tmp_path: Path) -> None:
    said = settings(cluster(tmp_path))

    def mib(key: str) -> int:
        return int(str(said[f"taskmanager.memory.{key}"]).removesuffix("m"))

    command = task_manager(cluster(tmp_path))
    assert option(command, "-Xmx") == mib("framework.heap.size") + mib("task.heap.size")
    assert option(command, "-XX:MaxDirectMemorySize=") == (
        mib("framework.off-heap.size") + mib("task.off-heap.size") + mib("network.max")
    )
    assert option(command, "-XX:MaxMetaspaceSize=") == mib("jvm-metaspace.size")
    assert mib("network.min") == mib("network.max")
    total = sum(
        mib(key)
        for key in (
            *("framework.heap.size", "task.heap.size", "framework.off-heap.size", "task.off-heap.size", "network.max"),
            *("managed.size", "jvm-metaspace.size", "jvm-overhead.max"),
        )
    )
    assert total == 1_600


def test_the_tasks_of_one_that_lasts_have_the_second_compiler(tmp_path: Path) -> None:
    brief = "-XX:TieredStopAtLevel=1"
    assert brief in task_manager(cluster(tmp_path))
    assert brief not in task_manager(cluster(tmp_path, lasting=True))
    assert brief in job_manager(cluster(tmp_path, lasting=True))


def test_its_directory_is_empty_but_for_its_configuration(tmp_path: Path) -> None:
    made = cluster(tmp_path)
    (made.checkpoints / "of-a-run-before").mkdir(parents=True)
    configure(made)
    assert list(made.checkpoints.iterdir()) == []
    lines = (made.configuration / "config.yaml").read_text().splitlines()
    assert f'execution.checkpointing.dir: "{made.checkpoints.as_uri()}"' in lines
    assert 'execution.checkpointing.externalized-checkpoint-retention: "RETAIN_ON_CANCELLATION"' in lines


def test_flink_itself_is_last_on_the_classpath(tmp_path: Path) -> None:
    libraries = tmp_path / "flink" / "lib"
    libraries.mkdir(parents=True)
    for name in ("flink-dist-2.2.1.jar", "flink-cep-2.2.1.jar", "log4j-core.jar"):
        (libraries / name).touch()
    names = [Path(jar).name for jar in cluster(tmp_path).distribution.classpath().split(":")]
    assert names == ["flink-cep-2.2.1.jar", "log4j-core.jar", "flink-dist-2.2.1.jar"]


@pytest.mark.parametrize(("there", "chosen"), [([25, 21, 17], 17), ([21, 25], 21)])
def test_the_java_of_managed_flink_is_taken_first(monkeypatch: pytest.MonkeyPatch, there: list[int], chosen: int) -> None:
    offer(monkeypatch, there)
    assert find_java() == Path(f"/jvm/{chosen}")


def test_without_one_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, [25, 11])
    with pytest.raises(LocalRunError, match=r"Java 17 or 21, and this machine's is of version 11, 25; .*openjdk-17-jdk-headless"):
        find_java()


def offer(monkeypatch: pytest.MonkeyPatch, versions: list[int]) -> None:
    monkeypatch.setattr(distribution, "candidates", lambda: [Path(f"/jvm/{version}") for version in versions])
    monkeypatch.setattr(
        distribution, "inspect", lambda program: Java(program, int(program.name), frozenset(), segments_thai=False)
    )
