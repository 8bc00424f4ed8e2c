"""Parts of documents as finished JSON, for parts that many documents share."""

from __future__ import annotations

from typing import Any

import orjson

#: A document may be nested 254 deep, and orjson does not look into a fragment: one that could be deep is none.
_MOST_BRACKETS = 128


def fragment(part: Any) -> Any:
    """`part` as orjson writes it, or itself where it is empty or may be nested deeply. Raises orjson.JSONEncodeError for what
    cannot be written."""
    if not part:
        return part
    body = orjson.dumps(part)
    return orjson.Fragment(body) if body.count(b"{") + body.count(b"[") <= _MOST_BRACKETS else part
