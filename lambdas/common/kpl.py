"""Aggregation of records as the Kinesis Producer Library does it, and de-aggregation.

Format: amazon-kinesis-producer, `aggregation-format.md`: four magic bytes, one protobuf message (proto2), its MD5.

    message AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2;
                               repeated Record records = 3; }
    message Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2;
                     required bytes data = 3; repeated Tag tags = 4; }
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import md5

MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5
#: Tags of the fields an aggregate is written with.
_KEYS, _HASH_KEYS, _RECORDS, _KEY_INDEX, _FIRST_HASH_KEY, _DATA = b"\x0a", b"\x12", b"\x1a", b"\x08", b"\x10\x00", b"\x1a"
#: How a record is written: its size, the place of its key, perhaps that of a hash key, and the size of its data, which ends it.
_USUAL_RECORD = re.compile(
    rb"\x1a([\x80-\xff]{0,4}[\x00-\x7f])\x08([\x80-\xff]?[\x00-\x7f])(?:\x10[\x00-\x7f])?\x1a([\x80-\xff]{0,4}[\x00-\x7f])"
)
#: Longest partition key Kinesis takes, in characters (API reference, PutRecords).
_LONGEST_KEY = 256


class CorruptAggregate(ValueError):
    """The record begins like an aggregate and is none: nothing of it can be trusted."""


def aggregate(records: Iterable[tuple[str, bytes]], hash_key: str | None = None) -> bytes:
    """One record of all these (partition key, data); each key is in it once.

    `hash_key` is the explicit hash key it will be put with. Each record in it must name it too: the Kinesis Client Library drops
    those that by their hash do not belong in the shard they were found in.
    """
    keys: dict[str, int] = {}
    parts: list[bytes] = []
    hashed = b"" if hash_key is None else _FIRST_HASH_KEY
    beside = 2 + len(hashed)
    for key, content in records:
        index = _encoded(keys.setdefault(key, len(keys)))
        length = _encoded(len(content))
        size = _encoded(beside + len(index) + len(length) + len(content))
        parts += (_RECORDS, size, _KEY_INDEX, index, hashed, _DATA, length, content)
    table: list[bytes] = []
    for key in keys:
        name = key.encode()
        table += (_KEYS, _encoded(len(name)), name)
    if hash_key is not None:
        table += (_HASH_KEYS, _encoded(len(hash_key)), hash_key.encode())
    body = b"".join((*table, *parts))
    return b"%b%b%b" % (MAGIC, body, md5(body, usedforsecurity=False).digest())


def deaggregate(data: bytes) -> list[tuple[str, bytes]]:
    """The (partition key, data) of every user record in an aggregate, in their order.

    `data` begins with MAGIC. Raises CorruptAggregate unless all of it can be read, so that a record is taken whole or
    not at all.
    """
    body, digest = data[len(MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if md5(body, usedforsecurity=False).digest() != digest:
        raise CorruptAggregate("KPL aggregate: the MD5 does not fit the content")
    keys: list[str] = []
    records: list[tuple[int, bytes]] = []
    offset, end, head = 0, len(body), _USUAL_RECORD.match
    while offset < end:
        usual = head(body, offset)
        if usual:
            size, index, length = usual.groups()
            begin = usual.end()
            stop = begin + _decoded(length)
            if stop == usual.end(1) + _decoded(size) and stop <= end:
                records.append((_decoded(index), body[begin:stop]))
                offset = stop
                continue
        field, value, offset = _field(body, offset)
        if field == 1:
            keys.append(_key(value))
        elif field == 3:
            records.append(_record(value))
    if not records:
        raise CorruptAggregate("KPL aggregate: it holds no record")
    try:
        return [(keys[index], content) for index, content in records]
    except IndexError:
        raise CorruptAggregate(f"KPL aggregate: a partition key index is beyond the table of {len(keys)}") from None


def _key(value: int | bytes) -> str:
    try:
        key = value.decode() if isinstance(value, bytes) else ""
    except UnicodeDecodeError:
        raise CorruptAggregate("KPL aggregate: a partition key is not UTF-8") from None
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise CorruptAggregate(f"KPL aggregate: a partition key must have 1 to {_LONGEST_KEY} characters")
    return key


def _record(message: int | bytes) -> tuple[int, bytes]:
    index: int | None = None
    content: bytes | None = None
    if isinstance(message, bytes):
        offset = 0
        while offset < len(message):
            field, value, offset = _field(message, offset)
            if field == 1 and isinstance(value, int):
                index = value
            elif field == 3 and isinstance(value, bytes):
                content = value
    if index is None or content is None:
        raise CorruptAggregate("KPL aggregate: a record lacks its partition key index or its data")
    return index, content


def _field(message: bytes, offset: int) -> tuple[int, int | bytes, int]:
    """Number and value of the field at `offset`, and where it ends; the value of a fixed-width field is its bytes."""
    tag, offset = _varint(message, offset)
    wire_type = tag & 7
    if wire_type == _VARINT:
        number, offset = _varint(message, offset)
        return tag >> 3, number, offset
    if wire_type == _LENGTH_DELIMITED:
        length, offset = _varint(message, offset)
    elif wire_type == _FIXED64:
        length = 8
    elif wire_type == _FIXED32:
        length = 4
    else:
        raise CorruptAggregate(f"KPL aggregate: unknown protobuf wire type {wire_type}")
    stop = offset + length
    if stop > len(message):
        raise CorruptAggregate("KPL aggregate: a field ends beyond the record")
    return tag >> 3, message[offset:stop], stop


@lru_cache(maxsize=4_096)  # lengths of lines are few
def _encoded(number: int) -> bytes:
    """A base-128 number."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


@lru_cache(maxsize=4_096)
def _decoded(encoded: bytes) -> int:
    return _varint(encoded, 0)[0]


def _varint(message: bytes, offset: int) -> tuple[int, int]:
    """A base-128 number of at most 10 bytes (protobuf encoding guide), and where it ends."""
    if offset < len(message) and message[offset] < 0x80:
        return message[offset], offset + 1
    number = 0
    for shift, byte in enumerate(message[offset : offset + 10]):
        number |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return number, offset + shift + 1
    raise CorruptAggregate("KPL aggregate: a number does not end")
