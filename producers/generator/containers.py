"""Records that hold several events: CloudWatch Logs subscriptions and KPL aggregates."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from hashlib import md5

import orjson

from common.ids import log_event_id
from common.kpl import MAGIC
from producers.generator.clock import Moment
from producers.generator.world import ACCOUNT

#: Fast, as an agent would choose.
_GZIP_LEVEL = 1


def subscription(rng: random.Random, moment: Moment, group: str, messages: Sequence[str]) -> tuple[bytes, tuple[str, ...]]:
    """A CloudWatch Logs subscription's record, and the ids of its events.

    Format: CloudWatch Logs user guide, "Log group-level subscription filters".
    """
    stream = f"{moment.iso_seconds[:10].replace('-', '/')}/[$LATEST]{rng.getrandbits(128):032x}"
    # The service's own ids are 56 digits, ascending.
    first = rng.randrange(10**55, 10**56 - len(messages))
    names = [str(first + number) for number in range(len(messages))]
    content = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["weir"],
        "logEvents": [
            {"id": name, "timestamp": moment.milliseconds, "message": message}
            for name, message in zip(names, messages, strict=True)
        ],
    }
    ids = tuple(log_event_id(moment.milliseconds, ACCOUNT, group, stream, name) for name in names)
    return gzip.compress(orjson.dumps(content), _GZIP_LEVEL, mtime=0), ids


def aggregate(records: Sequence[tuple[str, bytes]]) -> bytes:
    """A KPL aggregate of (partition key, data) pairs.

    Format: amazon-kinesis-producer, `aggregation-format.md`; see `common.kpl` for the message.
    """
    keys = list(dict.fromkeys(key for key, _ in records))
    places = {key: number for number, key in enumerate(keys)}
    message = bytearray()
    for key in keys:
        message += _field(1, key.encode())
    for key, data in records:
        message += _field(3, b"\x08" + _varint(places[key]) + _field(3, data))
    return MAGIC + message + md5(message, usedforsecurity=False).digest()


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
