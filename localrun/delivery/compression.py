"""How objects in S3 are compressed (API reference, ExtendedS3DestinationConfiguration, CompressionFormat).

Source of the file extensions: Firehose developer guide, "Configure Amazon S3 object name format". Firehose has no ZSTD,
neither here nor for Parquet.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pyarrow as pa

#: Fast: the worker shares its machine with what it serves.
_GZIP_LEVEL = 3
#: Snappy compresses by blocks; these are the sizes its Java libraries write (snappy-java, Hadoop's SnappyCodec).
_JAVA_BLOCK, _HADOOP_BLOCK = 32 * 2**10, 256 * 2**10
#: What a file of snappy-java begins with: its name, its version, and the oldest version that reads it.
_JAVA_HEADER = b"\x82SNAPPY\x00" + (1).to_bytes(4, "big") * 2


@dataclass(frozen=True, slots=True)
class Compression:
    """One CompressionFormat."""

    extension: str
    """Of objects, where the delivery stream names no other."""
    compress: Callable[[bytes], bytes]


def _zip(data: bytes) -> bytes:
    """An archive of one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr(str(uuid4()), data)
    return archive.getvalue()


def _snappy(data: bytes) -> bytes:
    """The stream format of snappy-java: its header, then blocks, each behind its length."""
    return _JAVA_HEADER + b"".join(_length(block) + block for _, block in _blocks(data, _JAVA_BLOCK))


def _hadoop_snappy(data: bytes) -> bytes:
    """The block format of Hadoop: each block behind its length before and after it was compressed."""
    return b"".join(_length(plain) + _length(block) + block for plain, block in _blocks(data, _HADOOP_BLOCK))


def _blocks(data: bytes, size: int) -> Iterator[tuple[bytes, bytes]]:
    for at in range(0, len(data), size):
        plain = data[at : at + size]
        yield plain, pa.compress(plain, codec="snappy", asbytes=True)


def _length(block: bytes) -> bytes:
    return len(block).to_bytes(4, "big")


COMPRESSIONS = {
    "UNCOMPRESSED": Compression("", lambda data: data),
    "GZIP": Compression(".gz", lambda data: gzip.compress(data, _GZIP_LEVEL, mtime=0)),
    "ZIP": Compression(".zip", _zip),
    "Snappy": Compression(".snappy", _snappy),
    "HADOOP_SNAPPY": Compression(".hsnappy", _hadoop_snappy),
}
