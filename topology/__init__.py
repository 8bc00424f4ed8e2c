"""The pipeline as a graph, read from synthesized templates, with the permission of every edge checked."""

from __future__ import annotations

from pathlib import Path

from topology.assembly import AssemblyError, load
from topology.checks import check
from topology.graph import build
from topology.model import Edge, Finding, Need, Node, Topology
from topology.policies import PolicyError
from topology.render import FORMATS, Format, render
from topology.synthesize import SynthesisError, synthesize

__all__ = [
    "FORMATS",
    "AssemblyError",
    "Edge",
    "Finding",
    "Format",
    "Need",
    "Node",
    "PolicyError",
    "SynthesisError",
    "Topology",
    "build",
    "check",
    "read",
    "render",
    "synthesize",
]


def read(assembly_dir: Path) -> Topology:
    """The topology of the pipeline in a cloud assembly.

    Raises AssemblyError or PolicyError for what is missing or not understood.
    """
    return build(load(assembly_dir))
