"""`weir log-types`: what is recognised, the files that are written from it, and the JSON Schema of a type's events."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.output import out, print_json


def log_types(
    write: Annotated[
        bool, typer.Option("--write", help="Write search/templates and docs/log-types.md from the registry.")
    ] = False,
    schema: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Print the JSON Schema (draft 2020-12) of this type's events.")
    ] = None,
) -> None:
    """List the log types, or write what is made of them."""
    from common.logtypes import TYPES

    if schema is not None:
        from search.json_schema import schema_of

        if schema not in TYPES:
            raise typer.BadParameter(f"{schema!r} is no log type: use one of {', '.join(TYPES)}", param_hint="--schema")
        print_json(schema_of(TYPES[schema]))
        return
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
