"""Who is asked about which value of an event, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from common.enrichment.enricher import LONGEST, Add, Look, additions, beside, members
from common.logtype import JsonObject


class Asked:
    """Knows every text, and notes which it was asked about."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def known(self, text: str) -> Add | None:
        self.texts.append(text)
        return beside({"known": text})


def each(value: Any) -> Iterable[str]:
    return [str(item) for item in value] if isinstance(value, list) else ()


@pytest.mark.parametrize(
    ("path", "document", "texts"),
    [
        (("message",), {"message": "m"}, ["m"]),
        (("user", "name"), {"user": {"name": "ana"}}, ["ana"]),
        (("cloud", "account", "id"), {"cloud": {"account": {"id": "1"}}}, ["1"]),
        (("user", "name"), {"user": {"name": "x" * LONGEST}}, ["x" * LONGEST]),
        (("user", "name"), {"user": {"name": "x" * (LONGEST + 1)}}, []),
        (("user", "name"), {"user": {"name": ["a", 7]}}, ["a", "7"]),
        *((("user", "name"), {"user": user}, []) for user in ({}, "ana", None, {"name": None}, {"name": {"a": 1}}, ["name"])),
    ],
)
def test_the_text_at_the_place_is_asked_about(path: tuple[str, ...], document: JsonObject, texts: list[str]) -> None:
    asked = Asked()
    additions([Look(path, asked.known, each)])(document)
    assert asked.texts == texts


def test_what_is_known_stands_beside_the_value_but_for_what_the_event_has() -> None:
    document: JsonObject = {"source": {"ip": "203.0.113.9", "geo": "own"}}
    additions([Look(("source", "ip"), lambda _: beside({"geo": "known", "as": "known"}))])(document)
    assert document == {"source": {"ip": "203.0.113.9", "geo": "own", "as": "known"}}
    assert beside({}) is None


def test_a_look_that_builds_on_others_comes_after_them() -> None:
    def note(name: str) -> Any:
        return lambda _: lambda document, holder: document["order"].append(name)

    one, other = ("source", "ip"), ("cloud", "account")
    looks = [Look(one, note("a")), Look(other, note("b")), Look(one, note("c")), Look(one, note("d"), in_turn=True)]
    document: JsonObject = {"source": {"ip": "x"}, "cloud": {"account": "y"}, "order": []}
    additions(looks)(document)
    assert document["order"] == ["a", "c", "b", "d"]


def test_the_members_of_an_event_that_looks_need() -> None:
    look = Asked().known
    assert members([Look(("cloud", "account", "id"), look, adds="labels"), Look(("source", "ip"), look)]) == {
        "cloud",
        "labels",
        "source",
    }
