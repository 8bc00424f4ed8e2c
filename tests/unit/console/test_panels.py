"""A panel's rows come from its aggregations, and its specification draws them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from localrun.console.panels import PANELS, Panel
from localrun.latency import UnusableAnswer

NOW = 1_700_000_004.0
PANEL = {panel.name: panel for panel in PANELS}
TEMPLATES = Path(__file__).parents[3] / "search" / "templates"

#: An answer's aggregations for every panel, as OpenSearch gives them, and the rows they are.
SAMPLES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "events": (
        {
            "time": {
                "buckets": [
                    {
                        "key_as_string": "2023-11-14T22:13:20.000Z",
                        "key": 1_700_000_000_000,
                        "doc_count": 70,
                        "dataset": {
                            "doc_count_error_upper_bound": 0,
                            "sum_other_doc_count": 0,
                            "buckets": [{"key": "app", "doc_count": 50}, {"key": "aws.alb", "doc_count": 20}],
                        },
                    },
                    {"key": 1_700_000_005_000, "doc_count": 5, "dataset": {"buckets": [{"key": "app", "doc_count": 5}]}},
                ]
            }
        },
        [
            {"time": 1_700_000_000_000, "dataset": "app", "count": 50},
            {"time": 1_700_000_000_000, "dataset": "aws.alb", "count": 20},
            {"time": 1_700_000_005_000, "dataset": "app", "count": 5},
        ],
    ),
    "latency": (
        {
            "time": {
                "buckets": [
                    {"key": 1_700_000_000_000, "doc_count": 9, "percentile": {"values": {"50.0": 2e6, "95.0": 8e6, "99.0": 9e6}}},
                    {"key": 1_700_000_005_000, "doc_count": 0, "percentile": {"values": {"50.0": None, "95.0": "NaN"}}},
                ]
            }
        },
        [
            {"time": 1_700_000_000_000, "percentile": "p50", "value": 2e6},
            {"time": 1_700_000_000_000, "percentile": "p95", "value": 8e6},
            {"time": 1_700_000_000_000, "percentile": "p99", "value": 9e6},
        ],
    ),
    "services": (
        {"service": {"buckets": [{"key": "checkout", "doc_count": 40, "failed": {"doc_count": 10}}]}},
        [{"service": "checkout", "failed": 10, "count": 40}],
    ),
    "sources": (
        {
            "source": {
                "buckets": [
                    {
                        "key": "203.0.113.9",
                        "doc_count": 5,
                        "dataset": {"buckets": [{"key": "aws.vpcflow", "doc_count": 3}, {"key": "app", "doc_count": 2}]},
                    }
                ]
            }
        },
        [
            {"source": "203.0.113.9", "dataset": "aws.vpcflow", "count": 3},
            {"source": "203.0.113.9", "dataset": "app", "count": 2},
        ],
    ),
    "statuses": (
        {
            "time": {
                "buckets": [{"key": 1_700_000_000_000, "doc_count": 9, "status": {"buckets": [{"key": 500.0, "doc_count": 9}]}}]
            }
        },
        [{"time": 1_700_000_000_000, "status": 500.0, "count": 9}],
    ),
}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_an_answer_becomes_rows(panel: Panel) -> None:
    aggregations, rows = SAMPLES[panel.name]
    assert panel.rows({"status": 200, "aggregations": aggregations}) == rows
    assert panel.rows({"status": 200}) == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_the_names_of_the_aggregations_are_the_columns(panel: Panel) -> None:
    aggregations, _ = SAMPLES[panel.name]
    asked, answered = panel.aggregations, aggregations
    while asked:
        (name,) = answered
        (name,) = asked
        asked = asked[name].get("aggs", {})
        answered = {key: value for key, value in answered[name].get("buckets", [{}])[0].items() if isinstance(value, dict)}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_a_panel_is_drawn_without_a_warning(panel: Panel, capfd: pytest.CaptureFixture[str]) -> None:
    aggregations, _ = SAMPLES[panel.name]
    specification = json.loads(json.dumps(panel.specification()))
    specification["data"]["values"] = panel.rows({"aggregations": aggregations})
    svg = vl_convert.vegalite_to_svg(specification, show_warnings=True)
    assert svg.startswith("<svg")
    assert "aria-roledescription" in svg
    assert capfd.readouterr() == ("", "")


def drawn(name: str) -> str:
    specification = PANEL[name].specification()
    specification["data"]["values"] = PANEL[name].rows({"aggregations": SAMPLES[name][0]})
    return vl_convert.vegalite_to_svg(specification)


def test_numbers_are_drawn_in_the_units_of_the_titles() -> None:
    assert "rate: 10; dataset: app" in drawn("events")  # 50 in 5 seconds
    assert "milliseconds: 2; percentile: p50" in drawn("latency")
    assert "share: 25%; service: checkout" in drawn("services")
    assert "class: 5xx" in drawn("statuses")


def test_a_search_covers_five_minutes_of_whole_steps_that_have_settled() -> None:
    search = PANEL["sources"].search(NOW)
    window = {"gte": 1_699_999_700_000, "lt": 1_700_000_000_000, "format": "epoch_millis"}
    assert search.body["query"] == {
        "bool": {"filter": [{"range": {"event.ingested": window}}, {"term": {"event.outcome": "failure"}}]}
    }
    assert search.body["size"] == 0


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_every_field_is_mapped_by_the_schema_of_all_types(panel: Panel) -> None:
    mapping = json.loads((TEMPLATES / "weir-ecs.json").read_text())["template"]["mappings"]
    for name in fields([panel.query, panel.aggregations]):
        kind = mapping
        for part in name.split("."):
            kind = kind["properties"][part]
        assert kind["type"] in {"keyword", "long", "date", "ip"}


def fields(node: Any) -> set[str]:
    """Names of fields in a query or an aggregation: values of "field", keys of "term" and "range"."""
    if isinstance(node, list):
        return {name for part in node for name in fields(part)}
    if not isinstance(node, dict):
        return set()
    found = {node["field"]} if isinstance(node.get("field"), str) else set()
    for kind in ("term", "range"):
        found |= set(node.get(kind, ()))
    return found | {name for part in node.values() for name in fields(part)}


def test_an_answer_of_some_shards_is_refused() -> None:
    with pytest.raises(UnusableAnswer, match="not all shards"):
        PANEL["events"].rows({"_shards": {"failed": 1}, "aggregations": SAMPLES["events"][0]})
