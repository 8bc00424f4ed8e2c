"""The panels are searched for when they are asked for, and no more often than the index can bear."""

from __future__ import annotations

from localrun.console.dashboard import REFRESH_SECONDS, SHARE, Dashboard
from localrun.console.panels import PANELS
from tests.unit.console.fakes import FakeIndex
from tests.unit.console.test_panels import SAMPLES
from tests.unit.event_sources.fakes import START, FakeClock


def filled(index: FakeIndex) -> None:
    index.aggregations = [{"aggregations": SAMPLES[panel.name][0]} for panel in PANELS]


def test_all_panels_are_one_call_and_kept_for_a_while() -> None:
    index, clock = FakeIndex(), FakeClock()
    dashboard = Dashboard(index, clock)
    filled(index)
    answer = dashboard.answer()
    assert [panel["name"] for panel in answer["panels"]] == ["events", "latency", "services", "sources", "statuses"]
    assert [panel["rows"] for panel in answer["panels"]] == [SAMPLES[panel.name][1] for panel in PANELS]
    assert answer["panels"][0]["spec"]["data"] == {"name": "rows"}
    assert (answer["problem"], answer["refresh_seconds"]) == (None, REFRESH_SECONDS)
    clock.time += REFRESH_SECONDS - 1
    assert dashboard.answer()["panels"] == answer["panels"]
    assert len(index.calls) == 1
    clock.time += 1
    filled(index)
    dashboard.answer()
    assert len(index.calls) == 2


def test_searches_that_take_long_are_made_less_often() -> None:
    clock = FakeClock()

    class Slow(FakeIndex):
        def request(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> tuple[int, bytes]:
            clock.time += 2
            return super().request(method, path, body, content_type)

    index = Slow()
    filled(index)
    assert Dashboard(index, clock).answer()["refresh_seconds"] == 2 / SHARE - 2


def test_an_index_that_is_down_leaves_no_old_rows() -> None:
    index, clock = FakeIndex(), FakeClock()
    dashboard = Dashboard(index, clock)
    filled(index)
    dashboard.answer()
    index.down = True
    clock.time += REFRESH_SECONDS
    answer = dashboard.answer()
    assert answer["problem"] == {
        "what": "panels",
        "since": START + REFRESH_SECONDS,
        "text": "http://127.0.0.1:2 does not answer: refused",
    }
    assert [panel["rows"] for panel in answer["panels"]] == [[]] * len(PANELS)
    index.down = False
    filled(index)
    clock.time += REFRESH_SECONDS
    assert dashboard.answer()["problem"] is None


def test_a_panel_that_is_refused_says_so_alone() -> None:
    index = FakeIndex()
    filled(index)
    index.aggregations[1] = {"error": {"root_cause": [{"reason": "too many buckets"}]}}
    panels = Dashboard(index, FakeClock()).answer()["panels"]
    assert [panel["problem"] for panel in panels] == [None, "refused: too many buckets", None, None, None]
    assert panels[1]["rows"] == []
    assert panels[2]["rows"] != []
