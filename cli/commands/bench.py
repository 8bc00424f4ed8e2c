"""`weir bench`: how fast it is, beside what the same machine could do in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bench import pipeline as benchmark
from cli.commands.demo import draw, plan_of, report_file
from cli.output import Exit, out, progress
from localrun.supervisor import Pipeline

app = typer.Typer(help="Measure: each benchmark prints its yardstick beside its figure.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure: each benchmark prints its yardstick beside its figure."""


@app.command("pipeline")
def pipeline(
    seconds: Annotated[float, typer.Option(min=5, max=3_600, help="How long to send.")] = 60,
    rate: Annotated[int, typer.Option(min=1, max=20_000, help="Events a second.")] = 10_000,
    burst: Annotated[int, typer.Option(min=1, max=10, help="Send this many times the rate for 5 s in the middle.")] = 3,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.", dir_okay=False, writable=True)
    ] = None,
) -> None:
    """Start a pipeline, load it, account for every event, and stop."""
    plan = plan_of(seconds, rate, burst)
    report_file(json_)
    with progress() as report, Pipeline(report=report, lasting=True) as running:
        found = benchmark.run(running.start(), plan, report=report, check=running.check)
        report("stopping")
    if json_ is not None:
        json_.write_text(found.model_dump_json(indent=2) + "\n")
    draw(found)
    alone = found.yardsticks
    out.print(
        f"{found.throughput:,.0f} events a second went through, {found.share_of_yardstick:.0%} of what the slower end does alone "
        f"({alone.put:,.0f} put, {alone.bulk:,.0f} indexed)"
    )
    if not found.ok:
        raise typer.Exit(Exit.FAILED)


@app.command("transform")
def transform(
    type_: Annotated[str | None, typer.Option("--type", help="Only this log type.")] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.", dir_okay=False, writable=True)
    ] = None,
) -> None:
    """Make events of records of each log type, on one core, beside the floor of the same run."""
    # Its functions are nothing any other command waits for.
    from bench import transform as measured
    from common.logtypes import TYPES

    if type_ is not None and type_ not in TYPES:
        raise typer.BadParameter(f"{type_!r} is no log type: use one of {', '.join(TYPES)}", param_hint="--type")
    report_file(json_)
    found = measured.run(type_)
    if json_ is not None:
        json_.write_text(found.model_dump_json(indent=2) + "\n")
    table = Table("type", "records/s", "floor/s", "share", "MB/s", "bytes out/in", box=None)
    for name, speed in found.types.items():
        figures = (speed.records_per_second, speed.floor_per_second)
        shares = (f"{speed.share_of_floor:.0%}", f"{speed.megabytes_per_second:.1f}", f"{speed.bytes_out_per_byte_in:.2f}")
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures), *shares)
    out.print(table)
    out.print(f"cold start {found.cold_start_milliseconds:,.0f} ms, peak memory {found.peak_memory_mib:,.0f} MiB")


@app.command("enrichment")
def enrichment(
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.", dir_okay=False, writable=True)
    ] = None,
) -> None:
    """Normalise with all enrichment on, beside without any."""
    # Its libraries are nothing any other command waits for.
    from bench import enrichment as measured

    report_file(json_)
    with progress() as report:
        found = measured.run(report)
    if json_ is not None:
        json_.write_text(found.model_dump_json(indent=2) + "\n")
    out.print(
        f"{found.enriched_per_second:,.0f} events a second with all enrichment on, {found.share_of_plain:.0%} of the "
        f"{found.plain_per_second:,.0f} without"
    )


@app.command("flink")
def flink(
    records: Annotated[int, typer.Option(min=100_000, help="How many records of SQL.")] = 6_000_000,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.", dir_okay=False, writable=True)
    ] = None,
) -> None:
    """Run SQL and forests over generated records, beside decoding or forests only; then see how old metrics are in the index."""
    from bench import flink as measured

    report_file(json_)
    with progress() as report:
        found = measured.run(records, report)
    if json_ is not None:
        json_.write_text(found.model_dump_json(indent=2) + "\n")
    out.print(
        f"{found.sql_records_per_second:,} records a second through SQL, {found.sql_share_of_floor:.0%} of the "
        f"{found.json_records_per_second:,} that are decoded only"
    )
    out.print(
        f"{found.forest_points_per_second:,} points a second through random cut forests, in two tasks; "
        f"{found.forest_floor_per_second:,} by forests alone that learn them all, in one thread"
    )
    latency = found.windows.seconds
    out.print(
        f"end of a window to its metric in the index: median {latency.p50:.2f} s, p99 {latency.p99:.2f} s, of "
        f"{found.windows.metrics:,} metrics at {found.windows.events_per_second:,.0f} events a second"
    )
