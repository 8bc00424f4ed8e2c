"""The topology as one self-contained SVG: no scripts, no fonts to load, readable on a light and a dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from topology.model import Finding, Kind, Node, Topology
from topology.picture import CONTROL_VERBS, FAILURE_VERBS, NODE_HEIGHT, NODE_WIDTH, NOUNS, Line, Picture, lay_out

_COLOURS: Mapping[Kind, str] = {
    "producers": "#475569",
    "stream": "#7c3aed",
    "existing-stream": "#475569",
    "function": "#d97706",
    "application": "#b91c1c",
    "notebook": "#b91c1c",
    "delivery": "#2563eb",
    "bucket": "#15803d",
    "domain": "#0e7490",
    "collection": "#0e7490",
    "cluster": "#4338ca",
    "endpoint": "#475569",
    "table": "#4338ca",
    "catalog": "#4338ca",
    "workgroup": "#0369a1",
    "topic": "#be185d",
    "queue": "#be185d",
    "alarms": "#475569",
    "deployment": "#475569",
}
_DATA, _FAILURE, _CONTROL, _BROKEN = "#475569", "#c2410c", "#94a3b8", "#dc2626"
_MARGIN = 28
_HEADER = 56
_LEGEND = 44
_FONT = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"


def draw(topology: Topology, findings: Sequence[Finding] = ()) -> str:
    """An SVG document; what a finding is about is red."""
    picture = lay_out(topology)
    broken = {finding.subject for finding in findings}
    width, height = picture.width + 2 * _MARGIN, picture.height + _HEADER + _LEGEND + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="{_FONT}" role="img">',
        f"<title>{escape(topology.name)}: the pipeline's topology</title>",
        f"<defs>{''.join(_arrow(name, colour) for name, colour in _ARROWS.items())}</defs>",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="12" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="34" font-size="18" font-weight="600" fill="#0f172a">{escape(topology.name)}</text>',
        f'<g transform="translate({_MARGIN} {_HEADER})">',
        *(_line(line, line.edge.name in broken) for line in picture.lines),
        *(_node(node, picture.corners[key], key in broken) for key, node in picture.nodes.items()),
        *(_detail(line) for line in picture.lines if line.edge.detail),
        "</g>",
        _legend(picture),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


_ARROWS = {"data": _DATA, "failure": _FAILURE, "control": _CONTROL, "broken": _BROKEN}


def _arrow(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="{colour}"/></marker>'
    )


def _style(verb: str, broken: bool) -> str:
    name = "failure" if verb in FAILURE_VERBS else "control" if verb in CONTROL_VERBS else "data"
    dash = {"failure": ' stroke-dasharray="6 4"', "control": ' stroke-dasharray="2 4"'}.get(name, "")
    name = "broken" if broken else name
    weight = 2.5 if broken else 1.6
    return f'fill="none" stroke="{_ARROWS[name]}" stroke-width="{weight}"{dash} marker-end="url(#{name})"'


def _line(line: Line, broken: bool) -> str:
    (x, y), *rest = line.points
    path = f"M{x:.1f} {y:.1f}"
    for place, (next_x, next_y) in enumerate(rest):
        if place % 2:  # through a column it only passes, straight
            path += f" L{next_x:.1f} {next_y:.1f}"
        else:
            bend = (next_x - x) / 2
            path += f" C{x + bend:.1f} {y:.1f} {next_x - bend:.1f} {next_y:.1f} {next_x:.1f} {next_y:.1f}"
        x, y = next_x, next_y
    return f'<path d="{path}" {_style(line.edge.verb, broken)}><title>{escape(line.edge.name)}</title></path>'


def _detail(line: Line) -> str:
    # Above the straight part of a line that passes a column, else above its bend.
    (x, y), (next_x, next_y) = line.points[1:3] if len(line.points) > 2 else line.points
    return (
        f'<text x="{(x + next_x) / 2:.1f}" y="{min(y, next_y) - 5:.1f}" font-size="11" text-anchor="middle" '
        f'fill="#334155" stroke="#ffffff" stroke-width="3" paint-order="stroke">{escape(line.edge.detail)}</text>'
    )


def _node(node: Node, corner: tuple[float, float], broken: bool) -> str:
    x, y = corner
    colour = _COLOURS[node.kind]
    border = _BROKEN if broken else colour
    return (
        f'<g transform="translate({x:.1f} {y:.1f})"><title>{escape(node.path or node.key)}</title>'
        f'<rect width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="8" fill="#ffffff" stroke="{border}" '
        f'stroke-width="{2.5 if broken else 1.4}"/>'
        f'<rect width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="8" fill="{colour}" fill-opacity="0.09"/>'
        f'<rect x="0" y="8" width="4" height="{NODE_HEIGHT - 16}" rx="2" fill="{colour}"/>'
        f'<text x="14" y="21" font-size="14" font-weight="600" fill="#0f172a">{escape(node.label)}</text>'
        f'<text x="14" y="37" font-size="11" fill="#475569">{escape(NOUNS[node.kind])}</text></g>'
    )


def _legend(picture: Picture) -> str:
    y = picture.height + _HEADER + _LEGEND / 2 + 8
    entries = (("writes", "data"), ("fails to", "what could not be processed"), ("calls", "calls, content, notifications"))
    parts, x = [], float(_MARGIN)
    for verb, text in entries:
        parts.append(f'<path d="M{x:.0f} {y:.0f} h44" {_style(verb, False)}/>')
        parts.append(f'<text x="{x + 54:.0f}" y="{y + 4:.0f}" font-size="11.5" fill="#334155">{text}</text>')
        x += 54 + 6.4 * len(text) + 34
    return "".join(parts)
