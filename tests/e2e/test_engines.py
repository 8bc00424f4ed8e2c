"""The engines by themselves: the emulator corrected where it differs from AWS, a real node, and nothing left when they end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localrun import guard, java, opensearch
from localrun.aws import ACCOUNT
from localrun.paths import PYTHON_PATH, make_directory, run_dir
from localrun.processes import ProcessGroups, free_ports
from localrun.tools import Tools
from tests.e2e import emulator
from tests.e2e.emulator import Emulator

if TYPE_CHECKING:
    from mypy_boto3_firehose.type_defs import ExtendedS3DestinationConfigurationTypeDef

LARGE = 100_000
EVENT = {"text": "x" * LARGE, "odd": [None, 1e-7, '\\ " \n']}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"


@dataclass(frozen=True)
class Engines:
    groups: ProcessGroups
    emulator: Emulator
    search: str


def start_engines(groups: ProcessGroups, directory: Path) -> Engines:
    tools = Tools(groups, make_directory(directory), print)
    runtime = java.find_java(tools)
    http_port, transport_port = free_ports(2)
    node = opensearch.Node(opensearch.prepare(runtime, tools), directory / "opensearch", http_port, transport_port)
    starting = opensearch.start(node, runtime, groups, directory / "opensearch.log")
    aws = emulator.start(groups, directory, node.endpoint)
    opensearch.wait(starting, node)
    return Engines(groups, aws, node.endpoint)


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with ProcessGroups() as groups:
        yield start_engines(groups, run_dir() / "test-engines")


def test_direct_put_records_wait_until_they_are_drained_once(engines: Engines) -> None:
    firehose = engines.emulator.session.client("firehose")
    engines.emulator.session.client("s3").create_bucket(Bucket="backup")
    destination: ExtendedS3DestinationConfigurationTypeDef = {
        "BucketARN": "arn:aws:s3:::backup",
        "RoleARN": ROLE,
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
    }
    firehose.create_delivery_stream(
        DeliveryStreamName="direct", DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=destination
    )
    firehose.put_record(DeliveryStreamName="direct", Record={"Data": b"one"})
    firehose.put_record_batch(DeliveryStreamName="direct", Records=[{"Data": b"two"}])
    assert engines.emulator.session.client("s3").list_objects_v2(Bucket="backup")["KeyCount"] == 0
    drained = engines.emulator.get("/_weir/drain?name=direct", method="POST")
    assert [record["data"] for record in drained] == [b64encode(data).decode() for data in (b"one", b"two")]
    assert engines.emulator.get("/_weir/drain?name=direct", method="POST") == []
    deployed = next(delivery for delivery in engines.emulator.get("/_weir/deliveries") if delivery["Name"] == "direct")
    assert deployed["DestinationType"] == "ExtendedS3"
    assert deployed["Destination"] == destination


def test_an_alarm_of_metric_math_does_not_fail_the_stack(engines: Engines) -> None:
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "Metrics": [{"Id": "sum", "Expression": "a + b"}],
    }
    engines.emulator.deploy("alarm", {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}})


def test_a_function_for_another_python_is_refused(engines: Engines) -> None:
    other = "python3.13" if sys.version_info[:2] != (3, 13) else "python3.12"
    assert "functions: {python: host}" in engines.emulator.said(
        "from localrun.emulator import functions\nfrom ministack.core import lambda_runtime\n"
        f"functions.correct({sys.executable!r}, 'python{sys.version_info.major}.{sys.version_info.minor}')\n"
        f"try: lambda_runtime._detect_runtime_binary({other!r})\nexcept RuntimeError as error: print(error)",
    )


@pytest.fixture(scope="module")
def echo(engines: Engines) -> str:
    """A function that gives back its event."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("echo.py", "def handler(event, context): return event")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    engines.emulator.session.client("iam").create_role(RoleName="echo", AssumeRolePolicyDocument=document)
    runtime: Any = f"python{sys.version_info.major}.{sys.version_info.minor}"
    function = engines.emulator.session.client("lambda").create_function(
        FunctionName="echo",
        Runtime=runtime,
        Role=f"arn:aws:iam::{ACCOUNT}:role/echo",
        Handler="echo.handler",
        Code={"ZipFile": code.getvalue()},
    )
    return function["FunctionName"]


@pytest.mark.parametrize(
    "payload",
    [json.dumps(EVENT), json.dumps(EVENT, indent=1), json.dumps(EVENT | {"text": "é" * LARGE}, ensure_ascii=False)],
    ids=["one line of ASCII", "many lines", "not ASCII"],
)
def test_a_function_gets_a_large_event_as_it_was_sent(engines: Engines, echo: str, payload: str) -> None:
    answer = engines.emulator.session.client("lambda").invoke(FunctionName=echo, Payload=payload.encode())
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == json.loads(payload)


def test_the_emulator_ends_when_what_it_corrects_is_gone(engines: Engines) -> None:
    program = (
        "from localrun.emulator.layout import require\nfrom ministack.services import kinesis\nrequire(kinesis, '_no_such_name')"
    )
    done = engines.emulator.run(program)
    assert done.returncode == 1
    assert done.stderr == (
        "this MiniStack has no ministack.services.kinesis._no_such_name, "
        "which localrun/emulator corrects: review it for this version\n"
    )


def test_the_node_indexes_and_finds(engines: Engines) -> None:
    headers = {"content-type": "application/json"}
    document = urllib.request.Request(f"{engines.search}/test/_doc/1?refresh=true", b'{"user": "root"}', headers, method="PUT")
    with urllib.request.urlopen(document, timeout=10) as answer:
        assert answer.status == 201
    with urllib.request.urlopen(f"{engines.search}/test/_search?q=user:root", timeout=10) as answer:
        assert json.load(answer)["hits"]["total"]["value"] == 1


def test_killing_the_supervisor_leaves_no_process() -> None:
    """Starts engines in a process of its own, and kills that."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom localrun.processes import ProcessGroups\n"
        "from tests.e2e.test_engines import start_engines\n"
        f"groups = ProcessGroups().__enter__()\nstart_engines(groups, Path({str(run_dir() / 'test-killed')!r}))\n"
        "print('groups', *(process.pid for process in groups.running()), flush=True)\ntime.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": PYTHON_PATH}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        started = next(line for line in supervisor.stdout if line.startswith("groups"))
        groups = [int(word) for word in started.split()[1:]]
        assert len(groups) == 2
        assert all(guard.send(group, 0) for group in groups)
        supervisor.kill()
    deadline = time.monotonic() + 5
    waiting = threading.Event()
    while any(guard.send(group, 0) for group in groups):
        assert time.monotonic() < deadline, "an engine is still running"
        waiting.wait(0.05)


def test_stopping_takes_at_most_ten_seconds_and_leaves_no_process(engines: Engines) -> None:
    """Last of this file: the others use what it stops."""
    started = [process.pid for process in engines.groups.running()]
    assert len(started) == 2
    begin = time.monotonic()
    engines.groups.stop()
    assert time.monotonic() - begin < 10
    assert not any(guard.send(group, 0) for group in started)
