"""Objects are compressed as the delivery stream says, and named so."""

from __future__ import annotations

import gzip
import io
import zipfile
from random import Random

import pyarrow as pa
import pytest

from localrun.delivery.compression import COMPRESSIONS
from tests.unit.delivery.fakes import Run, record, to_s3

#: Several blocks of either kind of Snappy, and half of it does not get smaller.
DATA = Random(1).randbytes(300_000) + b"a line like the one before it\n" * 10_000


def plain(codec: str, data: bytes) -> bytes:
    """What a reader of the format makes of it."""
    if codec == "UNCOMPRESSED":
        return data
    if codec == "GZIP":
        return gzip.decompress(data)
    if codec == "ZIP":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            [name] = archive.namelist()
            return archive.read(name)
    return read_snappy_java(data) if codec == "Snappy" else read_hadoop_snappy(data)


def read_snappy_java(data: bytes) -> bytes:
    """As snappy-java's SnappyInputStream: a header of 16 bytes, then length and block."""
    stream = io.BytesIO(data)
    assert stream.read(16) == b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
    found = b""
    while length := stream.read(4):
        found += decompressed(stream.read(int.from_bytes(length, "big")))
    return found


def read_hadoop_snappy(data: bytes) -> bytes:
    """As Hadoop's BlockDecompressorStream: the plain length of a block, then length and chunk until it is whole."""
    stream = io.BytesIO(data)
    found = b""
    while expected := stream.read(4):
        block = b""
        while len(block) < int.from_bytes(expected, "big"):
            block += decompressed(stream.read(int.from_bytes(stream.read(4), "big")))
        found += block
    return found


def decompressed(block: bytes) -> bytes:
    """A raw Snappy block, which begins with its plain length as a varint."""
    size = shift = 0
    for byte in block:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return pa.decompress(block, decompressed_size=size, codec="snappy", asbytes=True)


@pytest.mark.parametrize("data", [b"", b"one", DATA])
@pytest.mark.parametrize("codec", list(COMPRESSIONS))
def test_readers_of_the_format_read_it(codec: str, data: bytes) -> None:
    assert plain(codec, COMPRESSIONS[codec].compress(data)) == data


@pytest.mark.parametrize(
    ("codec", "extension"),
    [("UNCOMPRESSED", ""), ("GZIP", ".gz"), ("ZIP", ".zip"), ("Snappy", ".snappy"), ("HADOOP_SNAPPY", ".hsnappy")],
)
def test_objects_are_compressed_and_named_so(codec: str, extension: str) -> None:
    run = Run(to_s3(CompressionFormat=codec))
    run.put(record("1", b"one\n" * 100))
    run.later(60)
    [(_, put)] = run.s3.calls
    name = put["Key"].rsplit("/", 1)[1]
    assert name == "weir-local-archive-1-2023-11-14-22-13-20-" + name[41:77] + extension
    assert plain(codec, put["Body"]) == b"one\n" * 100


def test_a_given_extension_is_used_instead() -> None:
    run = Run(to_s3(CompressionFormat="ZIP", FileExtension=".log.zip"))
    run.put(record("1", b"one"))
    run.later(60)
    [(_, put)] = run.s3.calls
    assert put["Key"].endswith(".log.zip")
    assert not put["Key"].endswith(".zip.log.zip")
