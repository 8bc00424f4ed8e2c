"""jq programs that only take fields, e.g. `{dataset: .event.dataset, day: .event.ingested[0:10]}`, as look-ups."""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson

_PAIR = re.compile(
    r"\s*(?P<quote>\"?)(?P<name>[A-Za-z_]\w*)(?P=quote)\s*:"
    r"\s*(?P<path>(?:\.[A-Za-z_]\w*)+)(?:\[(?P<start>\d*):(?P<end>\d*)\])?\s*",
    re.ASCII,
)


def look_ups(program: str) -> Callable[[bytes], dict[str, str] | None] | None:
    """What gives the fields of a record as the program does, where each is a text that is not empty; None for any other record,
    of which jq decides. None for a program that does more."""
    text = program.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    pairs = [_PAIR.fullmatch(pair) for pair in text[1:-1].split(",")]
    wanted = [
        (pair["name"], tuple(pair["path"][1:].split(".")), slice(_place(pair["start"]), _place(pair["end"])))
        for pair in pairs
        if pair is not None and (pair["start"], pair["end"]) != ("", "")
    ]
    if len(wanted) < len(pairs):
        return None

    def find(data: bytes) -> dict[str, str] | None:
        try:
            record = orjson.loads(data)
        except orjson.JSONDecodeError:
            return None
        found = {}
        for name, path, part in wanted:
            value = record
            for key in path:
                if type(value) is not dict:
                    return None
                value = value.get(key)
            if type(value) is not str or not (value := value[part]):
                return None
            found[name] = value
        return found

    return find


def _place(text: str | None) -> int | None:
    return int(text) if text else None
