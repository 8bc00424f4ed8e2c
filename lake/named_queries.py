"""Named queries: `queries/<name>.sql`, whose first line is a comment that says what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

QUERIES = Path(__file__).resolve().parent / "queries"


class NoDescription(ValueError):
    """A file that does not begin with a comment."""


@dataclass(frozen=True, slots=True)
class NamedQuery:
    name: str
    description: str
    sql: str
    """The whole file: a comment is SQL too."""


def named_queries(directory: Path = QUERIES) -> dict[str, NamedQuery]:
    """By name, sorted. Raises NoDescription."""
    found = {}
    for file in sorted(directory.glob("*.sql")):
        sql = file.read_text("utf-8")
        first = sql.partition("\n")[0].strip()
        description = first.removeprefix("--").strip()
        if not first.startswith("--") or not description:
            raise NoDescription(f"{file}: its first line must be a comment that says what the query answers: -- …")
        found[file.stem] = NamedQuery(file.stem, description, sql)
    return found
