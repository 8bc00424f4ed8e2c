"""How fast `normalise` makes events of each log type, beside the least that anything must do.

The whole of it on one core: from the base64 of the Lambda event to the bytes for the next stream, with recognition, id, tenant
and document. Beside it the floor, in the same run and turn by turn: base64-decode the same records, JSON-decode those that are
JSON, and encode the finished documents, nothing else.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from unittest.mock import Mock

import orjson
from pydantic import BaseModel

from common.logtype import LineType
from common.logtypes import TYPES
from common.logtypes.samples import samples_of
from common.source import KinesisRecord
from common.streams import StreamWriter
from normalise.handler import Normalisation
from producers.generator import Generator, Scenario

#: Records of a batch, and batches of a turn. Lambda's largest useful batch of such records.
BATCH, BATCHES = 500, 10
TURNS = 7
_ARRIVAL = 1_795_420_800.25
#: Types the demonstration's generator makes traffic of: no two records alike, as in production.
_GENERATED = frozenset({"alb", "app", "cloudtrail", "vpc_flow"})


class TypeSpeed(BaseModel):
    """Of one log type."""

    records_per_second: float
    floor_per_second: float
    share_of_floor: float
    megabytes_per_second: float
    bytes_out_per_byte_in: float


class Speed(BaseModel):
    """Of all that were measured, and of the process."""

    types: dict[str, TypeSpeed]
    cold_start_milliseconds: float
    """Of a new interpreter that imports the function's code with all log types."""
    peak_memory_mib: float


def run(only: str | None = None) -> Speed:
    """Measures each type, or `only` one."""
    types = {name: _measured(name) for name in TYPES if only in (None, name)}
    return Speed(
        types=types,
        cold_start_milliseconds=_cold_start() * 1_000,
        peak_memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
    )


def _measured(name: str) -> TypeSpeed:
    records = list(islice(_records(name), BATCH * BATCHES))
    batches = [records[first : first + BATCH] for first in range(0, len(records), BATCH)]
    step = Normalisation.of(_stream(), _stream(), Mock(), default_tenant="default")
    encoded = [record["kinesis"]["data"] for record in records]
    made = [step.normalised(batch) for batch in batches]
    bodies = [entry.data for batch in made for entry in batch.events]
    if len(bodies) != len(records):
        raise RuntimeError(f"{name}: {len(records)} records became {len(bodies)} events, and none should have failed")
    documents = [orjson.loads(body) for body in bodies]
    is_json = not isinstance(TYPES[name], LineType)

    def transform() -> None:
        for batch in batches:
            step.normalised(batch)

    def floor() -> None:
        for text, document in zip(encoded, documents, strict=True):
            data = b64decode(text)
            if is_json:
                orjson.loads(data)
            orjson.dumps(document)

    seconds, least = _turns(transform, floor)
    size = sum(len(b64decode(text)) for text in encoded)
    return TypeSpeed(
        records_per_second=len(records) / seconds,
        floor_per_second=len(records) / least,
        share_of_floor=least / seconds,
        megabytes_per_second=size / seconds / 1e6,
        bytes_out_per_byte_in=sum(map(len, bodies)) / size,
    )


def _turns(*measured: Callable[[], None]) -> list[float]:
    """CPU seconds of each, the least of several turns: what else the machine does only ever adds to them."""
    best = [float("inf")] * len(measured)
    for _ in range(TURNS):
        for place, work in enumerate(measured):
            start = time.process_time()
            work()
            best[place] = min(best[place], time.process_time() - start)
    return best


def _stream() -> StreamWriter:
    return StreamWriter(Mock(), "weir-bench", record_kib=1_024)


def _records(name: str) -> Iterator[KinesisRecord]:
    usual = (_encoded(sample.record) for sample in samples_of(name) if sample.usual)
    contents = _generated(name) if name in _GENERATED else cycle(usual)
    for number, content in zip(count(10**55), contents, strict=False):
        yield {
            "kinesis": {
                "partitionKey": f"{number:x}"[-12:],
                "sequenceNumber": str(number),
                "data": b64encode(content).decode("ascii"),
                "approximateArrivalTimestamp": _ARRIVAL + number % BATCH / 100,
            },
            "eventID": f"shardId-000000000000:{number}",
            "eventSourceARN": "arn:aws:kinesis:eu-central-1:111122223333:stream/weir-bench-raw",
        }


def _encoded(record: object) -> bytes:
    return record.encode() if isinstance(record, str) else orjson.dumps(record)


def _generated(name: str) -> Iterator[bytes]:
    generator = Generator(1, Scenario(start=_ARRIVAL, seconds=60))
    while True:
        traffic = (sample.data for sample in generator.take(500, _ARRIVAL) if sample.type == name)
        yield from (data for data in traffic if not _held(data))


def _held(data: bytes) -> bool:
    """Whether the record is in a container, whose cost is not its type's."""
    return data[:2] == b"\x1f\x8b" or data[:4] == b"\xf3\x89\x9a\xc2" or b'"detail-type"' in data[:200]


def _cold_start() -> float:
    """Seconds, the least of three."""
    program = [sys.executable, "-c", "import normalise.handler"]
    return min(_timed(program) for _ in range(3))


def _timed(program: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(program, check=True)
    return time.perf_counter() - start
