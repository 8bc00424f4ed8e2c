"""What a broken parser refused comes back once it is mended, what Firehose could not deliver does too, and the archive of a time
can be sent again: each event once."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from typer.testing import CliRunner

from cli.__main__ import app
from localrun.aws import session
from localrun.paths import PROJECT
from localrun.search import Search
from localrun.state import State
from producers.batch import StreamWriter
from producers.generator.containers import aggregate
from recovery.deployment import Deployment
from recovery.kept import Selection, select
from recovery.replay import Span, archived
from tests.e2e.index import of_tenant, wait_for

TENANT = "recovery"
FLOW = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 {} 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
FLOWS, NONSENSE = 200, 3
DIRECT = "recovery.direct"
"""Tenant of what is put directly."""
PAIRS = 100

#: The deployed function with a parser that takes nothing.
BROKEN = """
from dataclasses import replace
from common import logtypes, plain, recognise
from common.logtype import Malformed

def refuse(line, stamp):
    raise Malformed("a parser with a mistake")

plain.PlainRecords.body = lambda self, record, data: None
recognise.line_types = lambda beginning: [
    replace(found, parse=refuse, quick=None) for found in logtypes.line_types(beginning)
]
from normalise.handler import handler
"""


def invoke(*arguments: str) -> Any:
    """Run a command with --json; returns what it prints."""
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def package(extra: dict[str, str]) -> bytes:
    """The function's own files and others, zipped."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for path in sorted((PROJECT / "lambdas" / "normalise").glob("*.py")):
            files.write(path, Path("normalise") / path.name)
        for name, content in extra.items():
            files.writestr(name, content)
    return archive.getvalue()


@contextmanager
def broken_parser(aws: boto3.Session, function: str) -> Iterator[None]:
    client = aws.client("lambda")
    handler = client.get_function_configuration(FunctionName=function)["Handler"]
    client.update_function_code(FunctionName=function, ZipFile=package({"broken.py": BROKEN}))
    client.update_function_configuration(FunctionName=function, Handler="broken.handler")
    try:
        yield
    finally:
        client.update_function_code(FunctionName=function, ZipFile=package({}))
        client.update_function_configuration(FunctionName=function, Handler=handler)


def put(state: State, records: list[str]) -> None:
    """Under the tenant of this test."""
    writer = StreamWriter(session(state.endpoints.aws).client("kinesis"), state.outputs["ingestion"]["RawStream"], 2**20)
    writer.put([json.dumps({"tenant": TENANT, "message": record}).encode() for record in records])


def test_refused_records_come_back_once_and_the_archive_can_be_replayed(pipeline: State) -> None:
    began = datetime.now(UTC)
    deployment = Deployment.running(pipeline)
    with broken_parser(deployment.session, pipeline.outputs["normalisation"]["NormaliseFunction"]):
        put(pipeline, [FLOW.format(port) for port in range(FLOWS)] + ["what is this?"] * NONSENSE)
        chosen = Selection(since=began, tenant=TENANT)
        kept = wait_for(lambda: list(select(deployment, chosen)), lambda found: len(found) >= FLOWS + NONSENSE)
    assert Counter(record.reason for record in kept) == {"malformed": FLOWS, "unrecognised": NONSENSE}
    assert of_tenant(pipeline.endpoints.opensearch, TENANT) == []
    reported = wait_for(lambda: in_errors_index(pipeline), lambda found: len(found) >= FLOWS + NONSENSE)
    assert sorted(reported) == sorted((f"normalise:{record.id}", record.reason) for record in kept)

    tried = invoke("redrive", "--tenant", TENANT, "--dry-run")
    assert (tried["found"], tried["sent"], tried["still_refused"], tried["came_back"]) == (
        FLOWS + NONSENSE,
        FLOWS,
        NONSENSE,
        None,
    )
    done = invoke("redrive", "--tenant", TENANT, "--since", began.isoformat())
    assert (done["sent"], done["expected"], done["came_back"], done["already_indexed"]) == (FLOWS, FLOWS, FLOWS, 0)
    assert list(done["reasons"].values()) == [NONSENSE]
    documents = of_tenant(pipeline.endpoints.opensearch, TENANT)
    assert sorted(document["source"]["port"] for document in documents) == list(range(FLOWS))
    assert {document["event"]["id"] for document in documents} == {record.id for record in kept if record.reason == "malformed"}

    again = invoke("redrive", "--tenant", TENANT)
    assert (again["found"], again["sent"], again["already_indexed"]) == (FLOWS + NONSENSE, 0, FLOWS)

    span = Span(began, datetime.now(UTC))
    wait_for(lambda: sum(1 for _ in archived(deployment, span)), lambda found: found >= FLOWS + NONSENSE)
    forget(pipeline)
    replayed = invoke("replay", "--from", span.begin.isoformat(), "--to", span.end.isoformat())
    assert replayed["sent"] == FLOWS + NONSENSE, "neither more nor what the redrive had sent again"
    back = wait_for(lambda: of_tenant(pipeline.endpoints.opensearch, TENANT), lambda found: len(found) >= FLOWS)
    assert key(back) == key(documents)


