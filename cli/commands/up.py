"""`weir up`: start the pipeline on this machine and leave it running."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import out, print_json, progress
from localrun import background
from localrun.state import State

ConsolePort = Annotated[
    int | None, typer.Option("--port", min=1, max=65_535, help="Port of the console; a free one if not given.")
]


def up(
    port: ConsolePort = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the running pipeline as JSON.")] = False,
) -> None:
    """Deploy the pipeline on this machine and leave it running."""
    with progress() as report:
        state = background.start(report=report, console_port=port)
    if json_:
        print_json(state.model_dump(mode="json"))
    else:
        describe(state)


def describe(state: State) -> None:
    """What is running, and where."""
    out.print(f"Console    {state.endpoints.console}")
    out.print(f"OpenSearch {state.endpoints.opensearch}")
    out.print(f"AWS        {state.endpoints.aws}")
    for absent in state.absent:
        out.print(f"Not local  {absent}", style="dim", markup=False)
    out.print("Send logs with `./weir send FILE…`, look with `./weir status`, stop with `./weir down`.")
