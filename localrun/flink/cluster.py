"""A Flink session cluster: one JobManager, and one TaskManager with the slots the applications need.

Both are started without the distribution's scripts, which take another Java process each to work out the sizes that are said
here. Options: Apache Flink documentation, "Configuration" and "Set up TaskManager Memory".
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localrun.flink.distribution import Distribution
from localrun.paths import make_directory
from localrun.processes import LOCALHOST, YIELDING, Process, ProcessGroups, wait_until_answering

JOB_MANAGER = "Flink JobManager"
TASK_MANAGER = "Flink TaskManager"
START_SECONDS = 120.0
#: Jobs to be, and one that is started while its predecessor still stops.
LEAST_SLOTS = 4

#: MiB. Applications keep their state in the heap here, and in RocksDB on AWS.
_HEAP_FRAMEWORK, _HEAP_TASKS = 128, 640
_DIRECT_FRAMEWORK, _NETWORK = 128, 64
#: SQL gathers its windows in it.
_MANAGED = 192
_METASPACE, _OVERHEAD = 256, 192
_JOB_MANAGER_HEAP, _JOB_MANAGER_DIRECT = 448, 128

#: The first compiler alone: half the CPU of a start, as with OpenSearch.
_BRIEF = ("-XX:TieredStopAtLevel=1",)

#: What Flink needs of Java 17's modules (Apache Flink documentation, "Java compatibility").
_EXPORTS = ("java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5")
_OPENS = tuple(
    f"java.base/{package}"
    for package in (
        *("java.lang", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.text", "java.time", "sun.nio.ch"),
        *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks"),
    )
)

_LOG = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} %X{flink-job-id} %m%n
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where one run's cluster keeps its files and listens."""

    distribution: Distribution
    directory: Path
    """Configuration, checkpoints, savepoints, temporary files; emptied at every start."""
    rest_port: int
    rpc_port: int
    slots: int = LEAST_SLOTS
    lasting: bool = False
    """It lives long enough to earn back what the second compiler costs."""

    @property
    def endpoint(self) -> str:
        return f"http://{LOCALHOST}:{self.rest_port}"

    @property
    def configuration(self) -> Path:
        return self.directory / "conf"

    @property
    def checkpoints(self) -> Path:
        return self.directory / "checkpoints"

    @property
    def savepoints(self) -> Path:
        return self.directory / "savepoints"


def settings(cluster: Cluster) -> dict[str, str | int]:
    """The cluster's configuration: only this machine reaches it, and what a job has saved stays when the job ends."""
    temporary = str(cluster.directory / "tmp")
    return {
        "jobmanager.rpc.address": LOCALHOST,
        "jobmanager.rpc.port": cluster.rpc_port,
        "jobmanager.bind-host": LOCALHOST,
        "taskmanager.host": LOCALHOST,
        "taskmanager.bind-host": LOCALHOST,
        "rest.address": LOCALHOST,
        "rest.bind-address": LOCALHOST,
        "rest.port": cluster.rest_port,
        "rest.bind-port": str(cluster.rest_port),
        "taskmanager.numberOfTaskSlots": cluster.slots,
        "taskmanager.cpu.cores": cluster.slots,
        "taskmanager.memory.framework.heap.size": f"{_HEAP_FRAMEWORK}m",
        "taskmanager.memory.task.heap.size": f"{_HEAP_TASKS}m",
        "taskmanager.memory.framework.off-heap.size": f"{_DIRECT_FRAMEWORK}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": f"{_NETWORK}m",
        "taskmanager.memory.network.max": f"{_NETWORK}m",
        "taskmanager.memory.managed.size": f"{_MANAGED}m",
        "taskmanager.memory.jvm-metaspace.size": f"{_METASPACE}m",
        "taskmanager.memory.jvm-overhead.min": f"{_OVERHEAD}m",
        "taskmanager.memory.jvm-overhead.max": f"{_OVERHEAD}m",
        "io.tmp.dirs": temporary,
        "web.tmpdir": temporary,
        # A process that starts on a busy machine answers later than Flink's 10 s.
        "pekko.ask.timeout": "30 s",
        # A killed TaskManager is noticed when two calls do not reach it, a JobManager by its silence.
        "heartbeat.interval": "1 s",
        "heartbeat.timeout": "20 s",
        # One whose JobManager is gone looks for the next one at once.
        "cluster.registration.max-timeout": "1 s",
        "cluster.registration.error-delay": "500 ms",
        "cluster.registration.refused-registration-delay": "500 ms",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "500 ms",
        "restart-strategy.exponential-delay.max-backoff": "10 s",
        "state.backend.type": "hashmap",
        "execution.checkpointing.dir": cluster.checkpoints.as_uri(),
        "execution.checkpointing.savepoint-dir": cluster.savepoints.as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        # Figures that are shown are at most so old.
        "metrics.fetcher.update-interval": "2 s",
    }


