"""The Flink applications on a session cluster of this machine: alone, beside the floor of the same run, and in the pipeline."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from bench import windows
from flink import build
from localrun.demo.plan import Plan
from localrun.errors import LocalRunError
from localrun.flink import cluster, distribution
from localrun.paths import make_directory
from localrun.processes import ProcessGroups, free_ports
from localrun.supervisor import Pipeline
from localrun.tools import Tools, last_lines

#: A job's classes are its own, so that both compilers do all their work again: half of the time of 2,000,000 records.
RECORDS = 6_000_000
POINTS = 500_000
WARM_UP_RECORDS = 500_000
_SECONDS = 900.0
#: What two cores carry beside the applications; enough windows of a minute for a median.
PLAN = Plan(seconds=180, rate=1_000)


class FlinkReport(BaseModel):
    """`weir bench flink --json` writes exactly this. Records are events of about 0.8 KB; two cores share all work."""

    model_config = ConfigDict(frozen=True)

    records: int
    json_records_per_second: int
    """Made and decoded as JSON, and nothing else."""
    sql_records_per_second: int
    """Through all statements of `aggregates`."""
    sql_share_of_floor: float
    points: int
    """Of machines, with six measures each."""
    forest_points_per_second: int
    """Through `anomalies`, in two tasks with checkpoints; it learns a part of them."""
    forest_floor_per_second: int
    """Scored and all learnt by forests alone, in one thread."""
    windows: windows.WindowsReport


def run(records: int, report: Callable[[str], None]) -> FlinkReport:
    """Raises LocalRunError where the cluster or the pipeline does not start, or a benchmark fails."""
    floor, sql, forests = rates(records, report)
    with Pipeline(report=report, lasting=True) as running:
        found = windows.run(running.start(), PLAN, report=report, check=running.check)
        report("stopping")
    return FlinkReport(
        records=records,
        json_records_per_second=floor,
        sql_records_per_second=sql,
        sql_share_of_floor=round(sql / floor, 3),
        points=POINTS,
        forest_points_per_second=forests["points_per_second"],
        forest_floor_per_second=forests["floor_per_second"],
        windows=found,
    )


def rates(records: int, report: Callable[[str], None]) -> tuple[int, int, Mapping[str, int]]:
    """Records a second, decoded only and through SQL, and what is told of the forests, on a cluster of its own.

    Raises LocalRunError.
    """
    jars = build.build(build.Connector.local, report)
    with TemporaryDirectory(prefix="weir-bench-flink-") as scratch, ProcessGroups() as groups:
        directory = Path(scratch)
        tools = Tools(groups, make_directory(directory / "logs"), report)
        rest_port, rpc_port = free_ports(2)
        flink = cluster.Cluster(distribution.prepare(tools), directory / "cluster", rest_port, rpc_port, lasting=True)
        report("starting Flink")
        cluster.wait(cluster.start(flink, groups, tools.logs), flink)

        def rate(main: str) -> int:
            measure(flink, jars["aggregates"], main, WARM_UP_RECORDS)
            return measure(flink, jars["aggregates"], main, records)["records_per_second"]

        report(f"decoding {records:,} records")
        floor = rate("weir.flink.sql.BenchFloor")
        report(f"running {records:,} records through SQL")
        sql = rate("weir.flink.sql.Bench")
        report(f"scoring {POINTS:,} points")
        forests = measure(flink, jars["anomalies"], "weir.flink.anomalies.Bench", POINTS)
    return floor, sql, forests


def measure(flink: cluster.Cluster, jar: Path, main: str, count: int) -> Mapping[str, int]:
    """What one benchmark of an application tells, run as a job of the cluster. Raises LocalRunError."""
    done = subprocess.run(
        client(flink, jar, main, count),
        env={"PATH": "/usr/bin:/bin", "FLINK_CONF_DIR": str(flink.configuration)},
        cwd=flink.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not told:
        raise LocalRunError(f"the benchmark {main} failed:\n{last_lines(done.stdout)}")
    figures: Mapping[str, int] = json.loads(told[-1])
    return figures


def client(flink: cluster.Cluster, jar: Path, main: str, count: int) -> list[str]:
    """Flink's command line that submits a benchmark and waits for it: Apache Flink documentation, "Command-Line Interface"."""
    home = flink.distribution
    submit = ("run", "--jobmanager", f"{flink.endpoint.removeprefix('http://')}", "--parallelism", "2")
    code = ("--class", main, "--classpath", jar.as_uri(), str(jar.parent / build.BENCHMARKS / jar.name))
    temporary = f"-Djava.io.tmpdir={flink.directory / 'tmp'}"
    start = (*cluster.openings(), "-Xmx512m", temporary, "-cp", home.classpath(), "org.apache.flink.client.cli.CliFrontend")
    return [str(home.java), *start, *submit, *code, str(count)]
