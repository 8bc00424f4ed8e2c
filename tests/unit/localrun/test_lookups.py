"""The node's own place databases serve the embedded run's enrichment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from mypy_boto3_s3 import S3Client

from localrun.lookups import MODULE, put_bundled


class Bucket:
    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: Any) -> None:
        self.objects[Bucket, Key] = Body.read()


def test_what_is_named_as_a_bundled_database_is_that_database(tmp_path: Path) -> None:
    (tmp_path / MODULE).mkdir(parents=True)
    (tmp_path / MODULE / "GeoLite2-City.mmdb").write_bytes(b"places")
    (tmp_path / MODULE / "notes.txt").write_bytes(b"no database")
    bucket = Bucket()
    keys = ["geo/GeoLite2-City.mmdb", "geo/GeoLite2-ASN.mmdb", "notes.txt", "threats/drop.txt"]
    assert put_bundled(cast(S3Client, bucket), "lookups", keys, tmp_path) == ["geo/GeoLite2-City.mmdb"]
    assert bucket.objects == {("lookups", "geo/GeoLite2-City.mmdb"): b"places"}
