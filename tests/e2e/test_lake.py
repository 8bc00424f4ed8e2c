"""What is in the index is in the lake: counted by Athena, type by type, and each named query is answered."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from common.logtypes import TYPES
from lake.named_queries import named_queries
from lake.names import table_name
from lake.query import Lake
from localrun.aws import session
from localrun.latency import INDICES
from localrun.search import Search
from localrun.state import State, running_state
from localrun.supervisor import Pipeline
from producers.batch import StreamWriter
from producers.generator import Generator, Scenario
from tests.e2e.every_sample import every_sample
from tests.e2e.index import wait_for

TENANT, EVENTS = "lake", 3_000
#: The delivery's buffer is a minute, the least Firehose takes for partitions of the records' own; what it has not read when it is
#: told to end waits as long.
DELIVERED_SECONDS = 120.0
#: Since the day before, so that a run over midnight finds all of it, and few partitions are looked into.
OF_THE_TENANT = f"WHERE day >= '{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}' AND tenant = '{TENANT}'"


@pytest.fixture(scope="module")
def sent(pipeline: State) -> Counter[str]:
    """Traffic, and the samples of every type, under a tenant of their own, counted by data set."""
    now = time.time()
    texts = [
        (sample.data.decode(), TYPES[sample.type].dataset)
        for sample in Generator(7, Scenario(start=now - 300, seconds=60)).take(EVENTS, now)
        if sample.type in TYPES and not sample.data.startswith(b"\x1f\x8b")
    ]
    messages = [json.loads(text) if text.startswith("{") else text for text, _ in texts]
    writer = StreamWriter(session(pipeline.endpoints.aws).client("kinesis"), pipeline.outputs["ingestion"]["RawStream"], 2**20)
    samples = every_sample(TENANT)
    writer.put([json.dumps({"tenant": TENANT, "message": message}).encode() for message in messages])
    writer.put([sample.record for sample in samples])
    return Counter([*(dataset for _, dataset in texts), *(sample.dataset for sample in samples)])


def in_index(pipeline: State) -> dict[str, int]:
    """Documents of the tenant by data set, but for what Flink applications make of them, or are samples of that."""
    body = {
        "size": 0,
        "query": {"term": {"tenant": TENANT}},
        "aggs": {"types": {"terms": {"field": "event.dataset", "size": 100}}},
    }
    with closing(Search(pipeline.endpoints.opensearch)) as search:
        answer = search.ask("POST", f"/{INDICES}/_search", body)
    buckets = answer.get("aggregations", {"types": {"buckets": []}})["types"]["buckets"]  # none while there is no index
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def ask(pipeline: State, sql: str) -> list[list[str | None]]:
    lake = Lake.running(pipeline)
    return list(lake.results(lake.wait(lake.start(sql))).rows)


def delivery_process() -> int:
    return next(engine.pid for engine in running_state().engines if engine.name == "delivery")


def deliver_what_is_buffered(supervisor: Pipeline) -> None:
    """The delivery delivers what it holds when it is told to end; the supervisor starts it again."""
    ending = delivery_process()
    os.kill(ending, signal.SIGTERM)
    wait_for(supervisor.check, lambda _: delivery_process() != ending)


@pytest.fixture(scope="module")
def arrived(sent: Counter[str]) -> Counter[str]:
    """Of these, what no Flink application makes."""
    return Counter({dataset: count for dataset, count in sent.items() if not dataset.startswith("weir.")})


@pytest.fixture(scope="module")
def counted(supervisor: Pipeline, pipeline: State, sent: Counter[str], arrived: Counter[str]) -> dict[str, tuple[int, int]]:
    """Rows of the lake, and how many different events they are, by data set, once all that was sent is there."""
    wait_for(lambda: in_index(pipeline), lambda found: sum(found.values()) >= arrived.total())
    deliver_what_is_buffered(supervisor)
    sql = f"SELECT dataset, count(*), count(DISTINCT event.id) FROM events {OF_THE_TENANT} GROUP BY dataset"  # noqa: S608 - all of it is the test's own
    return wait_for(
        lambda: {row[0] or "": (int(row[1] or 0), int(row[2] or 0)) for row in ask(pipeline, sql)},
        lambda found: sum(rows for rows, _ in found.values()) >= sent.total(),
        seconds=DELIVERED_SECONDS,
    )


def test_athena_counts_what_the_index_counts(
    pipeline: State, sent: Counter[str], arrived: Counter[str], counted: dict[str, tuple[int, int]]
) -> None:
    assert set(sent) == {log_type.dataset for log_type in TYPES.values()}
    indexed = wait_for(lambda: in_index(pipeline), lambda found: sum(found.values()) >= arrived.total())
    assert indexed == arrived
    assert counted == {dataset: (count, count) for dataset, count in sent.items()}
    for dataset, count in Counter(indexed).most_common(5):
        sql = f"SELECT count(DISTINCT event.id) FROM {table_name(dataset)} {OF_THE_TENANT}"  # noqa: S608 - all of it is the test's own
        assert ask(pipeline, sql) == [[str(count)]]


@pytest.mark.parametrize("name", named_queries())
@pytest.mark.usefixtures("counted")
def test_a_named_query_is_answered(name: str) -> None:
    answer = CliRunner().invoke(app, ["query", "--named", name, "--format", "json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert found["columns"]
    # All of them count or list what is sent above, but for logins that fail only while somebody attacks.
    assert found["rows"] or name == "failed_console_logins"
