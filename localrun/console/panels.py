"""The panels of the dashboard, each written once as data and compiled to an OpenSearch search and a Vega-Lite specification.

The names of a panel's aggregations are the columns of its rows, and its encodings name these columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localrun.console.engines import Search
from localrun.latency import need_whole

WINDOW_SECONDS = 300
STEP_SECONDS = 5
#: What arrived in the last seconds is still on its way to the index: a last step without it would look like a fall.
SETTLE_SECONDS = 3.0

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ANSWER_PATHS = ("error", "timed_out", "_shards.failed", "aggregations")

_OVER_TIME = {"date_histogram": {"field": "event.ingested", "fixed_interval": f"{STEP_SECONDS}s", "min_doc_count": 1}}
_HAS_STATUS = {"exists": {"field": "http.response.status_code"}}
_TIME_AXIS = {
    "field": "time",
    "type": "temporal",
    "title": None,
    "scale": {"type": "utc"},
    "axis": {"format": "%H:%M", "tickCount": 6},
}
#: By name, not by order: a dataset or a class has one colour in all panels, whichever others are there.
_DATASETS = {
    "field": "dataset",
    "type": "nominal",
    "title": None,
    "scale": {"domain": ["app", "aws.alb", "aws.cloudtrail", "aws.guardduty", "aws.vpcflow"]},
}
_CLASS_COLOURS = {"domain": ["1xx", "2xx", "3xx", "4xx", "5xx"], "range": ["#8a8f98", "#3f9c6b", "#4c78a8", "#d99a2b", "#d1495b"]}


def _terms(name: str, size: int, **inside: Any) -> dict[str, Any]:
    return {"terms": {"field": name, "size": size}} | ({"aggs": inside} if inside else {})


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One chart over the documents that arrived in the last WINDOW_SECONDS."""

    name: str
    title: str
    indices: str
    """Index family it reads."""
    aggregations: Mapping[str, Any]
    mark: Mapping[str, Any]
    encoding: Mapping[str, Any]
    """Vega-Lite encodings over the columns of the rows."""
    query: Mapping[str, Any] = field(default_factory=lambda: {"match_all": {}})
    calculate: Mapping[str, str] = field(default_factory=dict)
    """Columns made of others, as Vega expressions."""

    def search(self, now: float) -> Search:
        """The search at epoch second `now`, whole steps only."""
        end = int((now - SETTLE_SECONDS) // STEP_SECONDS * STEP_SECONDS)
        window = {"gte": (end - WINDOW_SECONDS) * 1000, "lt": end * 1000, "format": "epoch_millis"}
        query = {"bool": {"filter": [{"range": {"event.ingested": window}}, self.query]}}
        return Search(self.indices, {"size": 0, "track_total_hits": False, "query": query, "aggs": self.aggregations})

    def specification(self) -> dict[str, Any]:
        """Vega-Lite; its data is named "rows" and given by the page."""
        return {
            "$schema": SCHEMA,
            "width": "container",
            "height": 190,
            "autosize": {"type": "fit", "contains": "padding", "resize": True},
            "data": {"name": "rows"},
            "transform": [{"calculate": formula, "as": column} for column, formula in self.calculate.items()],
            "mark": self.mark,
            "encoding": self.encoding,
        }

    def rows(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One row a bucket, or a percentile in it: the columns, and `count` or `value`. Raises UnusableAnswer."""
        need_whole(answer)
        return list(_rows(answer.get("aggregations", {}), {}))


def _rows(results: Mapping[str, Any], row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The leaves of nested buckets, each with the keys on the way to it."""
    for name, result in results.items():
        if "buckets" in result:
            for bucket in result["buckets"]:
                yield from _bucket_rows(bucket, row | {name: bucket["key"]})
        elif "values" in result:
            for percent, value in result["values"].items():
                if isinstance(value, int | float):  # none of an empty bucket
                    yield row | {name: f"p{float(percent):g}", "value": value}


def _bucket_rows(bucket: Mapping[str, Any], row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    inside = {name: result for name, result in bucket.items() if isinstance(result, dict)}
    # A filter's result has no buckets of its own: how many it lets through is one more column.
    filtered = {name: result["doc_count"] for name, result in inside.items() if "doc_count" in result and "buckets" not in result}
    deeper = {name: result for name, result in inside.items() if name not in filtered}
    if deeper:
        yield from _rows(deeper, row | filtered)
    else:
        yield row | filtered | {"count": bucket["doc_count"]}


PANELS = (
    Panel(
        name="events",
        title="Events a second, by dataset",
        indices="logs-*",
        aggregations={"time": _OVER_TIME | {"aggs": {"dataset": _terms("event.dataset", 10)}}},
        calculate={"rate": f"datum.count / {STEP_SECONDS}"},
        mark={"type": "area", "tooltip": True},
        encoding={
            "x": _TIME_AXIS,
            "y": {"field": "rate", "type": "quantitative", "title": None, "stack": "zero", "axis": {"format": "~s"}},
            "color": _DATASETS,
        },
    ),
    Panel(
        name="latency",
        title="Application latency in milliseconds",
        indices="logs-app-*",
        query={"exists": {"field": "event.duration"}},
        aggregations={
            "time": _OVER_TIME | {"aggs": {"percentile": {"percentiles": {"field": "event.duration", "percents": [50, 95, 99]}}}}
        },
        calculate={"milliseconds": "datum.value / 1e6"},  # event.duration is in nanoseconds
        mark={"type": "line", "tooltip": True, "strokeWidth": 2},
        encoding={
            "x": _TIME_AXIS,
            "y": {"field": "milliseconds", "type": "quantitative", "title": None, "axis": {"format": "~s"}},
            "color": {"field": "percentile", "type": "nominal", "title": None},
        },
    ),
    Panel(
        name="services",
        title="Share of HTTP 5xx, by service",
        indices="logs-app-*",
        query=_HAS_STATUS,
        aggregations={
            "service": _terms("service.name", 10, failed={"filter": {"range": {"http.response.status_code": {"gte": 500}}}})
        },
        calculate={"share": "datum.failed / datum.count"},
        mark={"type": "bar", "tooltip": True, "color": "#d1495b"},
        encoding={
            "y": {"field": "service", "type": "nominal", "title": None, "sort": "-x"},
            "x": {"field": "share", "type": "quantitative", "title": None, "axis": {"format": ".1~%", "tickCount": 5}},
        },
    ),
    Panel(
        name="sources",
        title="Source addresses with most failures",
        indices="logs-*",
        query={"term": {"event.outcome": "failure"}},
        aggregations={"source": _terms("source.ip", 10, dataset=_terms("event.dataset", 10))},
        mark={"type": "bar", "tooltip": True},
        encoding={
            "y": {
                "field": "source",
                "type": "nominal",
                "title": None,
                "sort": {"op": "sum", "field": "count", "order": "descending"},
            },
            "x": {"field": "count", "type": "quantitative", "title": None, "axis": {"format": "~s", "tickCount": 5}},
            "color": _DATASETS | {"legend": {"columns": 3}},  # all five do not fit beside each other
        },
    ),
    Panel(
        name="statuses",
        title="HTTP responses a second, by status class",
        indices="logs-*",
        query=_HAS_STATUS,
        aggregations={
            "time": _OVER_TIME
            | {"aggs": {"status": {"histogram": {"field": "http.response.status_code", "interval": 100, "min_doc_count": 1}}}}
        },
        calculate={"class": "datum.status / 100 + 'xx'", "rate": f"datum.count / {STEP_SECONDS}"},
        mark={"type": "area", "tooltip": True},
        encoding={
            "x": _TIME_AXIS,
            "y": {"field": "rate", "type": "quantitative", "title": None, "stack": "zero", "axis": {"format": "~s"}},
            "color": {"field": "class", "type": "nominal", "title": None, "scale": _CLASS_COLOURS},
        },
    ),
)
