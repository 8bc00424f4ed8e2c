"""The four ways to see the topology."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest
import vl_convert

import topology
from localrun.paths import PROJECT
from tests.topology.pipeline import BASIC, ENVIRONMENTS
from topology.picture import NODE_HEIGHT, NODE_WIDTH, lay_out

TopologyOf = Callable[[str], topology.Topology]
PROD = BASIC
BROKEN = topology.Finding("missing permission", "stream/raw reads function/normalise", "the role may not read")


def test_text_lists_every_edge_with_its_calls(topology_of: TopologyOf) -> None:
    text = topology.render(topology_of("prod"), "text", [])
    assert text.count("└─") == len(PROD)
    assert re.search(r"is read by Lambda function normalise +6 calls, failures to quarantine\n", text)
    assert text.endswith("No findings: every edge is permitted, and no role may do more.\n")


def test_text_lists_findings_and_marks_their_edge(topology_of: TopologyOf) -> None:
    text = topology.render(topology_of("prod"), "text", [BROKEN])
    assert "is read by Lambda function normalise" in text
    assert text.count("✗") == 1
    assert text.endswith(f"1 finding\n  {BROKEN}\n")


def test_the_picture_in_the_readme_is_that_of_production(topology_of: TopologyOf) -> None:
    """Made by `./weir topology -e prod --format svg > docs/topology.svg`."""
    assert (PROJECT / "docs" / "topology.svg").read_text() == topology.render(topology_of("prod"), "svg") + "\n"


def test_text_without_a_check_claims_nothing(topology_of: TopologyOf) -> None:
    assert "finding" not in topology.render(topology_of("prod"), "text").lower()


def test_json_has_nodes_edges_needs_and_findings(topology_of: TopologyOf) -> None:
    read = json.loads(topology.render(topology_of("prod"), "json", [BROKEN]))
    assert read["pipeline"] == "weir-prod"
    assert sorted(f"{edge['source']} {edge['verb']} {edge['target']}" for edge in read["edges"]) == sorted(PROD)
    (raw,) = [node for node in read["nodes"] if node["key"] == "stream/raw"]
    assert (raw["name"], raw["path"], raw["step"], raw["encryption_key"]) == (
        "weir-prod-raw",
        "Raw/Stream",
        "ingestion",
        "DataKey/Key",
    )
    (written,) = [edge for edge in read["edges"] if (edge["source"], edge["target"]) == ("function/route", "domain/search")]
    (need,) = written["needs"]
    assert (need["action"], need["resource"]) == (
        "es:ESHttpPost",
        "arn:aws:es:us-east-1:111122223333:domain/weir-prod/_bulk",
    )
    assert read["findings"] == [{"rule": BROKEN.rule, "subject": BROKEN.subject, "message": BROKEN.message}]


def test_mermaid_draws_the_data_and_marks_findings(topology_of: TopologyOf) -> None:
    lines = topology.render(topology_of("prod"), "mermaid", [BROKEN]).splitlines()
    assert lines[0] == "flowchart LR"
    assert '    stream_raw[/"raw<br/><small>Kinesis stream</small>"/]' in lines
    assert "    function_route -.->|fails to| bucket_quarantine" in lines
    arrows = [line for line in lines if "->" in line]
    (red,) = [int(number) for number in re.findall(r"linkStyle (\d+) ", lines[-1])]
    assert arrows[red] == "    stream_raw --> function_normalise"
    assert not any("access_logs" in line for line in lines)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_in_the_picture_overlaps(environment: str, topology_of: TopologyOf) -> None:
    picture = lay_out(topology_of(environment))
    for (one, (x, y)), (other, (u, v)) in combinations(picture.corners.items(), 2):
        assert abs(x - u) >= NODE_WIDTH or abs(y - v) >= NODE_HEIGHT, f"{one} overlaps {other}"
    for line in picture.lines:
        for start, end in _straight(line.points):
            for key, (x, y) in picture.corners.items():
                passes = start[0] < x + NODE_WIDTH and end[0] > x and y - 2 < start[1] < y + NODE_HEIGHT + 2
                assert not passes, f"{line.edge.name} goes through {key}"


def _straight(points: tuple[tuple[float, float], ...]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    inner = points[1:-1]
    yield from zip(inner[::2], inner[1::2], strict=True)


def test_svg_is_one_self_contained_picture(topology_of: TopologyOf) -> None:
    svg = topology.render(topology_of("prod"), "svg", [BROKEN])
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"raw", "normalise", "events", "route", "search", "archive", "quarantine", "logs-direct-put"} <= set(texts)
    assert not re.search(r"href|@import|url\((?!#)|<script|<image", svg)
    assert svg.count("url(#broken)") == 1


def test_svg_can_be_drawn(topology_of: TopologyOf) -> None:
    png = vl_convert.svg_to_png(topology.render(topology_of("prod"), "svg"))
    assert png.startswith(b"\x89PNG")


def test_every_edge_can_be_seen(topology_of: TopologyOf) -> None:
    drawn = {line.edge.name for line in lay_out(topology_of("prod")).lines}
    assert drawn == {edge for edge in PROD if " logs to " not in edge}
