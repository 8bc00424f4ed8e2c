"""What a user agent is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.enrichment.enricher import LONGEST
from common.enrichment.user_agent import UserAgents

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)


def agent(original: Any, **own: Any) -> dict[str, Any]:
    document = {"user_agent": {"original": original, **own}}
    UserAgents(100).apply(document)
    found: dict[str, Any] = orjson.loads(orjson.dumps(document))["user_agent"]
    del found["original"]
    return found


def test_a_browser_on_a_phone() -> None:
    assert agent(IPHONE) == {
        "name": "Mobile Safari",
        "version": "17.5",
        "os": {"name": "iOS", "version": "17.5"},
        "device": {"name": "iPhone"},
    }


def test_a_tool() -> None:
    assert agent("aws-cli/2.15.30 Python/3.11.8 Linux/5.10") == {
        "name": "aws-cli",
        "version": "2.15.30",
        "os": {"name": "Linux", "version": "5.10"},
    }


@pytest.mark.parametrize("original", ["-", "", "x" * (LONGEST + 1), 7, None])
def test_what_is_none(original: Any) -> None:
    assert agent(original) == {}


def test_what_the_record_says_itself_stays() -> None:
    assert agent("curl/8.5.0", name="my curl") == {"name": "my curl", "version": "8.5.0"}


def test_it_is_looked_up_once() -> None:
    agents = UserAgents(100)
    for _ in range(3):
        agents.apply({"user_agent": {"original": "curl/8.5.0"}})
    agents.apply({"user_agent": "curl"})
    agents.apply({})
    assert agents.counts() == (2, 1, 0, 0)
