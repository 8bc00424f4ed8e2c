"""`weir demo`: the whole pipeline under realistic traffic, and an account of every record."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.commands.up import ConsolePort
from cli.output import CommandError, Exit, out, progress
from localrun import background, demo as traffic
from localrun.state import read_state
from localrun.supervisor import Pipeline


def demo(
    seconds: Annotated[float, typer.Option(min=5, max=3_600, help="How long to send.")] = 60,
    rate: Annotated[int, typer.Option(min=1, max=20_000, help="Events a second.")] = 1_000,
    burst: Annotated[int | None, typer.Option(min=2, max=10, help="Send this many times the rate for 5 s in the middle.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the pipeline running afterwards.")] = False,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the report to this file.", dir_okay=False)] = None,
    port: ConsolePort = None,
) -> None:
    """Start the pipeline, send realistic traffic with faults in it, account for every record, and stop.

    A pipeline that runs already is used, and left running.
    """
    if json_ is not None and not json_.absolute().parent.is_dir():
        raise CommandError(f"{json_}: there is no directory {json_.absolute().parent}", Exit.USAGE)
    with contextlib.ExitStack() as stack:
        report = stack.enter_context(progress())
        state = read_state()
        if state is None and keep:
            state = background.start(report=report, console_port=port)
        elif state is None:
            state = stack.enter_context(Pipeline(report=report, console_port=port)).start()
        report(f"console: {state.endpoints.console}")
        result = traffic.run(state, seconds=seconds, rate=rate, burst=burst, report=report)
        report("stopping")
    if json_ is not None:
        json_.write_text(result.model_dump_json(indent=2) + "\n")
    draw(result)
    if not result.ok:
        raise typer.Exit(Exit.FAILED)


def draw(result: traffic.Report) -> None:
    table = Table(show_header=False, title="Every event accounted for" if result.ok else "Not every event accounted for")
    for name, value in result.lines():
        table.add_row(name, value)
    out.print(table)
