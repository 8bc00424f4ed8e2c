"""`weir test`: every check, or a part of them."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
from typing import Annotated

import typer

from cli.output import Exit, err
from cli.project import PROJECT


class Part(enum.StrEnum):
    all = "all"
    checks = "checks"
    unit = "unit"
    synth = "synth"
    e2e = "e2e"


#: The static checks come first: they are the fastest to fail.
CHECKS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
TESTS = {
    Part.checks: (),
    Part.unit: ("tests/unit",),
    Part.synth: ("tests/synth", "tests/topology"),
    Part.e2e: ("tests/e2e",),
    Part.all: ("tests/unit", "tests/synth", "tests/topology", "tests/e2e"),
}


def test(
    part: Annotated[Part, typer.Argument(help="Which tests to run.")] = Part.all,
    select: Annotated[str | None, typer.Option("-k", help="Only tests whose names match, as pytest's -k.")] = None,
) -> None:
    """Run the checks (ruff, mypy) and the tests; the last line is pytest's own."""
    commands = list(CHECKS) if part in (Part.all, Part.checks) else []
    if TESTS[part]:
        chosen = ("-k", select) if select else ()
        commands.append((sys.executable, "-m", "pytest", "--durations=10", *TESTS[part], *chosen))
    # Unit tests synthesize with CDK's own template validation off: it costs seconds a process; `weir cdk synth` has it on.
    environment = os.environ | {"CDK_VALIDATION": "false"}
    for command in commands:
        err.print(f"[bold]{' '.join(command[1:] if command[0] == sys.executable else command)}[/]")
        if subprocess.run(command, cwd=PROJECT, env=environment).returncode:
            raise typer.Exit(Exit.FAILED)
