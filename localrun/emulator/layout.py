"""MiniStack's inner names and forms this project relies on."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NoReturn

#: A stream of its Kinesis, one of the stream's `shards`, and what a handler answers: status, headers, body.
Stream = dict[str, Any]
Shard = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]


def require(owner: ModuleType | type, name: str) -> Any:
    """The attribute `name` of a MiniStack module or class; ends the emulator when there is none, so that no fault stays."""
    found = getattr(owner, name, None)
    if found is None:
        end(f"{owner.__name__}.{name}")
    return found


def substitute(owner: ModuleType, name: str, old: str, new: str) -> str:
    """The text `owner.name` with `new` for `old`, which is in it once; ends the emulator when it is not."""
    text: str = require(owner, name)
    if text.count(old) != 1:
        end(f"`{old}` in {owner.__name__}.{name}")
    return text.replace(old, new)


def replace(owner: ModuleType | type, name: str, replacement: Any) -> Any:
    """Put `replacement` in the place of `owner.name`; returns what was there."""
    original = require(owner, name)
    setattr(owner, name, replacement)
    return original


def end(missing: str) -> NoReturn:
    sys.exit(f"this MiniStack has no {missing}, which localrun/emulator corrects: review it for this version")
