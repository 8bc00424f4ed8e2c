"""Identities that survive a retry."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b


def digest(text: str) -> str:
    """128 bits of `text` as 22 URL-safe characters: short enough to index, long enough never to collide."""
    return digest_of(blake2b(text.encode(), digest_size=16).digest())


def digest_of(hashed: bytes) -> str:
    """128 bits as 22 URL-safe characters."""
    return urlsafe_b64encode(hashed)[:22].decode("ascii")


def event_id(stream: str, shard: str, sequence: str, position: str) -> str:
    """The id of an event that brings none: where it came from.

    A retry reads the record at the same place and so makes the same id; an identical line elsewhere makes another.
    `position` is "0" for a plain record, the index of a record in a KPL aggregate, and "<position>.<index>" for one of
    several events in one record.
    """
    return digest(f"{stream}/{shard}/{sequence}/{position}")


def log_event_id(owner: str, log_group: str, log_stream: str, log_event: str) -> str:
    """The id of CloudWatch log event `log_event`: the service may deliver it twice, in records of different coordinates."""
    # No name holds a line break, so no two log events join to the same text.
    return digest(f"{owner}\n{log_group}\n{log_stream}\n{log_event}")