def configure(cluster: Cluster) -> None:
    """Empty the cluster's directory and write its configuration."""
    shutil.rmtree(cluster.directory, ignore_errors=True)
    for directory in (cluster.configuration, cluster.checkpoints, cluster.savepoints, cluster.directory / "tmp"):
        make_directory(directory)
    lines = (f"{key}: {json.dumps(value)}\n" for key, value in settings(cluster).items())
    (cluster.configuration / "config.yaml").write_text("".join(lines))
    (cluster.configuration / "log4j.properties").write_text(_LOG)


def job_manager(cluster: Cluster) -> Sequence[str | Path]:
    """Its command line."""
    memory = (f"-Xmx{_JOB_MANAGER_HEAP}m", f"-XX:MaxDirectMemorySize={_JOB_MANAGER_DIRECT}m")
    # It plans each job once, and has little to do then.
    return _command(cluster, memory, "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", brief=True)


def task_manager(cluster: Cluster) -> Sequence[str | Path]:
    """Its command line."""
    memory = (f"-Xmx{_HEAP_FRAMEWORK + _HEAP_TASKS}m", f"-XX:MaxDirectMemorySize={_DIRECT_FRAMEWORK + _NETWORK}m")
    return _command(cluster, memory, "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", brief=not cluster.lasting)


def _command(cluster: Cluster, memory: Sequence[str], main: str, *, brief: bool) -> Sequence[str | Path]:
    distribution = cluster.distribution
    return [
        distribution.java,
        *memory,
        f"-XX:MaxMetaspaceSize={_METASPACE}m",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        *(_BRIEF if brief else ()),
        *openings(),
        f"-Dlog4j.configurationFile={cluster.configuration / 'log4j.properties'}",
        f"-Djava.io.tmpdir={cluster.directory / 'tmp'}",
        "-cp",
        distribution.classpath(),
        main,
        "--configDir",
        cluster.configuration,
    ]


def openings() -> Sequence[str]:
    """Java's options that open its modules to Flink."""
    return [
        *(f"--add-exports={package}=ALL-UNNAMED" for package in _EXPORTS),
        *(f"--add-opens={package}=ALL-UNNAMED" for package in _OPENS),
    ]


@dataclass(frozen=True, slots=True)
class Started:
    """The cluster's processes."""

    job_manager: Process
    task_manager: Process


def start(cluster: Cluster, groups: ProcessGroups, logs: Path) -> Started:
    """Start both and return at once; `wait` says when the cluster takes jobs. Raises LocalRunError."""
    configure(cluster)
    # Nothing of this machine's own settings for AWS or proxies: applications are told all they need.
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cluster.directory), "LANG": "C.UTF-8", "TZ": "UTC"}

    def launch(name: str, command: Sequence[str | Path], log: str) -> Process:
        # The pipeline's events go before what is made of them.
        return groups.start(name, command, log=logs / log, env=environment, cwd=cluster.directory, nice=YIELDING)

    return Started(
        launch(JOB_MANAGER, job_manager(cluster), "flink_jobmanager.log"),
        launch(TASK_MANAGER, task_manager(cluster), "flink_taskmanager.log"),
    )


def wait(started: Started, cluster: Cluster) -> float:
    """Wait until the cluster has its slots; returns the seconds it took. Raises LocalRunError."""

    def has_slots(status: int, body: bytes) -> bool:
        started.task_manager.raise_if_ended()
        return status == 200 and json.loads(body)["slots-total"] >= cluster.slots

    return wait_until_answering(started.job_manager, f"{cluster.endpoint}/overview", START_SECONDS, has_slots)
