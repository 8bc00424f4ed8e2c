"""Records that are a fault themselves, or show one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from producers.generator import Sample
from producers.generator.containers import aggregate
from tests.e2e.fault_run import RECORD_BYTES

POISON = "poison in this one"
STRICT = "strict"
"""A tenant whose index refuses its documents."""


def record(number: int, tenant: str = "default", **fields: object) -> Sample:
    """One event of an application."""
    content = {"type": "app", "tenant": tenant, "level": "info", "message": f"record {number}"} | fields
    return Sample(json.dumps(content).encode(), f"key-{number % 8}", "app")


def one_poison(records: int) -> Callable[[], list[Sample]]:
    """So many records, one of which is the poison, in their middle."""
    return lambda: [record(number, **({"message": POISON} if number == records // 2 else {})) for number in range(records)]


def one_refused() -> list[Sample]:
    """A batch of 500 of which the index refuses one."""
    return [record(number, STRICT if number == 250 else "default") for number in range(500)]


def many_refused() -> list[Sample]:
    return [record(number, STRICT) for number in range(100)]


def corrupt() -> list[Sample]:
    """A KPL aggregate whose checksum is wrong, one that ends too early, and gzip that does."""
    whole = aggregate([("key", record(number).data) for number in range(5)])
    packed = gzip.compress(record(1).data * 20)
    broken = (whole[:-1] + bytes([whole[-1] ^ 0xFF]), whole[: len(whole) // 2], packed[: len(packed) // 2])
    return [Sample(data, f"key-{number}", "corrupt", malformed=True) for number, data in enumerate(broken * 5)]


def oversized() -> list[Sample]:
    """What `raw` just takes, and `events`, where an event is larger than its record, does not."""
    return [record(number, message="x" * (RECORD_BYTES - 100)) for number in range(3)]


def skewed() -> list[Sample]:
    """From clocks that never were set, are a day early or late, or far ahead."""
    now = datetime.now(UTC)
    moments = (datetime(1970, 1, 1, tzinfo=UTC), now - timedelta(days=1), now + timedelta(days=1), now.replace(year=2099, day=1))
    return [record(number, timestamp=moment.isoformat()) for number, moment in enumerate(moments * 5)]
