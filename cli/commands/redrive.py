"""`weir redrive`: send kept records through the pipeline again, after what refused them was mended."""

from __future__ import annotations

import enum
from contextlib import closing
from typing import Annotated

import typer
from rich.table import Table

from cli.output import Exit, err, escape, out, print_json, progress
from cli.times import FORMS, moment
from common import flow_formats
from common.recognise import Normaliser
from localrun.state import running_state
from recovery.came_back import Index, NotAsked
from recovery.deployment import Deployment
from recovery.kept import Selection
from recovery.redrive import Redrive, Report, sampling


class Step(enum.StrEnum):
    normalise = "normalise"
    route = "route"
    transform = "transform"
    delivery = "delivery"


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
    step: Annotated[Step | None, typer.Option(help="Only what this step refused; of direct put, transform or delivery.")] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            help="Only for this reason: unrecognised, malformed, corrupt, too_large, refused, or discarded with its batch; "
            "of direct put, Firehose's error code."
        ),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    rate: Rate = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
) -> None:
    """Send refused records again, from the errors archive and the quarantine. Their events get the ids they would have had, so
    that nothing is indexed twice, however often this is run, and wherever it was interrupted."""
    selection = Selection(
        since=moment("--since", since) if since else None, step=step.value if step else None, reason=reason, tenant=tenant
    )
    target = deployment(environment)
    settings = target.environment.normalisation
    flow_formats.configure(settings.flow_formats)
    normaliser = Normaliser(
        default_tenant=settings.default_tenant, default_type=settings.default_type, finish=sampling(target.environment)
    )
    with progress() as report, closing(Index(target.search)) as domain:
        index = answering(domain, target.environment.name)
        run = Redrive(target, normaliser, index.found if index else None)
        run.send(selection, rate=rate, dry_run=dry_run, report=report)
        came_back = index.wait(run.expected, report) if index and not dry_run else None
        account = run.report(came_back)
    if json_:
        print_json(account.model_dump())
    else:
        draw(account, dry_run)
    if not account.ok:
        raise typer.Exit(Exit.FAILED)


def answering(index: Index, environment: str) -> Index | None:
    """The index; None, and a word why and how to count instead, where it does not answer these credentials. What is sent then is
    sent all the same: ids make that harmless."""
    try:
        index.check()
    except NotAsked as error:
        err.print(
            f"[yellow]What comes back is not counted:[/] {escape(str(error))}. To count it, run this again where the index "
            "answers (what is back is `already_indexed` then), or see in CloudWatch the sum of the metric Indexed that "
            f"weir-{environment}-route writes (namespace Weir, service route)."
        )
        return None
    return index


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
