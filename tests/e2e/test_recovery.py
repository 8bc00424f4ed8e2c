"""What a broken parser refused comes back once it is mended, and the archive of a time can be sent again: each event once."""

from __future__ import annotations

import io
import json
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
from recovery.deployment import Deployment
from recovery.kept import Selection, select
from recovery.replay import Span, archived
from tests.e2e.index import of_tenant, wait_for

TENANT = "recovery"
FLOW = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 {} 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
FLOWS, NONSENSE = 200, 3

#: The deployed function with a parser that takes nothing.
BROKEN = """
from dataclasses import replace
from common import recognise
from common.logtype import Malformed

def refuse(line, stamp):
    raise Malformed("a parser with a mistake")

recognise.LINE_TYPES = tuple(replace(found, parse=refuse) for found in recognise.LINE_TYPES)
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
