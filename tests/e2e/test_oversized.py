"""An event larger than its stream takes is found in the index, and whole in the archive bucket."""

from __future__ import annotations

import gzip
import json

from localrun.aws import session
from localrun.state import State
from producers.batch import Entry, StreamWriter
from tests.e2e.index import of_tenant, wait_for

TENANT = "oversized"
LIMIT = 1_024 * 1_024


def test_a_pointer_is_indexed_and_the_whole_is_kept(pipeline: State) -> None:
    aws = session(pipeline.endpoints.aws)
    record = {"tenant": TENANT, "type": "app", "level": "info", "message": "a report", "service": "shop", "table": ""}
    # As large as `raw` takes: with what normalisation adds it is more than `events` takes.
    record["table"] = "x" * (LIMIT - len(json.dumps(record)) - 1)
    writer = StreamWriter(aws.client("kinesis"), pipeline.outputs["ingestion"]["RawStream"], LIMIT)
    writer.put_entries([Entry(json.dumps(record).encode(), "k")])
    (document,) = wait_for(lambda: of_tenant(pipeline.endpoints.opensearch, TENANT), bool)
    place = document["weir"]["oversized"]
    assert (document["message"], document["service"]["name"], place["removed"]) == ("a report", "shop", ["app.table"])
    body = gzip.decompress(aws.client("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read())
    whole = json.loads(body)
    assert (len(body), whole["app"]["table"], whole["event"]["id"]) == (place["bytes"], record["table"], document["event"]["id"])
