"""`weir redrive`: send kept records through the pipeline again, after what refused them was mended."""

from __future__ import annotations

import enum
from contextlib import ExitStack, closing
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from cli.output import Exit, out, print_json, progress
from cli.times import FORMS, moment
from common.recognise import Normaliser
from localrun.came_back import indexed, wait_until_indexed
from localrun.search import Search
from localrun.state import running_state
from recovery.deployment import Deployment
from recovery.kept import Selection
from recovery.redrive import Redrive, Report


class Step(enum.StrEnum):
    normalise = "normalise"
    route = "route"


Environment = Annotated[
    str | None,
    typer.Option("--environment", "-e", help="An environment deployed to AWS; the pipeline on this machine if not given."),
]
Rate = Annotated[int | None, typer.Option(min=1, help="Records a second; as fast as the stream takes them if not given.")]


def deployment(environment: str | None) -> Deployment:
    """The pipeline a command is about. Raises LocalRunError if it is not there."""
    return Deployment.on_aws(environment) if environment else Deployment.running(running_state())


def redrive(
    environment: Environment = None,
    since: Annotated[str | None, typer.Option(help=f"Only what arrived since: {FORMS}.")] = None,
    step: Annotated[Step | None, typer.Option(help="Only what this step refused.")] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            help="Only for this reason: unrecognised, malformed, corrupt, too_large, refused, or discarded with its batch."
        ),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    rate: Rate = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
) -> None:
    """Send refused records again, from the errors archive and the quarantine. Their events get the ids they would have had, so
    that nothing is indexed twice, however often this is run."""
    selection = Selection(
        since=moment("--since", since) if since else None, step=step.value if step else None, reason=reason, tenant=tenant
    )
    target = deployment(environment)
    settings = target.environment.normalisation
    normaliser = Normaliser(default_tenant=settings.default_tenant, default_type=settings.default_type)
    with ExitStack() as stack:
        report = stack.enter_context(progress())
        search = stack.enter_context(closing(Search(target.search))) if target.search else None
        run = Redrive(target, normaliser, partial(indexed, search) if search else None)
        run.send(selection, rate=rate, dry_run=dry_run, report=report)
        came_back = wait_until_indexed(search, run.expected, report) if search and not dry_run else None
        account = run.report(came_back)
    if json_:
        print_json(account.model_dump())
    else:
        draw(account, dry_run)
    if not account.ok:
        raise typer.Exit(Exit.FAILED)


def draw(account: Report, dry_run: bool) -> None:
    table = Table(show_header=False)
    table.add_row("kept records selected", f"{account.found:,}")
    table.add_row("back before, not sent", f"{account.already_indexed:,}")
    table.add_row("still refused, not sent", f"{account.still_refused:,}")
    table.add_row("too large to send", f"{account.too_large:,}")
    table.add_row("to send" if dry_run else "sent", f"{account.sent:,} records, {account.expected:,} events")
    if account.came_back is not None:
        table.add_row("events back", f"{account.came_back:,} of {account.expected:,}")
    out.print(table)
    for reason, count in list(account.reasons.items())[:10]:
        out.print(f"still refused {count:,}: {reason}", markup=False)
