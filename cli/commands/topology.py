"""`weir topology`: the pipeline as a graph, read from what would be deployed."""

from __future__ import annotations

import enum
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Exit, err, escape, out
from config.loader import load_environment


class Format(enum.StrEnum):
    text = "text"
    json = "json"
    mermaid = "mermaid"
    svg = "svg"


def topology(
    environment: Annotated[str, typer.Option("--environment", "-e", help="Which environment's templates to read.")] = "local",
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to draw it.")] = Format.text,
) -> None:
    """Draw the pipeline from its synthesized templates, and check that every edge is permitted."""
    settings = load_environment(environment)
    import topology as graph  # aws-cdk-lib takes a second to load: only here

    with tempfile.TemporaryDirectory(prefix="weir-topology-") as scratch:
        pipeline = graph.read(graph.synthesize(environment, Path(scratch)))
    out.print(graph.render(pipeline, format_.value), markup=False, highlight=False)
    findings = graph.check(pipeline, settings)
    for finding in findings:
        err.print(f"[bold red]finding:[/] {escape(str(finding))}")
    if findings:
        raise typer.Exit(Exit.FAILED)
