"""What is wrong with one value of an environment, and where it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass

#: Where a value stands: ("alerting", "emails", 0).
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """`text` says what is wrong and what to do; `path` is empty for the whole document."""

    path: Path
    text: str

    @property
    def dotted(self) -> str:
        """The path as it is written in messages: `alerting.emails[0]`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in self.path).removeprefix(".")


def _key(key: str) -> str:
    return key if key.isprintable() and key.strip() else json.dumps(key)


def shown(value: object) -> str:
    """A value as a message shows it: short, and on one line."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
