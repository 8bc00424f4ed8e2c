"""What a drawing shows, and where it goes: layers from left to right in the direction of the data.

The layout is the usual one for layered graphs (Sugiyama): a node stands one column right of the last that feeds it, an
edge that passes columns gets a place in each, and the places of a column are sorted by the mean place of their neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx

from topology.model import Edge, Kind, Node, Topology, Verb

NOUNS: Mapping[Kind, str] = {
    "producers": "outside",
    "stream": "Kinesis stream",
    "existing-stream": "Kinesis stream outside",
    "function": "Lambda function",
    "delivery": "Firehose stream",
    "application": "Flink application",
    "notebook": "Studio notebook",
    "bucket": "S3 bucket",
    "domain": "OpenSearch domain",
    "collection": "OpenSearch collection",
    "cluster": "Redshift cluster",
    "endpoint": "HTTPS endpoint",
    "table": "DynamoDB table",
    "catalog": "Glue database",
    "workgroup": "Athena workgroup",
    "topic": "SNS topic",
    "queue": "SQS queue",
    "alarms": "CloudWatch alarms",
    "deployment": "deployment",
}
FAILURE_VERBS: frozenset[Verb] = frozenset({"fails to"})
CONTROL_VERBS: frozenset[Verb] = frozenset({"calls", "applies", "converts by", "notifies", "operates"})
#: Not the pipeline's data, so not drawn.
_HIDDEN_VERBS: frozenset[Verb] = frozenset({"logs to"})

NODE_WIDTH = 134
NODE_HEIGHT = 48
COLUMN_GAP = 66
ROW_GAP = 28
#: Height an edge takes in a column it passes.
LANE = 22
_SWEEPS = 24


def drawn(topology: Topology) -> Topology:
    """What a drawing shows: all but access logs, and nodes nothing else touches."""
    edges = tuple(edge for edge in topology.edges if edge.verb not in _HIDDEN_VERBS)
    touched = {key for edge in edges for key in (edge.source, edge.target)}
    return replace(topology, nodes={key: node for key, node in topology.nodes.items() if key in touched}, edges=edges)


@dataclass(frozen=True)
class Line:
    """An edge's way: the points it goes through, from its source's right side to its target's left."""

    edge: Edge
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Picture:
    """Places in pixels: the upper left corner of every node, and the line of every edge."""

    width: float
    height: float
    corners: Mapping[str, tuple[float, float]]
    lines: tuple[Line, ...]
    nodes: Mapping[str, Node]


@dataclass(frozen=True)
class _Lane:
    """A place an edge takes in a column it only passes."""

    edge: int
    column: int


_Place = str | _Lane


def lay_out(topology: Topology) -> Picture:
    """Places every node and edge of `drawn(topology)`."""
    shown = drawn(topology)
    columns_of = _columns(shown)
    ways = [_way(number, edge, columns_of) for number, edge in enumerate(shown.edges)]
    columns = _sorted_columns(_fill(columns_of, ways), ways)
    centres = _rows(columns, ways)
    height = max(centres[place] + _size(place) / 2 for column in columns for place in column)
    lefts = {place: number * (NODE_WIDTH + COLUMN_GAP) for number, column in enumerate(columns) for place in column}
    corners = {key: (float(lefts[key]), centres[key] - NODE_HEIGHT / 2) for key in shown.nodes}
    starts, ends = _ports(ways, centres)
    lines = tuple(
        Line(edge, _points(way, starts[number], ends[number], lefts, centres))
        for number, (edge, way) in enumerate(zip(shown.edges, ways, strict=True))
    )
    width = float(len(columns) * (NODE_WIDTH + COLUMN_GAP) - COLUMN_GAP)
    return Picture(width, height, corners, lines, shown.nodes)


def _columns(shown: Topology) -> dict[str, int]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(shown.nodes)
    for edge in shown.edges:
        graph.add_edge(edge.source, edge.target)
        if not nx.is_directed_acyclic_graph(graph):
            graph.remove_edge(edge.source, edge.target)  # a loop is drawn backwards
    columns = dict.fromkeys(graph, 0)
    for key in nx.topological_sort(graph):
        columns[key] = max((columns[before] + 1 for before in graph.predecessors(key)), default=0)
    # What starts a path stands right before what it feeds, not far left of it.
    for key in graph:
        if graph.in_degree(key) == 0 and graph.out_degree(key) > 0:
            columns[key] = min(columns[after] for after in graph.successors(key)) - 1
    return columns


def _way(number: int, edge: Edge, columns: Mapping[str, int]) -> list[_Place]:
    first, last = columns[edge.source], columns[edge.target]
    step = 1 if last >= first else -1
    return [edge.source, *(_Lane(number, column) for column in range(first + step, last, step)), edge.target]


