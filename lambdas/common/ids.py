"""Identities that survive a retry.

An id of Weir's own says first when, then where. An index looks for each new id among those it has, and passes over a segment with
ids of an earlier time only; an id without order it looks for in every one.
"""

from __future__ import annotations

import string
from functools import lru_cache
from hashlib import blake2b

from pybase64 import b64encode_as_string

#: 96 bits, which base64 writes in 16 characters.
DIGEST_BYTES = 12
#: 72 bits, in 12 characters. Only ids of the same moment can be the same: of the 10^10 events of a day of 5 TB, two are once in
#: 60 million days, and of a hundred times as many once in 6,000.
PLACE_BYTES = 9
#: A moment is so many milliseconds, as a power of two.
_MOMENT_BITS = 6
_MOMENT_CHARACTERS = 6
#: In the order in which an index has them.
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: What stands for the two characters that base64 has beside letters and digits, each of which is awkward somewhere: `+` and `/`
#: in the path of a request; `-` in a query string of OpenSearch's, where it excludes what it stands before; `_` before names of
#: its API, for which gateways take such an id (https://github.com/opensearch-project/opensearch-js/issues/1063). Letters cost
#: 1.1 of the 72 bits, which the figures above know.
_FOR_OTHERS = b"Aa"


def digest(text: str) -> str:
    """A name for `text` of 16 letters and digits: short, and long enough never to collide."""
    return written(blake2b(text.encode(), digest_size=DIGEST_BYTES).digest())


def written(digest: bytes) -> str:
    """Bytes, three for four characters, as letters and digits."""
    return b64encode_as_string(digest, _FOR_OTHERS)


def moment(milliseconds: int) -> str:
    """Epoch milliseconds in 6 letters and digits that sort by time, to 64 ms."""
    return _moment(milliseconds >> _MOMENT_BITS)


@lru_cache(maxsize=4_096)
def _moment(number: int) -> str:
    digits = ""
    for _ in range(_MOMENT_CHARACTERS):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def event_id(arrival_ms: int, stream: str, shard: str, sequence: str, position: str) -> str:
    """The id of an event that brings none, of 18 letters and digits: when its record arrived, and where.

    A retry reads the record at the same place and so makes the same id; an identical line elsewhere makes another.
    `position` is "0" for a plain record, the index of a record in a KPL aggregate, and "<position>.<index>" for one of
    several events in one record.
    """
    place = f"{stream}/{shard}:{sequence}"
    return moment(arrival_ms) + _place(place if position == "0" else f"{place}/{position}")


def log_event_id(time_ms: int, owner: str, log_group: str, log_stream: str, log_event: str) -> str:
    """The id of CloudWatch log event `log_event`: the service may deliver it twice, in records of different coordinates."""
    # No name holds a line break, so no two log events join to the same text.
    return moment(time_ms) + _place(f"{owner}\n{log_group}\n{log_stream}\n{log_event}")


def timeless(event_id: str) -> str:
    """An id without its moment, which who knows only the place cannot know; what is no id of Weir's own stays as it is."""
    return event_id[_MOMENT_CHARACTERS:] if len(event_id) == _MOMENT_CHARACTERS + PLACE_BYTES * 4 // 3 else event_id


def _place(text: str) -> str:
    return written(blake2b(text.encode(), digest_size=PLACE_BYTES).digest())
