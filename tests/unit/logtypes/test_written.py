"""What is written from the registry is what stands in the project."""

from __future__ import annotations

from search import log_types_page, templates


def test_the_index_templates_are_current() -> None:
    assert {path.name for path in templates.FOLDER.glob("logs*.json")} == {
        name for name in templates.texts() if name.startswith("logs")
    }
    for name, text in templates.texts().items():
        assert (templates.FOLDER / name).read_text(encoding="utf-8") == text, "run: ./weir log-types --write"


def test_the_page_is_current() -> None:
    assert log_types_page.PAGE.read_text(encoding="utf-8") == log_types_page.text(), "run: ./weir log-types --write"
