"""The samples of every log type, as records of one tenant."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from common.logtypes import TYPES
from common.logtypes.samples import samples_of


class Sent(NamedTuple):
    """A sample as it is put on `raw`."""

    record: bytes
    dataset: str
    event: dict[str, Any]
    """What the index has of it, as in Sample."""


def every_sample(tenant: str) -> list[Sent]:
    """All that are recognised by their shape, or name their type. Of those that bring one id of their own, the first: they would
    be one document."""
    found: dict[object, Sent] = {}
    for name, log_type in TYPES.items():
        for number, sample in enumerate(samples_of(name)):
            record = sample.record
            named = isinstance(record, dict) and record.get("type") in TYPES and "message" in record
            enveloped = {**record, "tenant": tenant} if named else {"tenant": tenant, "message": record}
            own = sample.event["event"].get("id")
            sent = Sent(json.dumps(enveloped).encode(), log_type.dataset, sample.event)
            found.setdefault((log_type.dataset, own) if own else (name, number), sent)
    return list(found.values())
