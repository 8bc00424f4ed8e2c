"""Flink behind its Python gateway, and the application there over streams in memory: how it is set, reads and writes.

`WEIR_FLINK_JARS` names the jars of the tables and of the streams; `python -m flink` sets it.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyflink
import pytest
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.util.java_utils import to_jarray

from business.application import define
from gateway_tests.records import Event, Written
from localrun.flink.cluster import openings
from localrun.flink.distribution import Distribution, find_java

STREAMS = ("events", "metrics", "findings", "errors")
#: As they are deployed.
SETTINGS: dict[str, str | None] = {
    "out-of-orderness.seconds": "2",
    "idle.seconds": "10",
    "duplicates.seconds": "120",
    "future.seconds": "2",
    "stock.window.seconds": "3600",
    "stock.least-withdrawals": "5",
    "stock.minutes-left": "60",
    "amount.history.seconds": "604800",
    "amount.least-payments": "5",
    "amount.deviations": "4",
    "velocity.payments": "10",
    "velocity.seconds": "600",
    "country.seconds": "3600",
}
#: Nothing listens there: what cannot be read leaves rows as they are.
NOWHERE = "http://127.0.0.1:9"

START_SECONDS = 60.0
_CLASS = "org.apache.flink.client.python.PythonGatewayServer"

#: Java's property groups as they are deployed, with changes by group; a key that is None is missing.
Groups = Callable[..., Any]
#: Runs the application over the shards of `events`, to their end, with changes of its property groups.
Run = Callable[..., Written]


@contextmanager
def _connected(directory: Path) -> Iterator[Any]:
    """The JVM, as Flink's gateway shows it. Flink's own start of it needs more than is installed, and takes no jars."""
    home = Path(pyflink.__file__).parent
    answer, log = directory / "port", directory / "log"
    distribution = Distribution(home, find_java())
    jars = f"{distribution.python_classpath()}:{os.environ['WEIR_FLINK_JARS']}"
    memory = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [distribution.java, *memory, f"-Djava.io.tmpdir={directory}", *openings(), "-cp", jars, _CLASS],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "_PYFLINK_CONN_INFO_PATH": str(answer), "FLINK_CONF_DIR": str(home / "conf"), "TZ": "UTC"},
            cwd=directory,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answer.exists() or answer.stat().st_size < 4:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Flink's gateway did not start:\n{log.read_text()}")
            time.sleep(0.05)
        os.environ["PYFLINK_GATEWAY_PORT"] = str(struct.unpack("!I", answer.read_bytes()[:4])[0])
        # Without workers in Python, which no statement needs, and which need what is not installed.
        os.environ["_python_worker_execution_mode"] = "process"  # noqa: SIM112  (its own name for it)
        from pyflink.java_gateway import get_gateway

        gateway = get_gateway()
        try:
            yield gateway.jvm
        finally:
            gateway.shutdown()
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with _connected(tmp_path_factory.mktemp("gateway")) as jvm:
        yield jvm


@pytest.fixture
def groups(java: Any, tmp_path: Path) -> Groups:
    def load(**changes: Mapping[str, str | None]) -> Any:
        deployed: dict[str, dict[str, str | None]] = {
            **{name: {"stream.arn": f"arn:aws:kinesis:eu-central-1:111122223333:stream/{name}"} for name in STREAMS},
            "master": {"table.name": "master", "aws.region": "eu-central-1", "refresh.seconds": "300", "aws.endpoint": NOWHERE},
            "application": {**SETTINGS},
        }
        for group, values in changes.items():
            deployed[group] |= values
        file = tmp_path / "application_properties.json"
        file.write_text(
            json.dumps(
                [
                    {"PropertyGroupId": name, "PropertyMap": {key: value for key, value in values.items() if value is not None}}
                    for name, values in deployed.items()
                ]
            )
        )
        return java.weir.flink.streams.PropertyGroups.load(to_jarray(java.String, ["--properties", str(file)]))

    return load


@pytest.fixture
def run(java: Any, groups: Groups) -> Run:
    def over(*shards: Iterable[Event | bytes], **changes: Mapping[str, str | None]) -> Written:
        streams = java.weir.flink.streams.testing.MemoryStreams()
        try:
            streams.create("events", len(shards))
            for number, records in enumerate(shards):
                for record in records:
                    streams.put("events", number, "key", record if isinstance(record, bytes) else json.dumps(record).encode())
            streams.end("events")
            job = StreamExecutionEnvironment.get_execution_environment()
            job.set_parallelism(2)
            define(job, groups(**changes), streams)
            job.execute("business")
            return Written(*([json.loads(written) for written in streams.texts(name)] for name in STREAMS[1:]))
        finally:
            streams.close()

    return over


@pytest.fixture
def master_data(tmp_path: Path) -> Iterator[Callable[..., dict[str, str]]]:
    """Has a table of master data with these items, and gives the properties of the group `master` that lead to it."""
    items: list[dict[str, str]] = []

    class Table(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind = query["ExpressionAttributeValues"][":kind"]["S"]
            found = [{key: {"S": value} for key, value in item.items()} for item in items if item["kind"] == kind]
            body = json.dumps({"Items": found, "Count": len(found)}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    credentials = tmp_path / "credentials"
    credentials.write_text("[local]\naws_access_key_id = test\naws_secret_access_key = test\n")

    def having(*added: dict[str, str]) -> dict[str, str]:
        items.extend(added)
        return {
            "aws.endpoint": f"http://127.0.0.1:{server.server_address[1]}",
            "aws.credentials.provider": "PROFILE",
            "aws.credentials.provider.profile.path": str(credentials),
            "aws.credentials.provider.profile.name": "local",
        }

    with ThreadingHTTPServer(("127.0.0.1", 0), Table) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield having
        finally:
            server.shutdown()
            thread.join()
