"""Many events in one record of `events`, as the Kinesis Producer Library puts records together.

A shard takes 1,000 records a second, an on-demand stream bills a whole kilobyte for each, and a reader spends more on one than on
an event. What goes together has its partition key's hash in one bucket of equal ones, under a hash key of the bucket's own: all
events of a key stay on one shard and in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import md5

from common import kpl
from common.streams import Entry

#: As the library by default: two of the units of 25 KB that a provisioned stream bills, and little to hold for a reader.
MOST_BYTES = 50 * 1_024
#: Events that arrived further apart, in seconds, do not go together. By so much more does a reader see keys out of order,
#: and an application on Apache Flink drops what is later than it waits for.
MOST_SECONDS = 0.5
#: At most so much more than an event and its partition key has a record of it alone: the bucket's name, its hash key, and the
#: frame.
FRAME_BYTES = 128
_HASH_BITS = 128


def aggregated(entries: Sequence[Entry], arrivals: Sequence[float], buckets: int) -> list[Entry]:
    """`entries`, which are in the order of their sources, in as few records as that takes.

    `arrivals` are those of the sources, epoch seconds. `buckets` is a power of two.
    """
    shift = _HASH_BITS - (buckets.bit_length() - 1)
    records: list[Entry] = []
    groups: defaultdict[int, list[Entry]] = defaultdict(list)
    until = 0.0
    for entry in entries:
        arrived = arrivals[entry.source]
        if arrived > until:
            records += _records(groups, shift)
            groups.clear()
            until = arrived + MOST_SECONDS
        groups[_hash_key(entry.partition_key) >> shift].append(entry)
    return [*records, *_records(groups, shift)]


def _records(groups: dict[int, list[Entry]], shift: int) -> Iterator[Entry]:
    for bucket, group in groups.items():
        hash_key = str(bucket << shift)
        for part in _parts(group):
            data = kpl.aggregate([(entry.partition_key, entry.data) for entry in part], hash_key)
            yield Entry(data, f"{bucket:x}", part[0].source, hash_key, len(part))


def _parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    """`entries` in order, cut so that each part has at most MOST_BYTES, or is one that has more by itself."""
    begin = size = 0
    for number, entry in enumerate(entries):
        size += len(entry.data)
        if size > MOST_BYTES and number > begin:
            yield entries[begin:number]
            begin, size = number, len(entry.data)
    yield entries[begin:]


def _hash_key(partition_key: str) -> int:
    """Where in a stream Kinesis puts it (API reference, PutRecords)."""
    return int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest())
