"""Parts of load balancers' access log entries as finished JSON. They are remembered: clients, targets, seconds and latencies come
again and again.

An entry with a part that is none of these is read field by field by its type, which says what is wrong.
"""

from __future__ import annotations

import re
from typing import Any

from common.cache import Cache
from common.kinds import is_ip
from common.logtype import PORT
from common.web_access import outcome

_LONGEST_NUMBER = 18
_ENDPOINT = re.compile(rf"\[?([0-9a-f.:]+)\]?:({PORT})")
_SECONDS = re.compile(r"(?:0|[1-9][0-9]{0,8})\.[0-9]{1,9}", re.ASCII)
_STATUS = re.compile("[1-5][0-9]{2}")
PLAIN_REQUEST = re.compile(rf"([A-Z]+) ([a-z]+)://([^/:?#\[\s]+):({PORT})(/[^?\s]*)(?:\?(\S+)?)? HTTP/([0-9.]+)")


def groups(pattern: re.Pattern[str], value: str) -> tuple[Any, ...]:
    """What `pattern` finds in `value`. Raises ValueError."""
    match = pattern.fullmatch(value)
    if match is None:
        raise ValueError(value)
    return match.groups()


def request_parts(request: str) -> tuple[Any, ...]:
    """Method, scheme, host, port, path, query or None, and HTTP version, in which there may be what JSON escapes. Raises
    ValueError."""
    return groups(PLAIN_REQUEST, request)


def is_count(value: str) -> bool:
    """Whether it is a number as JSON and the index take it."""
    return value.isdigit() and value.isascii() and len(value) <= _LONGEST_NUMBER and (value[0] != "0" or value == "0")


def _end(value: str) -> str:
    ip, port = groups(_ENDPOINT, value)
    if not is_ip(ip):
        raise ValueError(value)
    return f'{{"ip":"{ip}","port":{port}}}'


def _took(value: str) -> float:
    groups(_SECONDS, value)
    return float(value)


def _answered(value: str) -> str:
    groups(_STATUS, value)
    return outcome(int(value))


#: Of an address and a port: members of `source` and `destination`. This and the others raise ValueError.
END = Cache(_end)
#: Of seconds: the number.
TOOK = Cache(_took)
#: Of a status: `event.outcome`.
OUTCOME = Cache(_answered, 512)
