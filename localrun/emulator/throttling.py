"""Throttled streams, for tests: off unless asked for through `POST /_weir/throttle?stream=NAME&share=N`.

The emulator's shards have no limit but of memory (`retention`). A share of 1 refuses every put on the stream as a whole, one
between 0 and 1 that share of the records of a PutRecords, and 0 ends it. Answers: API reference, PutRecords.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

CODE = "ProvisionedThroughputExceededException"

_shares: dict[str, float] = {}
_refused: Counter[str] = Counter()
_owed: dict[str, float] = defaultdict(float)


def throttle(stream: str, share: float) -> dict[str, Any]:
    """Refuse this share of what is put on `stream` from now on; returns how many records were refused so far."""
    _shares[stream] = share
    return {"stream": stream, "share": share, "refused": _refused[stream]}


def refuses_all(stream: str, records: int) -> bool:
    """Whether a put of so many records is refused as a whole."""
    refused = _shares.get(stream, 0.0) >= 1
    if refused:
        _refused[stream] += records
    return refused


def refuses_one(stream: str) -> bool:
    """Whether the next record of a PutRecords is refused: evenly spread, so that a share of 0.5 is every second one."""
    share = _shares.get(stream, 0.0)
    if not share:
        return False
    _owed[stream] += share
    if _owed[stream] < 1:
        return False
    _owed[stream] -= 1
    _refused[stream] += 1
    return True


def error(stream: str, shard: str) -> dict[str, str]:
    """The result of a record that was refused."""
    return {"ErrorCode": CODE, "ErrorMessage": f"Rate exceeded for shard {shard} in stream {stream}."}
