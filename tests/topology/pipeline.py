"""The pipeline written down by hand: what the topology of every environment must be."""

from __future__ import annotations

#: Those with all Flink applications: `local`, and two that have none as they are.
WITH_ANALYTICS = ("local", "staging+analytics", "prod+analytics")
ENVIRONMENTS = ("dev", "staging", "prod", *WITH_ANALYTICS)

#: What environments without analytics have.
BASIC = (
    "producers/producers writes stream/raw",
    "producers/producers writes delivery/direct-put",
    # log files → raw
    "producers/producers writes bucket/logs",
    "bucket/logs notifies queue/collect",
    "queue/collect reads function/collect",
    "queue/collect fails to queue/collect-dlq",
    "bucket/logs reads function/collect",
    "function/collect writes stream/raw",
    "function/collect writes stream/errors",
    "function/collect writes queue/collect",
    "function/collect stores bucket/archive",
    # raw → events, errors
    "stream/raw reads function/normalise",
    "function/normalise writes stream/events",
    "function/normalise writes stream/errors",
    "function/normalise stores bucket/archive",
    "function/normalise fails to bucket/quarantine",
    # raw, errors → archive
    "stream/raw reads delivery/archive",
    "delivery/archive calls function/archive",
    "delivery/archive delivers bucket/archive",
    "stream/errors reads delivery/errors-archive",
    "delivery/errors-archive delivers bucket/archive",
    # events → index
    "stream/events reads function/route",
    "function/route indexes domain/search",
    "function/route writes stream/errors",
    "function/route fails to bucket/quarantine",
    "stream/errors reads function/report",
    "function/report indexes domain/search",
    "function/report fails to bucket/quarantine",
    # events → lake
    "stream/events reads delivery/lake",
    "delivery/lake converts by catalog/lake",
    "delivery/lake delivers bucket/lake",
    "bucket/lake holds catalog/lake",
    "catalog/lake answers workgroup/lake",
    # direct put → index
    "delivery/direct-put calls function/transform",
    "delivery/direct-put delivers domain/search",
    "delivery/direct-put fails to bucket/quarantine",
    # what keeps it running
    "deployment/cloudformation calls function/content",
    "function/content applies domain/search",
    "alarms/alarms notifies topic/alerts",
    "bucket/archive logs to bucket/access-logs",
    "bucket/quarantine logs to bucket/access-logs",
    "bucket/lake logs to bucket/access-logs",
    "bucket/logs logs to bucket/access-logs",
)

_APPLICATIONS = {
    "aggregates": ("metrics", "findings"),
    "behaviour": ("findings",),
    "business": ("metrics", "findings"),
}
#: events → metrics, findings → index
ANALYTICS = (
    *(f"stream/events reads application/{name}" for name in _APPLICATIONS),
    *(
        f"application/{name} writes stream/{written}"
        for name, streams in _APPLICATIONS.items()
        for written in (*streams, "errors")
    ),
    "table/master-data reads application/aggregates",
    "table/master-data reads application/business",
    *(f"function/operate operates application/{name}" for name in _APPLICATIONS),
    "deployment/cloudformation calls function/operate",
    "stream/metrics reads function/route",
    "stream/findings reads function/route",
)

#: Nodes that need something by themselves: their role's trust, their log, their network.
ACTING_NODES = (
    "function/normalise",
    "function/archive",
    "function/collect",
    "function/route",
    "function/report",
    "function/transform",
    "function/content",
    "delivery/archive",
    "delivery/errors-archive",
    "delivery/lake",
    "delivery/direct-put",
)
ANALYTICS_NODES = ("function/operate", *(f"application/{name}" for name in _APPLICATIONS))


def edges(environment: str) -> tuple[str, ...]:
    """The names of an environment's edges."""
    return BASIC + ANALYTICS if environment in WITH_ANALYTICS else BASIC