def _fill(columns_of: Mapping[str, int], ways: list[list[_Place]]) -> list[list[_Place]]:
    columns: list[list[_Place]] = [[] for _ in range(max(columns_of.values()) + 1)]
    for key, column in columns_of.items():
        columns[column].append(key)
    for way in ways:
        for place in way:
            if isinstance(place, _Lane):
                columns[place.column].append(place)
    return columns


def _neighbours(ways: list[list[_Place]]) -> tuple[dict[_Place, list[_Place]], dict[_Place, list[_Place]]]:
    before: dict[_Place, list[_Place]] = {}
    after: dict[_Place, list[_Place]] = {}
    for way in ways:
        for left, right in pairwise(way):
            after.setdefault(left, []).append(right)
            before.setdefault(right, []).append(left)
    return before, after


def _sorted_columns(columns: list[list[_Place]], ways: list[list[_Place]]) -> list[list[_Place]]:
    before, after = _neighbours(ways)
    best, fewest = [list(column) for column in columns], _crossings(columns, after)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        rank = {place: float(row) for column in columns for row, place in enumerate(column)}
        for column in columns if forward else reversed(columns):
            near = before if forward else after
            means = {
                place: sum(rank[other] for other in near[place]) / len(near[place]) if near.get(place) else rank[place]
                for place in column
            }
            column.sort(key=means.__getitem__)
            rank.update({place: float(row) for row, place in enumerate(column)})
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    return best


def _crossings(columns: list[list[_Place]], after: Mapping[_Place, list[_Place]]) -> int:
    rank = {place: row for column in columns for row, place in enumerate(column)}
    total = 0
    for column in columns:
        spans = [(rank[left], rank[right]) for left in column for right in after.get(left, [])]
        total += sum((a - c) * (b - d) < 0 for i, (a, b) in enumerate(spans) for c, d in spans[i + 1 :])
    return total


def _size(place: _Place) -> float:
    return LANE if isinstance(place, _Lane) else NODE_HEIGHT + ROW_GAP


def _rows(columns: list[list[_Place]], ways: list[list[_Place]]) -> dict[_Place, float]:
    """Vertical centres: as near to the neighbours' mean as the order and the sizes in the column let."""
    before, after = _neighbours(ways)
    centres: dict[_Place, float] = {}
    for column in columns:
        top = 0.0
        for place in column:
            centres[place] = top + _size(place) / 2
            top += _size(place)
    for _ in range(_SWEEPS):
        for column in columns:
            wanted = []
            for place in column:
                near = before.get(place, []) + after.get(place, [])
                wanted.append(sum(centres[other] for other in near) / len(near) if near else centres[place])
            centres.update(zip(column, _separate(wanted, [_size(place) for place in column]), strict=True))
    top = min(centre - _size(place) / 2 for place, centre in centres.items())
    return {place: centre - top for place, centre in centres.items()}


def _separate(wanted: list[float], sizes: list[float]) -> list[float]:
    """Moves centres apart until none overlaps, each group staying where its members want to be on average."""
    groups: list[tuple[float, float, list[int]]] = []
    for index, centre in enumerate(wanted):
        group = (centre - sizes[index] / 2, sizes[index], [index])
        while groups and groups[-1][0] + groups[-1][1] > group[0]:
            _, _, members = groups.pop()
            joined = [*members, *group[2]]
            offsets, used = [], 0.0
            for member in joined:
                offsets.append(wanted[member] - used - sizes[member] / 2)
                used += sizes[member]
            group = (sum(offsets) / len(offsets), used, joined)
        groups.append(group)
    centres = [0.0] * len(wanted)
    for top, _, members in groups:
        for member in members:
            centres[member] = top + sizes[member] / 2
            top += sizes[member]
    return centres


def _ports(ways: list[list[_Place]], centres: Mapping[_Place, float]) -> tuple[dict[int, float], dict[int, float]]:
    """Where each edge leaves and enters: the edges of one side of a node spread over it, in the order of where they go."""
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for side, near, far in ((starts, 0, 1), (ends, -1, -2)):
        groups: dict[_Place, list[int]] = {}
        for number, way in enumerate(ways):
            groups.setdefault(way[near], []).append(number)
        for place, numbers in groups.items():
            numbers.sort(key=lambda number: centres[ways[number][far]])
            room = NODE_HEIGHT - 12
            for row, number in enumerate(numbers):
                side[number] = centres[place] + room * ((row + 0.5) / len(numbers) - 0.5)
    return starts, ends


def _points(
    way: list[_Place], start: float, end: float, lefts: Mapping[_Place, int], centres: Mapping[_Place, float]
) -> tuple[tuple[float, float], ...]:
    points = [(lefts[way[0]] + NODE_WIDTH, start)]
    for lane in way[1:-1]:
        points += [(lefts[lane], centres[lane]), (lefts[lane] + NODE_WIDTH, centres[lane])]
    points.append((lefts[way[-1]], end))
    return tuple((float(x), y) for x, y in points)
