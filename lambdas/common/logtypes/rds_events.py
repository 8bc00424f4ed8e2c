"""Event notifications of RDS and Aurora: what happened to an instance, a cluster, a snapshot, …

Fields: Amazon RDS user guide, "Creating a rule that triggers on an Amazon RDS event"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloud-watch-events.html); kinds of event: EventBridge reference,
"Amazon Relational Database Service events" (https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-rds.html).
"""

from __future__ import annotations

from common.kinds import WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table

#: event.type of an RDS event category.
_TYPES = {"creation": "creation", "deletion": "deletion", "failure": "error", "configuration change": "change"}
_ARN_PARTS = 7  # arn:partition:rds:region:account:kind:name


def recognise(record: JsonObject) -> bool:
    """Whether the event's id is one of RDS."""
    return str(record["EventID"]).startswith("RDS-EVENT-")


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Region and account are those of the source's ARN. Outcome: failure for RDS's category of failures."""
    happened, source = event["event"], event.get("aws", {}).get("rds", {})
    parts = source.get("source_arn", "").split(":", _ARN_PARTS - 1)
    if len(parts) == _ARN_PARTS:
        if parts[3]:
            event.setdefault("cloud", {})["region"] = parts[3]
        if parts[4]:
            event.setdefault("cloud", {})["account"] = {"id": parts[4]}
    categories = source.get("categories", ())
    happened["type"] = [_TYPES[category] for category in categories if category in _TYPES] or ["info"]
    if "configuration change" in categories:
        happened["category"] = ["database", "configuration"]
    if "failure" in categories:
        happened["outcome"] = "failure"


TABLE = Table(
    {
        "Date": "@timestamp",
        "EventID": "event.code",
        "Message": "message",
        "EventCategories": "aws.rds.categories",
        "SourceIdentifier": "aws.rds.source_id",
        "SourceType": "aws.rds.source_type",
        "SourceArn": "aws.rds.source_arn",
    },
    own={
        "aws.rds.categories": WORDS,
        "aws.rds.source_id": WORD,
        "aws.rds.source_type": WORD,
        "aws.rds.source_arn": WORD,
    },
    rest="aws.rds.other",
    constants={"event.category": ["database"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="rds_events",
    dataset="aws.rds",
    title="RDS event notification",
    page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloud-watch-events.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("EventID", "SourceIdentifier", "SourceType", "Message"),
    detail_types=(
        "RDS DB Instance Event",
        "RDS DB Cluster Event",
        "RDS DB Snapshot Event",
        "RDS DB Cluster Snapshot Event",
        "RDS DB Parameter Group Event",
        "RDS DB Security Group Event",
        "RDS Custom Engine Version Event",
        "RDS Blue Green Deployment Event",
        "RDS DB Shard Group Event",
        "RDS DB Proxy Event",
        "RDS Zero ETL Event",
    ),
)
