"""Every fault, on one running pipeline under load: what was sent is indexed or in errors, once, and in the order promised."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from localrun.demo.evidence import Archive
from localrun.demo.ledger import Ledger
from localrun.state import State
from localrun.supervisor import Pipeline
from producers.generator import Sample
from recovery.deployment import Deployment
from recovery.kept import DISCARDED, Selection, select
from tests.e2e.fault_causes import (
    answers,
    bucket_closed,
    dies,
    disk_full,
    failing,
    hangs,
    killed,
    killed_mid_batch,
    no_fault,
    node_killed,
    node_stopped,
    poisoned,
    producers_throttled,
    read_only,
    refusing_index,
    resharded,
    throttled,
    throws,
)
from tests.e2e.fault_functions import faulty_functions
from tests.e2e.fault_proxy import FaultProxy
from tests.e2e.fault_records import corrupt, many_refused, one_poison, one_refused, oversized, skewed
from tests.e2e.fault_run import Evidence, KeyedLedger, Run
from tests.e2e.index import wait_for

#: How long a fault is in force unless its row says otherwise, and how long the pipeline may take afterwards, in seconds.
FAULT_SECONDS = 4.0
RECOVERY_SECONDS = 90.0
#: The archive gathers for 5 s twice, and reads the children of a shard only when it has delivered their parents.
ARCHIVE_SECONDS = 120.0


@pytest.fixture(scope="module")
def run(supervisor: Pipeline, pipeline: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The pipeline with its functions and its node within reach of faults."""
    with FaultProxy(pipeline.endpoints.opensearch).serving() as proxy:
        directory = tmp_path_factory.mktemp("faults")
        run = Run(supervisor, pipeline, proxy, directory, Ledger(pipeline.outputs["ingestion"]["RawStream"]))
        with faulty_functions(run):
            yield run


@dataclass(frozen=True)
class Fault:
    """One row."""

    name: str
    cause: Callable[[Run], AbstractContextManager[object]]
    seconds: float = FAULT_SECONDS
    records: Callable[[], Sequence[Sample]] = tuple
    """Put while the fault is in force, beside the load."""
    refused: int = 0
    """How many of these end on `errors` instead of in the index."""
    quarantined: int = 0
    """How many of these end in quarantine."""
    ordered: bool = True
    """Whether the order of a partition key is kept from `raw` to `events`."""


FAULTS = [
    # Early, so that the archive is through with it when the last row has ended.
    Fault("reshard while running", resharded),
    Fault("event-source worker killed and restarted", killed_mid_batch),
    Fault("delivery worker killed and restarted", lambda run: killed(run, "delivery")),
    Fault("OpenSearch stopped", node_stopped, seconds=30),
    Fault("OpenSearch killed and restarted", node_killed),
    Fault("OpenSearch answering 429", answers(429)),
    Fault("OpenSearch answering 503", answers(503)),
    Fault("read-only index block", read_only),
    Fault("normalise throwing on all records", throws, seconds=20),
    Fault("route killed mid-batch", dies),
    Fault("normalise throwing on one record", poisoned, seconds=1, records=one_poison(10), quarantined=1),
    Fault("poison record among 10,000", poisoned, seconds=1, records=one_poison(10_000), quarantined=1),
    Fault("normalise timing out", hangs),
    Fault("one document refused in a batch of 500", refusing_index, seconds=2, records=one_refused, refused=1),
    Fault("mapping conflict", refusing_index, seconds=2, records=many_refused, refused=100),
    # What is refused is written again behind what was not: order within a key is the price, see StreamWriter.
    Fault("PutRecords throttled", throttled(1), ordered=False),
    Fault("PutRecords failing in part", throttled(0.3), ordered=False),
    Fault("PutRecords of producers throttled", producers_throttled),
    Fault("PutRecords of producers failing in part", throttled(0.3, raw=True)),
    Fault("S3 refusing writes", bucket_closed, seconds=20),
    Fault("oversized document", no_fault, seconds=1, records=oversized),
    Fault("corrupt KPL aggregate, corrupt gzip", no_fault, seconds=1, records=corrupt),
    Fault("clock-skewed timestamps", no_fault, seconds=1, records=skewed),
    Fault("disk full for the archive worker", disk_full, seconds=8),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_event_is_accounted_for(run: Run, fault: Fault) -> None:
    start = time.time()
    ledger = KeyedLedger(run.raw, run.everything)
    evidence = Evidence(run, start, ledger)
    # GIVEN traffic, WHEN the fault comes and goes meanwhile
    with run.load(ledger):
        with fault.cause(run):
            run.put(ledger, fault.records())
            run.send_for(ledger, fault.seconds)
        run.send_for(ledger, 1)
    # THEN every event is in one place
    account = wait_for(evidence.account, lambda seen: seen.lost == 0, RECOVERY_SECONDS)
    assert account.sent == account.indexed + account.errors
    assert (account.lost, account.duplicated) == (0, 0)
    assert account.malformed == account.malformed_kept > 0
    assert account.errors == account.malformed + fault.refused + fault.quarantined
    assert len(evidence.quarantined) == fault.quarantined
    if fault.ordered:
        assert evidence.order() == evidence.promised_order()
    # and nothing fails any more
    wait_for(lambda: failing(run, "event_sources") + failing(run, "delivery"), lambda parts: not parts)


def test_what_was_quarantined_comes_back_once(run: Run) -> None:
    deployment = Deployment.running(run.state)
    began = datetime.now(UTC)
    with poisoned(run):
        run.put(KeyedLedger(run.raw, run.everything), one_poison(10)())
        mine = Selection(since=began, reason=DISCARDED)
        wait_for(lambda: list(select(deployment, mine)), lambda kept: len(kept) == 1)
    # The function that threw at it throws no more.
    first, second = (redrive("--since", began.isoformat(), "--reason", DISCARDED) for _ in range(2))
    assert (first["sent"], first["came_back"], first["already_indexed"]) == (1, 1, 0)
    assert (second["sent"], second["already_indexed"]) == (0, 1)


def redrive(*options: str) -> Any:
    result = CliRunner().invoke(app, ["redrive", *options, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_record_of_every_fault_is_in_the_archive(run: Run) -> None:
    archive = Archive(run.session, run.output("foundation", "ArchiveBucket"), 0)
    wait_for(lambda: run.everything.records - archive.count(run.everything), lambda missing: missing == 0, ARCHIVE_SECONDS)
    assert run.everything.records > 0
