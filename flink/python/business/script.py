"""The SQL files of this package: statements that know where they begin, with the application's settings in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

#: What Flink's parser and validator say of a place: "at line 3, column 7".
PLACE = re.compile(r"\bline (\d+)", re.IGNORECASE)
_END = re.compile(r";[ \t]*(?:\n|$)")
_SETTING = re.compile(r"\$\{([a-z.-]+)\}")
_COMMENT = re.compile(r"\s*--.*")


class ConfigurationError(Exception):
    """What the application was given cannot be run; says what, where, and why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    file: str
    line: int
    """Of the file on which it begins, from 1."""
    text: str

    @property
    def inserts(self) -> bool:
        return self.text.upper().startswith("INSERT")

    def wrong(self, told: str) -> ConfigurationError:
        """What Flink says of this statement, with file and line."""
        place = PLACE.search(told)
        line = self.line + (int(place[1]) - 1 if place else 0)
        return ConfigurationError(f"{self.file}:{line}: {told}")


def files() -> list[str]:
    """Names of the SQL files, in the order in which they are run."""
    return sorted(file.name for file in resources.files("business").joinpath("sql").iterdir() if file.name.endswith(".sql"))


def read(file: str, setting: Callable[[str], int]) -> list[Statement]:
    """The statements of a file; `setting` gives the whole number that takes the place of a key."""
    return list(split(file, resources.files("business").joinpath("sql", file).read_text(encoding="utf-8"), setting))


def split(file: str, text: str, setting: Callable[[str], int]) -> Iterator[Statement]:
    """The statements of a text; each ends with a semicolon that ends its line.

    `${amount.least-payments}` is the setting of that key, and `${future.interval}` that of `future.seconds` as an interval.
    """

    def value(found: re.Match[str]) -> str:
        name, _, last = found[1].rpartition(".")
        return _interval(setting(f"{name}.seconds")) if last == "interval" else str(setting(found[1]))

    start = 0
    for end in [match.start() for match in _END.finditer(text)] + [len(text)]:
        lines = text[start:end].splitlines()
        line = text.count("\n", 0, start) + 1
        while lines and (not lines[0].strip() or _COMMENT.fullmatch(lines[0])):
            del lines[0]
            line += 1
        if lines:
            yield Statement(file, line, _SETTING.sub(value, "\n".join(lines)).strip())
        start = end + 1


def _interval(seconds: int) -> str:
    """So many seconds as a literal: Flink takes no more than three digits of any one unit."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    return f"INTERVAL '{days} {hours:02}:{rest // 60:02}:{rest % 60:02}' DAY(3) TO SECOND"
