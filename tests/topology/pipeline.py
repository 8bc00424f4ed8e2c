"""The pipeline written down by hand: what the topology of every environment must be."""

from __future__ import annotations

#: Those with Flink applications: `local` with two, and two with all that have none as they are.
WITH_ANALYTICS = ("local", "staging+analytics", "prod+analytics")
ENVIRONMENTS = ("dev", "staging", "prod", *WITH_ANALYTICS)
#: Those with a Studio notebook, and the streams it reads.
STUDIO = {
    "dev": ("events",),
    "staging+analytics": ("events", "metrics", "findings"),
    "prod+analytics": ("events", "metrics", "findings"),
}

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

#: The streams they write, beside `errors`.
_WRITES = {
    "aggregates": ("metrics", "findings"),
    "anomalies": ("findings",),
    "behaviour": ("findings",),
    "business": ("metrics", "findings"),
}
#: What single ones read beside `events`.
_READS = {
    "aggregates": ("table/master-data reads application/aggregates",),
    "anomalies": ("stream/metrics reads application/anomalies",),
    "business": ("table/master-data reads application/business",),
}
#: events → metrics, findings → index
_ANALYTICS = (
    "deployment/cloudformation calls function/operate",
    "stream/metrics reads function/route",
    "stream/findings reads function/route",
)

#: Those of every environment.
_ACTING_NODES = (
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


def _applications(environment: str) -> tuple[str, ...]:
    if environment not in WITH_ANALYTICS:
        return ()
    return ("aggregates", "behaviour") if environment == "local" else tuple(_WRITES)


def acting_nodes(environment: str) -> tuple[str, ...]:
    """Nodes that need something by themselves: their role's trust, their log, their network."""
    applications = _applications(environment)
    operated = ("function/operate", *(f"application/{name}" for name in applications)) if applications else ()
    return _ACTING_NODES + operated + (("notebook/studio",) if environment in STUDIO else ())


def edges(environment: str) -> tuple[str, ...]:
    """The names of an environment's edges."""
    applications = _applications(environment)
    return (
        *BASIC,
        *(_ANALYTICS if applications else ()),
        *(edge for name in applications for edge in _application_edges(name)),
        *(_studio_edges(STUDIO[environment]) if environment in STUDIO else ()),
    )


def _application_edges(name: str) -> tuple[str, ...]:
    return (
        f"stream/events reads application/{name}",
        *_READS.get(name, ()),
        *(f"application/{name} writes stream/{written}" for written in (*_WRITES[name], "errors")),
        f"function/operate operates application/{name}",
    )


def _studio_edges(streams: tuple[str, ...]) -> tuple[str, ...]:
    return (
        *(f"stream/{stream} holds catalog/studio" for stream in streams),
        "catalog/studio answers notebook/studio",
        *(f"stream/{stream} reads notebook/studio" for stream in streams),
        "notebook/studio stores bucket/studio",
        "bucket/studio logs to bucket/access-logs",
    )
