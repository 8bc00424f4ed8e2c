"""What must hold of a pipeline before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from config.model import Environment
from topology.model import Edge, Finding, Need, Node, Topology
from topology.permissions import Policies, policies
from topology.policies import Statement, matches

#: Actions that S3 evaluates on the bucket itself; all other S3 actions are on objects (service authorization reference,
#: "Actions defined by Amazon S3").
_BUCKET_ACTIONS = {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}


def check(topology: Topology, environment: Environment) -> list[Finding]:
    """Everything wrong with the topology, most serious first; empty when nothing is.

    Raises PolicyError when a policy holds something that cannot be judged.
    """
    granted = policies(topology.assembly)
    return [
        *_missing(topology, granted),
        *_unreachable(topology, environment),
        *_without_failure_destination(topology),
        *_orphans(topology),
        *_excess(topology, granted),
    ]


def _missing(topology: Topology, granted: Policies) -> Iterator[Finding]:
    for subject, need in topology.needs():
        refusal = granted.refusal(need.request) if need.required else None
        if refusal:
            request = need.request
            yield Finding(
                "missing permission",
                subject,
                f"{need.role} may not {request.action} on {request.resource}: {refusal} ({need.purpose}; {need.page})",
                role=need.role,
                action=request.action,
                resource=request.resource,
            )


def _promises(environment: Environment) -> Iterator[tuple[str, str, str]]:
    """(where a record comes in, the stream or delivery it passes, the store it must reach)."""
    yield "producers/producers", "delivery/archive", "bucket/archive"
    yield "producers/producers", "stream/events", "domain"
    yield "producers/producers", "delivery/errors-archive", "bucket/archive"
    yield "function/route", "delivery/errors-archive", "bucket/archive"
    yield "producers/producers", "stream/errors", "domain"
    if environment.collection.enabled:
        yield "producers/producers", "bucket/logs", "stream/raw"
        yield "bucket/logs", "queue/collect", "stream/raw"
    if environment.direct_put.enabled:
        yield "producers/producers", "delivery/direct-put", "domain"
    for name in environment.analytics.written:
        yield "producers/producers", f"stream/{name}", "domain"
    for output in environment.analytics.outputs:
        if output.delivery:
            yield "producers/producers", f"delivery/{output.name}", "bucket/archive"
        if output.data_stream:
            yield "producers/producers", f"function/forward-{output.name}", f"existing-stream/{output.data_stream.name}"
    if environment.analytics.studio.enabled:
        for name in ("events", *environment.analytics.written):
            yield "producers/producers", f"stream/{name}", "notebook/studio"
    if environment.lake.enabled:
        yield "producers/producers", "delivery/lake", "bucket/lake"
        yield "producers/producers", "delivery/lake", "workgroup/lake"


def _unreachable(topology: Topology, environment: Environment) -> Iterator[Finding]:
    graph = topology.graph
    for start, way, store in _promises(environment):
        ends = [key for key in graph if key == store or key.startswith(f"{store}/")]
        reached = way in graph and start in graph and nx.has_path(graph, start, way)
        if not (reached and any(nx.has_path(graph, way, end) for end in ends)):
            subject = f"{start} → {way} → {store}"
            yield Finding("unreachable", subject, "no path of edges connects them; connect them, or change the configuration")


def _without_failure_destination(topology: Topology) -> Iterator[Finding]:
    for edge in topology.edges:
        if edge.asynchronous and edge.failure is None:
            yield Finding("no failure destination", edge.name, "what cannot be passed on is lost; name a bucket that receives it")


def _orphans(topology: Topology) -> Iterator[Finding]:
    into: dict[str, list[Edge]] = {key: [] for key in topology.nodes}
    out: dict[str, list[Edge]] = {key: [] for key in topology.nodes}
    for edge in topology.edges:
        into[edge.target].append(edge)
        out[edge.source].append(edge)
    for node in topology.nodes.values():
        yield from _orphan(node, into[node.key], out[node.key])


def _orphan(node: Node, into: list[Edge], out: list[Edge]) -> Iterator[Finding]:
    match node.kind:
        case "stream":
            if not into:
                yield Finding("orphan", node.key, "nothing writes to the stream")
            if not out:
                yield Finding("orphan", node.key, "nothing reads the stream")
        case "queue" if not into:
            yield Finding("orphan", node.key, "no message arrives at the queue")
        case "application" if not any(edge.verb == "operates" for edge in into):
            yield Finding("orphan", node.key, "nothing starts the application")
        case "notebook" if not any(edge.verb == "reads" for edge in into):
            yield Finding("orphan", node.key, "no table of the notebook's database is over a stream")
        case "function" if not into:
            yield Finding("orphan", node.key, "nothing calls the function")
        case "bucket" if any(edge.verb == "reads" for edge in out):
            return  # Look-ups, as master data, are filled by their owners from outside.
        case "bucket" | "domain" | "collection" | "topic" if not into:
            yield Finding("orphan", node.key, f"nothing arrives at the {node.kind}")
        case "catalog" if not into:
            yield Finding("orphan", node.key, "no files are read by its tables")
        case "workgroup" if not into:
            yield Finding("orphan", node.key, "no named query of the workgroup asks a database")
        case _:
            # Delivery streams have their ends by construction. A table holds master data: its owners fill it from outside.
            return


def _excess(topology: Topology, granted: Policies) -> Iterator[Finding]:
    """Grants no call needs: in the roles of the nodes, and in what a resource's own policy gives a role."""
    owners = {role: node.key for node in topology.nodes.values() for role in node.roles}
    calls: dict[str, list[Need]] = {role: [] for role in owners}
    for _, need in topology.needs():
        calls.setdefault(need.request.principal, []).append(need)
    for role, statements in granted.identity.items():
        for statement in statements:
            if role in owners and statement.effect == "Allow":
                yield from _excess_of(owners[role], role, statement, calls[role])
    for statement in {statement.origin: statement for group in granted.resource.values() for statement in group}.values():
        for kind, principal in statement.principals:
            if kind == "AWS" and ":role/" in principal and statement.effect == "Allow":
                yield from _excess_of(owners.get(principal, principal), principal, statement, calls.get(principal, []))


def _excess_of(owner: str, role: str, statement: Statement, calls: list[Need]) -> Iterator[Finding]:
    for action in statement.actions:
        for resource in statement.resources:
            if not _applies(action, resource):
                continue
            if not any(
                need.request.action.lower() == action.lower() and any(matches(resource, wide) for wide in need.within)
                for need in calls
            ):
                name, place = role.rpartition("/")[2], "/".join(map(str, statement.origin))
                yield Finding(
                    "excess permission",
                    owner,
                    f"{name} may {action} on {resource}, which no edge needs; take it out of {place}",
                    role=name,
                    action=action,
                    resource=resource,
                )


def _applies(action: str, resource: str) -> bool:
    """Whether the service ever evaluates this action on such a resource: a bucket's actions are never about objects."""
    if not action.startswith("s3:") or "*" in action:
        return True
    return ("/" in resource) != (action in _BUCKET_ACTIONS)
