"""`weir build`: what is made of sources and deployed as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import CommandError, Exit, out, print_json, progress
from flink import build as applications
from flink import notebook
from localrun.paths import cache_dir, make_directory

app = typer.Typer(help="Build what is deployed as a whole.", no_args_is_help=True)


@app.callback()
def build() -> None:
    """Build what is deployed as a whole."""


@app.command("flink")
def flink(
    connector: Annotated[
        applications.Connector, typer.Option(help="What carries a stream's records: for AWS, or for the embedded run.")
    ] = applications.Connector.official,
    json_: Annotated[bool, typer.Option("--json", help="Print the jars by application as JSON.")] = False,
) -> None:
    """Build the Flink applications; what was built of the same sources is not built again."""
    with progress() as report:
        jars = applications.build(connector, report)
    if json_:
        print_json({name: str(jar) for name, jar in jars.items()})
        return
    for name, jar in jars.items():
        out.print(f"{name}  {jar.stat().st_size / 1e6:.1f} MB  {jar}")


@app.command("notebooks")
def notebooks(json_: Annotated[bool, typer.Option("--json", help="Print the notes by notebook as JSON.")] = False) -> None:
    """Compile the notebooks to notes, which a Studio notebook imports."""
    try:
        notes = notebook.write(make_directory(cache_dir() / "notebooks"))
    except notebook.NotebookError as error:
        raise CommandError(f"flink/notebooks/{error}", Exit.USAGE) from error
    if json_:
        print_json({name: str(note) for name, note in notes.items()})
        return
    for name, note in notes.items():
        out.print(f"{name}  {note}")
