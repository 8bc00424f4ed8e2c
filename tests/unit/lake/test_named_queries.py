"""Named queries are files that say what they answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.named_queries import NamedQuery, NoDescription, named_queries


def test_a_file_is_a_query_of_its_name_and_first_comment(tmp_path: Path) -> None:
    (tmp_path / "b_query.sql").write_text("--  What b is.  \nSELECT 2\n")
    (tmp_path / "a_query.sql").write_text("-- What a is.\n-- More of it.\nSELECT 1\n")
    (tmp_path / "notes.md").write_text("no query")
    assert list(named_queries(tmp_path).values()) == [
        NamedQuery("a_query", "What a is.", "-- What a is.\n-- More of it.\nSELECT 1\n"),
        NamedQuery("b_query", "What b is.", "--  What b is.  \nSELECT 2\n"),
    ]


@pytest.mark.parametrize("text", ["SELECT 1\n", "--\nSELECT 1\n", ""])
def test_a_query_that_does_not_say_what_it_answers_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "some.sql").write_text(text)
    with pytest.raises(NoDescription, match=r"some\.sql: its first line must be a comment"):
        named_queries(tmp_path)
