"""A Flink cluster and its worker on an emulator of their own, with an application deployed there; and traffic to count."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from components.flink_code import RUN_OPTIONS, run_options
from config.parts.analytics import Aggregates, Anomalies, Business, FlinkApplication
from config.parts.flink_settings import AggregateSettings, AnomalySettings, BusinessSettings, properties
from flink import build
from localrun import embedded_aws
from localrun.aws import ACCOUNT, REGION, program_environment, session
from localrun.flink import cluster, distribution
from localrun.paths import PROJECT, PYTHON_PATH, make_directory
from localrun.processes import LOCALHOST, Process, ProcessGroups, free_ports
from localrun.supervisor import fresh
from localrun.tools import Tools
from tests.e2e.index import wait_for

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

APPLICATION, PYTHON, ANOMALIES = "weir-test-aggregates", "weir-test-business", "weir-test-anomalies"
STREAMS = {"events": 2, "metrics": 1, "findings": 1, "errors": 1}
TABLE, BUCKET = "master-data", "flink-code"
KEYS = {"aggregates": "aggregates.jar", "anomalies": "anomalies.jar", "business": "business.zip"}
#: Points of a machine after which one may be anomalous.
WARM_UP = 60
#: A shard that is read later than another must not be taken for idle: what it has would be late.
APPLICATIONS: Mapping[str, FlinkApplication] = {
    "aggregates": Aggregates(settings=AggregateSettings(idle_seconds=600)),
    "anomalies": Anomalies(settings=AnomalySettings(idle_seconds=600, warm_up_points=WARM_UP)),
    "business": Business(settings=BusinessSettings(idle_seconds=600)),
}
#: Of event time: between two events, and what closes every window before it.
STEP_MS, FLUSH_MS = 10, 30_000
#: Of event time, between two measurements of a machine.
MEASURED_MS = 10_000
START = datetime(2026, 3, 1, tzinfo=UTC)
#: A busy machine of two cores takes a while to plan SQL.
PATIENCE = 180.0

_READ = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
    "kinesis:GetShardIterator",
    "kinesis:GetRecords",
]
_WRITE = ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecord", "kinesis:PutRecords"]


@dataclass
class FlinkRun:
    groups: ProcessGroups
    aws: str
    state: Path
    sent_until_ms: int = field(default=int(START.timestamp() * 1_000))
    """Event time goes on from test to test, or what a later one sends would be late."""

    @property
    def session(self) -> boto3.Session:
        return session(self.aws)

    def process(self, name: str) -> Process:
        return next(process for process in self.groups.running() if process.name == name)

    def part(self, application: str = APPLICATION) -> dict[str, Any]:
        """What the worker's status says of an application."""
        file = self.state / "status.json"
        found: dict[str, Any] = json.loads(file.read_text())["parts"].get(application, {}) if file.exists() else {}
        return found

    def wait_for_state(self, state: str, application: str = APPLICATION) -> dict[str, Any]:
        def there(part: dict[str, Any]) -> bool:
            return part.get("state") == state and not part["failing"]

        return wait_for(lambda: self.part(application), there, PATIENCE)

    def send(self, tenant: str, count: int) -> None:
        """Put `count` events of a tenant on the stream, and what closes their windows is yet to come."""
        self._put([self._event(tenant, number) for number in range(count)])

    def pay(self, tenant: str, count: int) -> None:
        """Put `count` payments of a tenant on the stream."""
        self._put([self._event(tenant, number, "business.payment", "payment.authorised") for number in range(count)])

    def measure(self, machine: str, temperatures: Iterable[float]) -> list[str]:
        """Put what was measured of a machine on the stream, and what scores the last of it: each shard gets a later measurement,
        of machines that have few. Gives the ids of the events."""
        events = [self._measurement(machine, temperature, MEASURED_MS) for temperature in temperatures]
        self._put(events, machine)
        self._later(MEASURED_MS)
        self._put([self._measurement(f"{machine}-later-{number}", 60, STEP_MS) for number in range(20)])
        return [json.loads(event)["event"]["id"] for event in events]

    def findings(self, application: str) -> set[tuple[str, str, tuple[str, ...], float, float]]:
        """What an application found of machines, each once: rule, key, evidence, temperature expected and measured."""
        found = set()
        for record in records(self.session.client("kinesis"), "findings"):
            finding = record["weir"]["finding"]
            if finding["application"] == application:
                temperatures = (finding[name].get("temperature_c", 0.0) for name in ("expected", "actual"))
                found.add((record["rule"]["id"], finding["key"], tuple(finding["evidence"]), *temperatures))
        return found

    def flush(self, ms: int = FLUSH_MS) -> None:
        """Close the windows of all that was sent: each shard gets a later event."""
        self.sent_until_ms += ms
        self._put([self._event("later", number) for number in range(20)])

    def counted(self, tenant: str, name: str = "service_10s") -> tuple[int, int]:
        """Of the windows of a tenant: the events they count, each window once; and windows written with other counts."""
        kinesis = self.session.client("kinesis")
        windows: dict[str, set[int]] = {}
        for record in records(kinesis, "metrics"):
            metric = record["weir"]["metric"]
            if record["tenant"] == tenant and metric["name"] == name:
                windows.setdefault(record["event"]["id"], set()).add(metric["count"])
        return sum(max(counts) for counts in windows.values()), sum(len(counts) > 1 for counts in windows.values())

    def _measurement(self, machine: str, temperature: float, ms: int) -> bytes:
        at = self._later(ms)
        event = {"id": f"{machine}-{self.sent_until_ms}", "dataset": "machine.measurement", "ingested": at, "kind": "metric"}
        measured = {"component": "spindle", "temperature_c": temperature}
        return json.dumps(
            {"@timestamp": at, "event": event, "tenant": "plant", "device": {"id": machine}, "machine": measured}
        ).encode()

    def _later(self, ms: int) -> str:
        self.sent_until_ms += ms
        return datetime.fromtimestamp(self.sent_until_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _event(self, tenant: str, number: int, dataset: str = "app", action: str = "use") -> bytes:
        at = self._later(STEP_MS)
        event = {"id": f"{tenant}-{self.sent_until_ms}", "dataset": dataset, "action": action, "ingested": at, "kind": "event"}
        return json.dumps({"@timestamp": at, "event": event, "tenant": tenant, "service": {"name": f"s{number % 3}"}}).encode()

    def _put(self, events: list[bytes], key: str | None = None) -> None:
        """With a partition key they are on one shard, in order."""
        kinesis = self.session.client("kinesis")
        for first in range(0, len(events), 500):
            batch: list[PutRecordsRequestEntryTypeDef] = [
                {"Data": event, "PartitionKey": key or str(number)} for number, event in enumerate(events[first : first + 500])
            ]
            assert kinesis.put_records(StreamName="events", Records=batch)["FailedRecordCount"] == 0

    def deploy(self, application: str, *, of: str = "aggregates", writes: bool = True) -> None:
        """Create an application `of` this code, which does not run yet; without a right to write, `writes` says."""
        key, model = KEYS[of], APPLICATIONS[of]
        role = self._role(application, of, writes=writes)
        reading = {"source.init.position": "TRIM_HORIZON", "source.reader.type": "POLLING"}
        groups: dict[str, Mapping[str, str]] = {
            "application": properties(model.settings),
            "master": {"table.name": TABLE, "aws.region": REGION, "refresh.seconds": "60"},
            **{stream: {"stream.arn": arn(stream), "aws.region": REGION} for stream in (*model.writes, "errors")},
            **{stream: {"stream.arn": arn(stream), "aws.region": REGION, **reading} for stream in model.reads},
        }
        if run_options(of):
            groups[RUN_OPTIONS] = run_options(of)
        self.session.client("kinesisanalyticsv2").create_application(  # type: ignore[call-overload, unused-ignore]
            ApplicationName=application,
            RuntimeEnvironment="FLINK-2_2",
            ServiceExecutionRole=role,
            ApplicationConfiguration={
                "ApplicationCodeConfiguration": {
                    "CodeContentType": "ZIPFILE",
                    "CodeContent": {"S3ContentLocation": {"BucketARN": f"arn:aws:s3:::{BUCKET}", "FileKey": key}},
                },
                "ApplicationSnapshotConfiguration": {"SnapshotsEnabled": True},
                "EnvironmentProperties": {
                    "PropertyGroups": [{"PropertyGroupId": name, "PropertyMap": dict(values)} for name, values in groups.items()]
                },
                "FlinkApplicationConfiguration": {
                    "CheckpointConfiguration": {
                        "ConfigurationType": "CUSTOM",
                        "CheckpointingEnabled": True,
                        "CheckpointInterval": 2_000,
                        "MinPauseBetweenCheckpoints": 500,
                    },
                    "ParallelismConfiguration": {
                        "ConfigurationType": "CUSTOM",
                        "Parallelism": 1,
                        "ParallelismPerKPU": 1,
                        "AutoScalingEnabled": False,
                    },
                },
            },
        )

    def _role(self, application: str, of: str, *, writes: bool) -> str:
        iam = self.session.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "kinesisanalytics.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=application, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        statements = [
            {"Effect": "Allow", "Action": _READ, "Resource": [arn(stream) for stream in APPLICATIONS[of].reads]},
            {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"},
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{BUCKET}/{KEYS[of]}"},
        ]
        if writes:
            sinks = [arn(stream) for stream in (*APPLICATIONS[of].writes, "errors")]
            statements.append({"Effect": "Allow", "Action": _WRITE, "Resource": sinks})
        iam.put_role_policy(RoleName=application, PolicyName="run", PolicyDocument=policy(*statements))
        return role


def arn(stream: str) -> str:
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def records(kinesis: Any, stream: str) -> Iterator[dict[str, Any]]:
    """Everything on a stream so far."""
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        where = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
        while found := (answer := kinesis.get_records(ShardIterator=iterator))["Records"]:
            yield from (json.loads(record["Data"]) for record in found)
            iterator = answer["NextShardIterator"]


@contextmanager
def started(directory: Path) -> Iterator[FlinkRun]:
    """Emulator, cluster and worker, with the application's code, streams and table; ended with the block."""
    with ProcessGroups() as groups:
        tools = Tools(groups, make_directory(directory), print)
        port, rest_port, rpc_port = free_ports(3)
        flink = cluster.Cluster(distribution.prepare(tools), directory / "cluster", rest_port, rpc_port)
        starting = cluster.start(flink, groups, directory)
        built = build.build(build.Connector.local, print)
        emulator = embedded_aws.Emulator(embedded_aws.prepare(tools), port, directory / "emulator", f"http://{LOCALHOST}:9")
        embedded_aws.start(emulator, groups, directory / "emulator.log")
        aws = session(emulator.endpoint)
        for name, shards in STREAMS.items():
            aws.client("kinesis").create_stream(StreamName=name, ShardCount=shards)
        aws.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.client("s3").create_bucket(Bucket=BUCKET)
        for name, key in KEYS.items():
            aws.client("s3").upload_file(str(built[name]), BUCKET, key)
        state = fresh(directory / "worker")
        groups.start(
            "flink",
            (
                *(sys.executable, "-m", "localrun.flink", "--endpoint", emulator.endpoint, "--cluster", flink.endpoint),
                *("--distribution", flink.distribution.home, "--java", flink.distribution.java),
                *("--checkpoints", flink.checkpoints, "--state", state),
            ),
            log=directory / "flink.log",
            env=program_environment(emulator.endpoint) | {"PYTHONPATH": PYTHON_PATH},
            cwd=PROJECT,
        )
        cluster.wait(starting, flink)
        yield FlinkRun(groups, emulator.endpoint, state)
