"""A small KPL encoder: what the tests aggregate with (amazon-kinesis-producer, aggregation-format.md)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5

MAGIC = b"\xf3\x89\x9a\xc2"


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def delimited(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def record(index: int, data: bytes, extra: bytes = b"") -> bytes:
    return delimited(3, varint(1 << 3) + varint(index) + extra + delimited(3, data))


def seal(message: bytes) -> bytes:
    return MAGIC + message + md5(message, usedforsecurity=False).digest()


def aggregate(records: Sequence[tuple[str, bytes]]) -> bytes:
    """An aggregated record of (partition key, data) pairs, each key once in the table."""
    keys = list(dict.fromkeys(key for key, _ in records))
    table = b"".join(delimited(1, key.encode()) for key in keys)
    return seal(table + b"".join(record(keys.index(key), data) for key, data in records))
