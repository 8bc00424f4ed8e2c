"""The JSON of a rejected record, as it stands on `errors`."""

from __future__ import annotations

from base64 import b64decode

import orjson
import pytest

from common.model import Coordinates, Rejected


@pytest.mark.parametrize(("document", "expected"), [(None, None), ("doc-1", "doc-1")], ids=["of its place", "of its document"])
def test_a_rejected_record_carries_all_to_send_it_again(document: str | None, expected: str | None, at: Coordinates) -> None:
    refused = Rejected(at.within(2), "malformed", "srcport: no", "vpc_flow", "acme", b"\x00\xffraw", document)
    body = orjson.loads(refused.body("normalise"))
    assert b64decode(body.pop("original")) == b"\x00\xffraw"
    assert body == {
        "id": expected or at.within(2).id(),
        "step": "normalise",
        "reason": "malformed",
        "detail": "srcport: no",
        "type": "vpc_flow",
        "tenant": "acme",
        "ingested": "2026-11-23T08:00:00.250Z",
        "stream": "weir-test-raw",
        "shard": "shardId-000000000001",
        "sequence": "49590338271490256608559692538361",
        "position": "0.2",
        "partition_key": "key",
        "given": {},
    }
