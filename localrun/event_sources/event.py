"""The payload a function receives.

Source: Lambda developer guide, "Using Lambda to process records from Amazon Kinesis Data Streams".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from pybase64 import b64encode_as_string

from localrun.event_sources.mapping import Mapping
from localrun.event_sources.shards import StreamRecord

#: Request limit of a synchronous invocation, 6 MB (Lambda developer guide, "Lambda quotas").
PAYLOAD_LIMIT = 6 * 2**20

_HEAD, _TAIL = b'{"Records":[', b"]}"
#: What a payload has beside its records.
ENVELOPE_BYTES = len(_HEAD) + len(_TAIL)


class Item(NamedTuple):
    """A record on its way to the function, encoded once however often it is sent."""

    ordinal: int
    """Its place in its shard, counted by this run."""
    sequence: str
    arrival: float
    """Seconds since the epoch."""
    body: bytes

    @property
    def size(self) -> int:
        """Its share of the payload, the comma included."""
        return len(self.body) + 1


class Encoder:
    """Encodes the records of one shard for one mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._tail = (
            f'"eventName":"aws:kinesis:record","invokeIdentityArn":{json.dumps(mapping.role_arn)},'
            f'"awsRegion":{json.dumps(mapping.region)},"eventSourceARN":{json.dumps(mapping.stream_arn)}}}'
        )

    def encode(self, record: StreamRecord) -> bytes:
        """One element of `Records`."""
        return (
            f'{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":{encode_basestring_ascii(record.partition_key)},'
            f'"sequenceNumber":"{record.sequence}","data":"{b64encode_as_string(record.data)}",'
            f'"approximateArrivalTimestamp":{record.arrival:.3f}}},"eventSource":"aws:kinesis","eventVersion":"1.0",'
            f'"eventID":"{record.shard}:{record.sequence}",{self._tail}'
        ).encode()


def payload(items: Iterable[Item]) -> bytes:
    """The whole event."""
    return _HEAD + b",".join(item.body for item in items) + _TAIL
