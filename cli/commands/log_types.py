"""`weir log-types`: what is recognised, and the files that are written from it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.output import out


def log_types(
    write: Annotated[
        bool, typer.Option("--write", help="Write search/templates and docs/log-types.md from the registry.")
    ] = False,
) -> None:
    """List the log types, or write what is made of them."""
    from common.logtypes import TYPES

    if write:
        from search import log_types_page, templates

        texts = templates.texts()
        for name, text in texts.items():
            (templates.FOLDER / name).write_text(text, encoding="utf-8")
        log_types_page.PAGE.write_text(log_types_page.text(), encoding="utf-8")
        out.print(f"{len(texts)} index templates and {log_types_page.PAGE.name} written for {len(TYPES)} log types")
        return
    table = Table("type", "dataset", "what it is", box=None)
    for log_type in TYPES.values():
        table.add_row(log_type.name, log_type.dataset, log_type.title)
    out.print(table)
