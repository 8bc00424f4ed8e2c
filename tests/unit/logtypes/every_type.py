"""What the tests of all log types share: their samples, sent as records without a type."""

from __future__ import annotations

from typing import Any

import orjson

from common.logtype import LineType
from common.logtypes import TYPES, line_types, object_types
from common.logtypes.samples import refused_of, samples_of
from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser

AT = Coordinates("weir-test-raw", "shardId-000000000000", "1", 1_795_420_800_250, partition_key="k")
NORMALISER = Normaliser(default_tenant="default")

SAMPLES = [(name, sample) for name in TYPES for sample in samples_of(name)]
REFUSED = [(name, sample) for name in TYPES for sample in refused_of(name)]
SAMPLE_IDS = [f"{name}: {sample.case}" for name, sample in SAMPLES]


def data(record: Any) -> bytes:
    """The bytes a producer sends."""
    return record.encode() if isinstance(record, str) else orjson.dumps(record)


def alone(record: bytes) -> Event | Rejected:
    """What becomes of a record that holds one event."""
    (found,) = NORMALISER.normalise(record, AT)
    return found


def named(name: str, record: Any) -> bytes:
    """The record in an envelope that names its type."""
    return orjson.dumps({"type": name, "message": record})


def is_line(name: str) -> bool:
    return isinstance(TYPES[name], LineType)


def takers(record: Any) -> list[str]:
    """Types that recognise a record, but for those of loose shape."""
    if isinstance(record, str):
        line = record.strip()
        return [found.name for found in line_types(line[0]) if found.recognise(line)] if line else []
    return [found.name for found in object_types(tuple(record)) if not found.generic and found.recognise(record)]
