"""Identities that survive a retry."""

from __future__ import annotations

from hashlib import blake2b

from pybase64 import b64encode_as_string

#: 96 bits, which base64 writes in 16 characters: of the 10^12 events of a day of 500 TB, two share an id once in 150,000 days.
DIGEST_BYTES = 12


def digest(text: str) -> str:
    """A name for `text` of 16 characters of base64url: short enough to index, long enough never to collide."""
    return written(blake2b(text.encode(), digest_size=DIGEST_BYTES).digest())


def written(digest: bytes) -> str:
    """DIGEST_BYTES as an id."""
    return b64encode_as_string(digest, b"-_")


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
