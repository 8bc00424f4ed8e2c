"""The topology as text, JSON, Mermaid and SVG."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal, get_args

import networkx as nx

from topology.model import Edge, Finding, Need, Node, Topology
from topology.picture import CONTROL_VERBS, FAILURE_VERBS, NOUNS, drawn
from topology.svg import draw

Format = Literal["text", "json", "mermaid", "svg"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(topology: Topology, form: Format, findings: Sequence[Finding] | None = None) -> str:
    """The topology in one of the `FORMATS`. The `findings` of `check` are listed, and what they are about is marked; without
    them (None) nothing is said about what is right or wrong."""
    match form:
        case "text":
            return _text(topology, findings)
        case "json":
            return json.dumps(_json(topology, findings), indent=2) + "\n"
        case "mermaid":
            return _mermaid(topology, findings or ())
        case "svg":
            return draw(topology, findings or ())


def _text(topology: Topology, findings: Sequence[Finding] | None) -> str:
    calls = sum(1 for _ in topology.needs())
    lines = [f"{topology.name}: {len(topology.nodes)} nodes, {len(topology.edges)} edges, {calls} calls that must be allowed", ""]
    broken = {finding.subject for finding in findings or ()}
    for key in _in_order(topology):
        node = topology.nodes[key]
        place = ", ".join(part for part in (node.step, "encrypted" if node.encryption_key else "") if part)
        lines.append(f"{NOUNS[node.kind]} {node.label}" + (f"  ({place})" if place else "") + _mark(node.key in broken))
        for edge in topology.edges:
            if edge.source == key:
                lines.append(_text_edge(topology, edge, edge.name in broken))
    if findings:
        lines += ["", f"{len(findings)} finding{'s' if len(findings) > 1 else ''}", *(f"  {finding}" for finding in findings)]
    elif findings is not None:
        lines += ["", "No findings: every edge is permitted, and no role may do more."]
    return "\n".join(lines) + "\n"


def _text_edge(topology: Topology, edge: Edge, broken: bool) -> str:
    target = topology.nodes[edge.target]
    what = f"{edge.verb} {NOUNS[target.kind]} {target.label}" + (f" at {edge.detail}" if edge.detail else "")
    if edge.verb == "reads":
        what = f"is read by {NOUNS[target.kind]} {target.label}"
    calls = f"{len(edge.needs)} calls" if edge.needs else "outside of the stacks"
    failure = f", failures to {topology.nodes[edge.failure].label}" if edge.failure else ""
    return f"  └─ {what:<58} {calls}{failure}{_mark(broken)}"


def _mark(broken: bool) -> str:
    return "  ✗" if broken else ""


def _in_order(topology: Topology) -> list[str]:
    """Node keys in the direction of the data; in the order they were read where that goes in a circle."""
    graph = topology.graph
    if nx.is_directed_acyclic_graph(graph):
        return list(nx.lexicographical_topological_sort(graph, key=lambda key: (graph.in_degree(key) == 0, key)))
    return list(topology.nodes)


def _json(topology: Topology, findings: Sequence[Finding] | None) -> dict[str, Any]:
    return {
        "pipeline": topology.name,
        "nodes": [_json_node(node) for node in topology.nodes.values()],
        "edges": [_json_edge(edge) for edge in topology.edges],
        "findings": None if findings is None else [_json_finding(finding) for finding in findings],
    }


def _json_finding(finding: Finding) -> dict[str, str]:
    return {name: value for name, value in vars(finding).items() if value is not None}


def _json_node(node: Node) -> dict[str, Any]:
    return {
        "key": node.key,
        "kind": node.kind,
        "label": node.label,
        "step": node.step,
        "path": node.path,
        "name": node.name,
        "encryption_key": node.encryption_key.path if node.encryption_key else None,
        "roles": [role.rpartition("/")[2] for role in node.roles],
        "needs": [_json_need(need) for need in node.needs],
    }


def _json_edge(edge: Edge) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "verb": edge.verb,
        "detail": edge.detail,
        "asynchronous": edge.asynchronous,
        "failure": edge.failure,
        "needs": [_json_need(need) for need in edge.needs],
    }


def _json_need(need: Need) -> dict[str, Any]:
    request = need.request
    return {
        "role": need.role,
        "action": request.action,
        "resource": request.resource,
        "required": need.required,
        "purpose": need.purpose,
        "page": need.page,
    }


#: Shapes of Mermaid's flowchart language, by kind; `{}` is the text.
_SHAPES = {
    "producers": "([{}])",
    "stream": "[/{}/]",
    "existing-stream": "[/{}/]",
    "function": "({})",
    "application": "[[{}]]",
    "notebook": "[[{}]]",
    "delivery": "[[{}]]",
    "bucket": "[({})]",
    "domain": "[({})]",
    "collection": "[({})]",
    "cluster": "[({})]",
    "endpoint": "([{}])",
    "table": "[({})]",
    "catalog": "[({})]",
    "workgroup": "({})",
    "topic": ">{}]",
    "queue": "[/{}/]",
    "alarms": "([{}])",
    "deployment": "([{}])",
}


def _mermaid(topology: Topology, findings: Sequence[Finding]) -> str:
    shown = drawn(topology)
    broken = {finding.subject for finding in findings}
    lines = ["flowchart LR"]
    for node in shown.nodes.values():
        text = f'"{node.label}<br/><small>{NOUNS[node.kind]}</small>"'
        lines.append(f"    {_mermaid_id(node.key)}{_SHAPES[node.kind].format(text)}")
    red = []
    for number, edge in enumerate(shown.edges):
        arrow = "-.->" if edge.verb in FAILURE_VERBS | CONTROL_VERBS else "-->"
        label = f"|{edge.detail or edge.verb}|" if edge.detail or edge.verb in FAILURE_VERBS | CONTROL_VERBS else ""
        lines.append(f"    {_mermaid_id(edge.source)} {arrow}{label} {_mermaid_id(edge.target)}")
        red += [number] if edge.name in broken else []
    if red:
        lines.append(f"    linkStyle {','.join(map(str, red))} stroke:#c62828,stroke-width:3px")
    return "\n".join(lines) + "\n"


def _mermaid_id(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", key)
