"""JSON by orjson where the records pass: the emulator spent a quarter of its time on it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import orjson
from ministack.core import iam_actions, lambda_runtime, responses
from ministack.services import kinesis, lambda_svc

from localrun.emulator.layout import replace

#: The checks of a request and its handler each read its body. From this size on they get what the first of them read.
SHARED_BYTES = 4_096
_shared: tuple[Any, Any] = (object(), None)

#: What the standard library refuses to write must not be written here either.
_AS_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def correct() -> None:
    fast = SimpleNamespace(**vars(json) | {"loads": loads, "dumps": dumps})
    for module in (iam_actions, kinesis, lambda_runtime, lambda_svc, responses):
        replace(module, "json", fast)


def loads(text: Any, **options: Any) -> Any:
    """`json.loads`; what only the standard library reads (NaN, huge numbers), it reads."""
    global _shared
    body, value = _shared
    if text is body:
        return value
    if not options:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return json.loads(text)
        if isinstance(text, bytes) and len(text) >= SHARED_BYTES:
            _shared = text, value
        return value
    return json.loads(text, **options)


def dumps(value: Any, **options: Any) -> str:
    """`json.dumps`; what only the standard library writes, and what it would write with escapes, it writes."""
    if options in ({}, {"ensure_ascii": False}):
        try:
            text = orjson.dumps(value, option=_AS_STRICT).decode()
        except orjson.JSONEncodeError:
            return json.dumps(value, **options)
        if options or text.isascii():
            return text
    return json.dumps(value, **options)
