"""Findings of Weir's Flink applications: anomalies and what rules detect, in names of the Elastic Common Schema.

They write them to the stream `findings`, from which they are indexed as they are. Others may put the same on `raw`. What is of a
name that is not in the table stays in `weir.finding.other`, and so does the `event.ingested` that the document came with.
"""

from __future__ import annotations

from common.kinds import INSTANT, NUMBER, OPEN, WHOLE, WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.own_documents import drop_known, holds, passed
from common.table import Table

DATASET = "weir.finding"
_OWN = {
    **{f"weir.finding.{name}": WORD for name in ("application", "key")},
    "weir.finding.evidence": WORDS,
    "weir.finding.evidence_count": WHOLE,
    **{f"weir.finding.{name}": NUMBER for name in ("score", "grade")},
    **{f"weir.finding.{name}": INSTANT for name in ("start", "end")},
    **{f"weir.finding.{name}": OPEN for name in ("expected", "actual", "attribution")},
}


def recognise(record: JsonObject) -> bool:
    return holds(record, "finding")


def _complete(event: JsonObject, rest: JsonObject) -> None:
    event["event"].setdefault("type", ["info"])
    drop_known(rest, dataset=DATASET, kind="alert")


TABLE = Table(
    passed(
        "@timestamp",
        *(f"event.{name}" for name in ("id", "severity", "category", "type", "start", "end", "duration", "outcome")),
        *(f"rule.{name}" for name in ("id", "name", "description")),
        "message",
        "threat.technique.id",
        "user.name",
        "user.id",
        "source.ip",
        "source.geo.country_iso_code",
        "source.geo.location",
        "cloud.account.id",
        "device.id",
        "host.name",
        "service.name",
        *_OWN,
    ),
    own=_OWN,
    rest="weir.finding.other",
    constants={"event.kind": "alert"},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="finding",
    dataset=DATASET,
    title="Finding of a Flink application",
    page="https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-kind",
    arrival="Weir's Flink applications write each to the stream `findings`.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("@timestamp", "event", "weir"),
)
