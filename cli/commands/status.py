"""`weir status`: what runs, and how many records went where."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.output import Exit, err, out, print_json
from localrun.counts import Counts, read_counts
from localrun.flink.reading import read_applications, wrong
from localrun.paths import run_dir
from localrun.state import Engine, State, read_state


def status(json_: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Show the running pipeline: its engines, where they answer, and what went through."""
    state = read_state()
    if state is None:
        if json_:
            print_json({"running": False})
        else:
            err.print("No pipeline is running here; start one with ./weir up")
        raise typer.Exit(Exit.FAILED)
    counts = read_counts(state)
    applications = read_applications(run_dir() / "flink")
    if json_:
        print_json(as_json(state, counts, applications))
    else:
        draw(state, counts, applications)
    if not all(lives(engine) for engine in state.engines):
        raise typer.Exit(Exit.FAILED)


def lives(engine: Engine) -> bool:
    """Whether an engine's process is there."""
    try:
        os.kill(engine.pid, 0)
    except ProcessLookupError:
        return False
    return True


def as_json(state: State, counts: Counts, applications: dict[str, dict[str, Any]]) -> dict[str, Any]:
    engines = [engine.model_dump(mode="json") | {"alive": lives(engine)} for engine in state.engines]
    found = {"engines": engines, "counts": counts.model_dump(), "applications": applications}
    return {"running": True} | state.model_dump(mode="json") | found


def draw(state: State, counts: Counts, applications: dict[str, dict[str, Any]]) -> None:
    engines = Table("engine", "process", "log", title=f"environment {state.environment}", title_justify="left")
    for engine in state.engines:
        engines.add_row(engine.name, f"{engine.pid}" if lives(engine) else f"{engine.pid} (ended)", str(engine.log))
    records = Table("where", "records", title_justify="left")
    for stream, number in counts.streams.items():
        records.add_row(f"stream {stream}", f"{number:,}")
    for index, number in counts.indices.items():
        records.add_row(f"index {index}", f"{number:,}")
    out.print(engines, records)
    if applications:
        jobs = Table("application", "job", "in", "out", "late", "restarts", "state", "fails", title_justify="left")
        for name, facts in applications.items():
            figures = (f"{facts.get(figure, 0):,}" for figure in ("records_in", "records_out", "late", "restarts"))
            jobs.add_row(name, facts["state"], *figures, f"{facts.get('state_bytes', 0) / 1e6:.1f} MB", wrong(facts))
        out.print(jobs)
    out.print(f"Console {state.endpoints.console}")
