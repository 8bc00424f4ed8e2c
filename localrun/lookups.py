"""Look-ups of the embedded run: the place databases that the OpenSearch node brings along for its own `geoip` processor.

On AWS the user puts files of MaxMind or DB-IP into the bucket. Here they may be called as the node's are, and are there at once:
GeoLite2 of 2019, good for trying it out and out of date for anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODULE = Path("modules") / "ingest-geoip"


def put_bundled(client: S3Client, bucket: str, keys: Sequence[str], home: Path) -> list[str]:
    """Puts each object of `keys` that is named as a database of the node laid out at `home`; returns which."""
    put: list[str] = []
    for key in keys:
        bundled = home / MODULE / PurePosixPath(key).name
        if bundled.suffix == ".mmdb" and bundled.is_file():
            with bundled.open("rb") as content:
                client.put_object(Bucket=bucket, Key=key, Body=content)
            put.append(key)
    return put