def in_errors_index(pipeline: State) -> list[tuple[str, str]]:
    """Id and reason of each document of the tenant in the errors index."""
    with closing(Search(pipeline.endpoints.opensearch)) as search:
        body = {"query": {"term": {"tenant": TENANT}}, "size": 1_000, "_source": ["reason"]}
        hits = search.ask("POST", "/weir-errors-*/_search", body)["hits"]["hits"]
    return [(hit["_id"], hit["_source"]["reason"]) for hit in hits]


def key(documents: list[Any]) -> list[str]:
    return sorted(json.dumps(document, sort_keys=True) for document in documents)


def forget(pipeline: State) -> None:
    """Take the tenant's documents out of the index, as if it had been lost."""
    with closing(Search(pipeline.endpoints.opensearch)) as search:
        search.ask("DELETE", f"/logs-aws.vpcflow-{TENANT}-*")
    assert of_tenant(pipeline.endpoints.opensearch, TENANT) == []


def test_what_firehose_could_not_deliver_comes_back_once_though_the_redrive_is_killed(pipeline: State) -> None:
    began, deployment = datetime.now(UTC), Deployment.running(pipeline)
    # GIVEN records that direct put does not take, for it makes one document of a record and these hold two
    pairs = [aggregate([(str(half), direct(f"{number}.{half}")) for half in (1, 2)]) for number in range(PAIRS)]
    messages = sorted(f"{number}.{half}" for number in range(PAIRS) for half in (1, 2))
    put_directly(pipeline, pairs)
    chosen = Selection(since=began, step="transform")
    wait_for(lambda: list(select(deployment, chosen)), lambda found: len(found) == PAIRS)
    # WHEN a redrive is killed in its midst
    command = (sys.executable, "-m", "cli", "redrive", "--since", began.isoformat(), "--step", "transform", "--rate", "10")
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: directly_put(pipeline), lambda found: len(found) > 5)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    # THEN another brings the rest, and each event is one document
    done = invoke("redrive", "--since", began.isoformat(), "--step", "transform")
    assert (done["found"], done["expected"], done["came_back"]) == (PAIRS, 2 * done["sent"], 2 * done["sent"])
    assert 0 < done["sent"] < PAIRS
    assert directly_put(pipeline) == messages
    again = invoke("redrive", "--since", began.isoformat(), "--step", "transform")
    assert (again["sent"], again["already_indexed"]) == (0, PAIRS)


def test_documents_the_domain_refused_of_firehose_come_back_once(pipeline: State) -> None:
    before = directly_put(pipeline)
    put_directly(pipeline, [direct("taken")])
    wait_for(lambda: directly_put(pipeline), lambda found: "taken" in found)
    began, deployment = datetime.now(UTC), Deployment.running(pipeline)
    chosen = Selection(since=began, step="delivery", tenant=DIRECT)
    with index_blocked(pipeline, "logs-direct-put-*"):
        put_directly(pipeline, [direct("refused"), direct("refused")])
        kept = wait_for(lambda: list(select(deployment, chosen)), lambda found: len(found) == 2)
    assert [record.reason for record in kept] == ["403", "403"]
    options = ("--since", began.isoformat(), "--step", "delivery", "--tenant", DIRECT)
    first, second = (invoke("redrive", *options) for _ in range(2))
    assert (first["sent"], first["came_back"], first["already_indexed"]) == (2, 2, 0)
    assert (second["sent"], second["already_indexed"]) == (0, 2)
    assert directly_put(pipeline) == sorted([*before, "taken", "refused", "refused"])


def direct(message: str) -> bytes:
    """A record of the tenant whose records go to Firehose."""
    return json.dumps({"type": "app", "tenant": DIRECT, "level": "info", "message": message}).encode()


def put_directly(pipeline: State, records: list[bytes]) -> None:
    firehose = session(pipeline.endpoints.aws).client("firehose")
    name = pipeline.outputs["search"]["DirectPutDelivery"]
    answer = firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": data} for data in records])
    assert answer["FailedPutCount"] == 0


def directly_put(pipeline: State) -> list[str]:
    """The messages that are documents, as often as they are."""
    return sorted(document["message"] for document in of_tenant(pipeline.endpoints.opensearch, DIRECT))


@contextmanager
def index_blocked(pipeline: State, name: str) -> Iterator[None]:
    """It takes no documents, and says so for good (403)."""
    with closing(Search(pipeline.endpoints.opensearch)) as search:
        search.ask("PUT", f"/{name}/_settings", {"index.blocks.write": True})
        try:
            yield
        finally:
            search.ask("PUT", f"/{name}/_settings", {"index.blocks.write": None})
