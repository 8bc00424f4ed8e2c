"""The words of the topology: nodes, edges, what an edge needs, and what a check finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

import networkx as nx

from topology.assembly import Assembly, Resource
from topology.policies import Request

Kind = Literal[
    "producers",
    "stream",
    "existing-stream",
    "function",
    "delivery",
    "application",
    "notebook",
    "bucket",
    "domain",
    "collection",
    "cluster",
    "endpoint",
    "table",
    "catalog",
    "workgroup",
    "topic",
    "queue",
    "alarms",
    "deployment",
]
Verb = Literal[
    "writes",
    "reads",
    "calls",
    "delivers",
    "stores",
    "stages in",
    "backs up",
    "fails to",
    "converts by",
    "holds",
    "answers",
    "indexes",
    "applies",
    "operates",
    "notifies",
    "logs to",
]


Found = TypeVar("Found")


@dataclass(frozen=True)
class Need:
    """One call that must be allowed for an edge to work.

    ``within`` are the widest resource patterns a grant may have without being more than needed. A need that is not
    ``required`` may be granted, but nothing fails without it. ``purpose`` and ``page`` say where the need comes from.
    """

    request: Request
    within: tuple[str, ...]
    required: bool
    purpose: str
    page: str

    @property
    def role(self) -> str:
        """The caller as people name it: the role's name, or the service."""
        return self.request.principal.rpartition("/")[2]


def unique(found: Iterable[Found]) -> tuple[Found, ...]:
    """Each once: two parts of one delivery stream often need the same, and a function that reads two streams fails to one
    place."""
    kept: list[Found] = []
    for each in found:
        if each not in kept:
            kept.append(each)
    return tuple(kept)


@dataclass(frozen=True)
class Node:
    """A producer, a step or a store. ``key`` is ``<kind>/<label>``; ``needs`` are those it has by itself (its role's
    trust, its logs, its network), whatever edges it has."""

    kind: Kind
    label: str
    step: str
    path: str
    name: str | None = None
    encryption_key: Resource | None = None
    roles: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.label}"


@dataclass(frozen=True)
class Edge:
    """Data going (or a call made) from one node to another, by their keys.

    ``detail`` is the prefix, index or alarm count worth showing. ``asynchronous`` hops hold records for later, so they
    need ``failure``: the key of the node that gets what could not be passed on.
    """

    source: str
    target: str
    verb: Verb
    needs: tuple[Need, ...] = ()
    detail: str = ""
    asynchronous: bool = False
    failure: str | None = None

    @property
    def name(self) -> str:
        return f"{self.source} {self.verb} {self.target}"


Rule = Literal["missing permission", "excess permission", "unreachable", "no failure destination", "orphan"]


@dataclass(frozen=True)
class Finding:
    """What a check found: the ``rule``, the node or edge it is about, and what to do. The last three are set for
    permissions."""

    rule: Rule
    subject: str
    message: str
    role: str | None = None
    action: str | None = None
    resource: str | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.message}"


@dataclass(frozen=True)
class Topology:
    """The pipeline of one environment as read from its assembly."""

    name: str
    assembly: Assembly
    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """Nodes by key; an edge between two nodes carries the ``Edge`` objects between them as ``edges``."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        for node in self.nodes.values():
            graph.add_node(node.key, node=node)
        for edge in self.edges:
            between = graph.get_edge_data(edge.source, edge.target, {}).get("edges", ())
            graph.add_edge(edge.source, edge.target, edges=(*between, edge))
        return graph

    def needs(self) -> Iterator[tuple[str, Need]]:
        """Every need, with the name of the edge (or the key of the node) that has it."""
        for node in self.nodes.values():
            yield from ((node.key, need) for need in node.needs)
        for edge in self.edges:
            yield from ((edge.name, need) for need in edge.needs)
