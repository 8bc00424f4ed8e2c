"""Identities that survive a retry."""

from __future__ import annotations

from hashlib import blake2b

from pybase64 import b64encode_as_string

#: 96 bits, which base64 writes in 16 characters: of the 10^10 events of a day of 5 TB, two share an id once in 600 million days,
#: and of a hundred times as many once in 60,000 days.
DIGEST_BYTES = 12
#: What stands for the two characters that base64 has beside letters and digits, each of which is awkward somewhere: `+` and `/`
#: in the path of a request; `-` in a query string of OpenSearch's, where it excludes what it stands before; `_` before names of
#: its API, for which gateways take such an id (https://github.com/opensearch-project/opensearch-js/issues/1063). Letters cost
#: 1.4 of the 96 bits, which the figures above know.
_FOR_OTHERS = b"Aa"


def digest(text: str) -> str:
    """A name for `text` of 16 letters and digits: short enough to index, long enough never to collide."""
    return written(blake2b(text.encode(), digest_size=DIGEST_BYTES).digest())


def written(digest: bytes) -> str:
    """DIGEST_BYTES as an id."""
    return b64encode_as_string(digest, _FOR_OTHERS)


def event_id(stream: str, shard: str, sequence: str, position: str) -> str:
    """The id of an event that brings none: where it came from.

    A retry reads the record at the same place and so makes the same id; an identical line elsewhere makes another.
    `position` is "0" for a plain record, the index of a record in a KPL aggregate, and "<position>.<index>" for one of
    several events in one record.
    """
    place = f"{stream}/{shard}:{sequence}"
    return digest(place if position == "0" else f"{place}/{position}")


def log_event_id(owner: str, log_group: str, log_stream: str, log_event: str) -> str:
    """The id of CloudWatch log event `log_event`: the service may deliver it twice, in records of different coordinates."""
    # No name holds a line break, so no two log events join to the same text.
    return digest(f"{owner}\n{log_group}\n{log_stream}\n{log_event}")
