"""`weir replay`: send the archive of a time through the pipeline again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.commands.redrive import Environment, Rate, deployment
from cli.output import CommandError, Exit, out, print_json, progress
from cli.times import FORMS, moment
from producers.batch import RecordTooLarge
from recovery import replay as again


def replay(
    from_: Annotated[str, typer.Option("--from", help=f"Arrival of the first: {FORMS}.")],
    to: Annotated[str | None, typer.Option(help="Arrival before which it ends; now if not given.")] = None,
    environment: Environment = None,
    stream: Annotated[
        str | None,
        typer.Option(help="Another stream than raw, which gets the records as producers sent them: to catch one consumer up."),
    ] = None,
    rate: Rate = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the count as JSON.")] = False,
) -> None:
    """Send the archived records of a time again. Documents are written over under the ids they have, never doubled."""
    span = again.Span(moment("--from", from_), moment("--to", to) if to else datetime.now(UTC))
    if span.begin >= span.end:
        raise CommandError(f"--from {span.begin:%Y-%m-%dT%H:%M:%SZ} is not before --to {span.end:%Y-%m-%dT%H:%M:%SZ}", Exit.USAGE)
    target = deployment(environment)
    try:
        with progress() as report:
            sent = again.replay(target, span, stream=stream, rate=rate, report=report)
    except RecordTooLarge as error:
        raise CommandError(f"{error} once its coordinates are with it; --stream sends it as it was", Exit.FAILED) from error
    if json_:
        print_json({"from": span.begin.isoformat(), "to": span.end.isoformat(), "stream": stream or target.raw, "sent": sent})
    else:
        out.print(f"{sent:,} records of {span.begin:%Y-%m-%d %H:%M:%S} to {span.end:%Y-%m-%d %H:%M:%S} UTC sent")
