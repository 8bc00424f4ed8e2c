"""Metrics that Weir's Flink applications make of events: a document a window, in names of the Elastic Common Schema.

They write them to the stream `metrics`, from which they are indexed as they are. Others may put the same on `raw`. What is of a
name that is not in the table stays in `weir.metric.other`, and so does the `event.ingested` that the document came with.
"""

from __future__ import annotations

from common.kinds import NUMBER, OPEN, WHOLE, WORD
from common.logtype import JsonObject, ObjectType
from common.own_documents import drop_known, holds, passed
from common.table import Table

DATASET = "weir.metric"
_OWN = {
    "weir.metric.name": WORD,
    "weir.metric.application": WORD,
    "weir.metric.window_seconds": WHOLE,
    "weir.metric.dimensions": OPEN,
    **{f"weir.metric.{name}": WHOLE for name in ("count", "errors")},
    **{f"weir.metric.{name}": NUMBER for name in ("error_rate", "p50_ms", "p95_ms", "p99_ms", "value", "baseline")},
}


def recognise(record: JsonObject) -> bool:
    return holds(record, "metric")


def _complete(event: JsonObject, rest: JsonObject) -> None:
    drop_known(rest, dataset=DATASET, kind="metric")


TABLE = Table(
    passed(
        "@timestamp",
        *(f"event.{name}" for name in ("id", "start", "end", "duration")),
        "service.name",
        "source.ip",
        "cloud.account.id",
        "device.id",
        "user.name",
        *_OWN,
    ),
    own=_OWN,
    rest="weir.metric.other",
    constants={"event.kind": "metric", "event.type": ["info"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="metric",
    dataset=DATASET,
    title="Metric of a Flink application",
    page="https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-kind",
    arrival="Weir's Flink applications write each to the stream `metrics`.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("@timestamp", "event", "weir"),
)
