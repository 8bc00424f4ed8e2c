"""`weir demo`: the whole pipeline under realistic traffic, and an account of every record."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.commands.up import ConsolePort
from cli.output import CommandError, Exit, out, progress
from localrun import background
from localrun import demo as traffic
from localrun.demo.plan import Plan
from localrun.state import State, read_state, running_state
from localrun.supervisor import Pipeline

#: The account keeps about 400 bytes of memory an event.
MOST_EVENTS = 10_000_000


def demo(
    seconds: Annotated[float, typer.Option(min=5, max=3_600, help="How long to send.")] = 60,
    rate: Annotated[int, typer.Option(min=1, max=20_000, help="Events a second.")] = 1_000,
    burst: Annotated[int, typer.Option(min=1, max=10, help="Send this many times the rate for 5 s in the middle.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the pipeline running afterwards.")] = False,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.", dir_okay=False, writable=True)
    ] = None,
    port: ConsolePort = None,
) -> None:
    """Start the pipeline, send realistic traffic with faults in it, account for every record, and stop.

    A pipeline that runs already is used, and left running.
    """
    report_file(json_)
    plan = plan_of(seconds, rate, burst)
    with contextlib.ExitStack() as stack:
        report = stack.enter_context(progress())
        state, check = running(stack, report, keep=keep, port=port)
        report(f"console: {state.endpoints.console}")
        result = traffic.run(state, plan, report=report, check=check, started=started())
        report("done" if keep else "stopping")
    if json_ is not None:
        json_.write_text(result.model_dump_json(indent=2) + "\n")
    draw(result)
    if not result.ok:
        raise typer.Exit(Exit.FAILED)


def report_file(path: Path | None) -> None:
    """Raise CommandError when a report could not be written there in the end."""
    if path is not None and not path.absolute().parent.is_dir():
        raise CommandError(f"{path}: there is no directory {path.absolute().parent}", Exit.USAGE)


def plan_of(seconds: float, rate: int, burst: int) -> Plan:
    """What to send. Raises CommandError when it is more than can be accounted for."""
    plan = Plan(seconds, rate, burst)
    if plan.total > MOST_EVENTS:
        raise CommandError(f"{plan.total:,} events are too many to account for: at most {MOST_EVENTS:,}; send fewer", Exit.USAGE)
    return plan


def running(
    stack: contextlib.ExitStack, report: Callable[[str], None], *, keep: bool, port: int | None
) -> tuple[State, Callable[[], None]]:
    """A pipeline to send to, and what raises when it has ended: the one that runs, or a new one that `stack` stops."""
    state = read_state()
    if state is None and not keep:
        pipeline = stack.enter_context(Pipeline(report=report, console_port=port))
        return pipeline.start(), pipeline.check
    if state is None:
        state = background.start(report=report, console_port=port)
    elif port is not None:
        raise CommandError(f"--port: the pipeline is running already, with its console at {state.endpoints.console}", Exit.USAGE)

    def check() -> None:
        running_state()

    return state, check


def started() -> float | None:
    """When the launcher began, epoch seconds; None when it was not the launcher that ran this."""
    value = os.environ.get("WEIR_STARTED")
    return float(value) if value else None


def draw(result: traffic.Report) -> None:
    """The report as a table."""
    table = Table(show_header=False, title="Every event accounted for" if result.ok else "Not every event accounted for")
    for name, value in result.lines():
        table.add_row(name, value)
    out.print(table)
