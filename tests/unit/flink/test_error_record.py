"""An application writes what it cannot use as the functions do, so that what reads `errors` reads it too."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import orjson

from common.model import Coordinates, Rejected

#: What the test of the applications' `ErrorRecord` holds that one to.
WRITTEN = Path(__file__).parents[3] / "flink" / "streams" / "src" / "test" / "resources" / "error_record.json"


def test_an_applications_error_record_is_that_of_a_function() -> None:
    written = orjson.loads(WRITTEN.read_bytes())
    at = Coordinates("weir-dev-events", "shardId-000000000001", "4959", 1_795_420_800_250, partition_key="p-1")
    original = b64decode(written["original"])
    refused = Rejected(at, "malformed", written["detail"], "app", "shop", original, document="e-1")
    assert orjson.loads(refused.body("flink-aggregates")) == written
