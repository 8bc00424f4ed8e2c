"""What the machine can do at either end of the pipeline, with everything between left out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from common.bulk import Document
from common.model import Coordinates, Event
from common.recognise import Normaliser
from localrun.aws import session
from localrun.delivery.http import Server, Unreachable
from localrun.errors import LocalRunError
from localrun.search import Search
from localrun.state import State
from producers.batch import Entry, StreamWriter, calls
from producers.generator import Generator, Sample, Scenario
from route.document import document

#: Scratch names, gone when the measurement is.
STREAM, TENANT = "weir-bench", "weir_bench"
#: Events made beforehand and sent over and over: to make them is no part of what is measured.
EVENTS = 10_000
SECONDS = 5.0
BULK_DOCUMENTS = 2_000
#: After these the node's compilers have little left to do (measured: 247 us a document at first, 85 us after 150,000, and a
#: quarter of that still the compilers' until 300,000).
WARM_UP_DOCUMENTS = 300_000


def samples(seed: int) -> list[Sample]:
    """The demonstration's traffic."""
    now = time.time()
    return Generator(seed, Scenario(start=now, seconds=60)).take(EVENTS, now)


def put_rate(state: State, traffic: Sequence[Sample]) -> float:
    """Events a second that one producer puts on a stream nobody reads. Raises botocore's ClientError."""
    kinesis = session(state.endpoints.aws).client("kinesis")
    parts = list(calls([Entry(sample.data, sample.partition_key) for sample in traffic]))
    events = sum(sample.events for sample in traffic)
    with scratch_stream(kinesis):
        writer = StreamWriter(kinesis, STREAM, 2**20)
        return rate([partial(writer.put_entries, part) for part in parts], events / len(parts))


def bulk_rate(state: State, traffic: Sequence[Sample]) -> float:
    """Documents a second that the node takes from one client, in the index families and through the mappings of the pipeline.

    Raises LocalRunError when it refuses some.
    """
    node = Server(state.endpoints.opensearch, 60.0)
    documents = list(indexed(traffic))
    bodies = [
        b"".join(document.lines() for document in documents[first : first + BULK_DOCUMENTS])
        for first in range(0, len(documents), BULK_DOCUMENTS)
    ]
    try:
        for number in range(WARM_UP_DOCUMENTS // BULK_DOCUMENTS):
            bulk(node, bodies[number % len(bodies)])
        return rate([partial(bulk, node, body) for body in bodies], len(documents) / len(bodies))
    except Unreachable as error:
        raise LocalRunError(str(error)) from error
    finally:
        node.request("DELETE", f"/logs-*-{TENANT}-*")
        node.close()


def merge(state: State) -> None:
    """Pay what the warm-up owes: its segments would be merged within the measured minute. Raises LocalRunError."""
    with closing(Search(state.endpoints.opensearch)) as search:
        search.ask("POST", "/logs-*/_forcemerge?max_num_segments=1")


def indexed(traffic: Sequence[Sample]) -> Iterator[Document]:
    """The documents of the traffic, under a tenant of their own."""
    normaliser = Normaliser(default_tenant=TENANT)
    for number, sample in enumerate(traffic):
        at = Coordinates(
            STREAM, "shardId-000000000000", str(number), int(time.time() * 1_000), partition_key=sample.partition_key
        )
        for result in normaliser.normalise(sample.data, at):
            if isinstance(result, Event):
                yield document(number, result.body)


def bulk(node: Server, body: bytes) -> None:
    status, answer = node.request("POST", "/_bulk?filter_path=errors", body, "application/x-ndjson")
    if status != 200 or b'"errors":true' in answer:
        raise LocalRunError(
            f"OpenSearch refuses the documents of the benchmark with {status}: {answer[:500].decode(errors='replace')}"
        )


def rate(calls: Sequence[Callable[[], Any]], events: float) -> float:
    """Events a second of calls made one after the other, over and over, after one round that warms up."""
    for call in calls:
        call()
    done = 0
    began = time.monotonic()
    while (took := time.monotonic() - began) < SECONDS:
        calls[done % len(calls)]()
        done += 1
    return done * events / took


@contextmanager
def scratch_stream(kinesis: Any) -> Iterator[None]:
    try:
        kinesis.create_stream(StreamName=STREAM, ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        yield
    finally:
        try:
            kinesis.delete_stream(StreamName=STREAM)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
