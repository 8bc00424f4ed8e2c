"""What fails is seen, and is seen to be over."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from localrun.event_sources.status import Part, Status
from tests.unit.event_sources.fakes import START


def test_the_file_has_totals_and_what_fails_by_part(tmp_path: Path) -> None:
    status = Status(tmp_path / "status.json", "event_sources")
    one, two = status.part("one", function="normalise"), status.part("two")
    one.add(records=2, invokes=1)
    two.add(records=3)
    two.failed("reading", "AccessDenied", START)
    status.write(START)
    written = json.loads((tmp_path / "status.json").read_text())
    assert written["worker"] == "event_sources"
    assert written["updated"] == "2023-11-14T22:13:20.000Z"
    assert written["totals"] == {"records": 5, "invokes": 1}
    assert written["failing"] == 1
    assert written["parts"]["one"]["function"] == "normalise"
    assert written["parts"]["two"]["failing"] == {"reading": "AccessDenied"}


def test_what_recovers_no_longer_fails_but_is_remembered() -> None:
    part = Part("one", {})
    part.failed("reading", ValueError("no"), START)
    part.recovered("reading")
    found = part.snapshot()
    assert found["failing"] == {}
    assert found["last_error"] == {"at": "2023-11-14T22:13:20.000Z", "where": "reading", "text": "ValueError: no"}


def test_what_is_over_does_not_count_as_failing() -> None:
    part = Part("one", {})
    part.noted("indexing", "1 document refused", START)
    assert part.snapshot()["failing"] == {}
    assert part.snapshot()["last_error"]["text"] == "1 document refused"


def test_the_same_failure_is_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    part = Part("one", {"function": "normalise"})
    with caplog.at_level(logging.ERROR):
        for second in (0, 1, 29, 30, 31):
            part.failed("reading", "denied", START + second)
    assert [record.getMessage() for record in caplog.records] == ["normalise: reading: denied"] * 2
