"""The node's own place databases, out of a bucket of the embedded AWS, say where an address is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.deadline import Deadline
from common.enrichment.files import file_loader
from common.enrichment.geo import GeoIP, open_database
from common.enrichment.source import Source
from localrun import opensearch
from localrun.aws import session
from localrun.lookups import MODULE, put_bundled
from localrun.paths import cache_dir
from localrun.state import State

BUCKET = "weir-test-lookups"
KEYS = ["geo/GeoLite2-City.mmdb", "geo/GeoLite2-ASN.mmdb"]


@pytest.fixture
def sources(pipeline: State) -> list[Source[Any]]:
    """Both databases, in a bucket of the test's own, looked at again at every refresh."""
    (home, *_) = [path for path in cache_dir().glob(f"opensearch-{opensearch.VERSION}*") if (path / MODULE).is_dir()]
    client = session(pipeline.endpoints.aws).client("s3")
    client.create_bucket(Bucket=BUCKET)
    assert put_bundled(client, BUCKET, [*KEYS, "geo/other.mmdb"], home) == KEYS
    return [Source(key, file_loader(lambda: client, BUCKET, key, open_database), every=0) for key in KEYS]


def test_an_address_has_its_country_and_network(sources: list[Source[Any]]) -> None:
    geo = GeoIP(sources, ["source"], 100)
    geo.refresh(Deadline(60))
    document: dict[str, Any] = {"source": {"ip": "8.8.8.8"}}
    geo.apply(document)
    source = orjson.loads(orjson.dumps(document))["source"]
    assert (source["geo"]["country_name"], source["geo"]["country_iso_code"]) == ("United States", "US")
    assert source["as"] == {"number": 15_169, "organization": {"name": "Google LLC"}}
    geo.refresh(Deadline(60))
    assert geo.counts() == (0, 1, 2, 0)  # the second time S3 said that nothing had changed
