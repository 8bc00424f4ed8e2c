"""jq programs that only take fields, e.g. `{dataset: .event.dataset, day: .event.ingested[0:10]}`, as look-ups."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import msgspec

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

    decode = msgspec.json.Decoder(_shape(path for _, path, _ in wanted)).decode
    takes = [(name, attrgetter(".".join(map(_attribute, path))), part) for name, path, part in wanted]

    def find(data: bytes) -> dict[str, str] | None:
        try:
            record = decode(data)
            found = {name: take(record)[part] for name, take, part in takes}
        except (msgspec.DecodeError, AttributeError, TypeError):  # another type, an object that is not there, a null
            return None
        return found if all(found.values()) else None

    return find


def _shape(paths: Iterable[tuple[str, ...]]) -> Any:
    """The type of a record of which only what is at `paths` is read, each a text."""
    below: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in paths:
        below.setdefault(first, []).append(tuple(rest))
    fields = [(_attribute(name), (str if () in rest else _shape(rest)) | None, None) for name, rest in below.items()]
    return msgspec.defstruct("Record", fields, rename={_attribute(name): name for name in below}, gc=False)


def _attribute(key: str) -> str:
    """A key may be a word of Python's."""
    return f"at_{key}"


def _place(text: str | None) -> int | None:
    return int(text) if text else None
