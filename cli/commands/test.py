"""`weir test`: every check, or a part of them."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Exit, err
from localrun.paths import PROJECT

Command = tuple[str, ...]


class Part(enum.StrEnum):
    all = "all"
    checks = "checks"
    unit = "unit"
    synth = "synth"
    flink = "flink"
    e2e = "e2e"


CHECKS: tuple[Command, ...] = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
SUITES: dict[Part, Command] = {
    Part.unit: ("tests/unit",),
    Part.synth: ("tests/synth", "tests/topology"),
    Part.e2e: ("tests/e2e",),
}
FLINK: Command = (sys.executable, "-m", "flink")


def test(
    part: Annotated[Part, typer.Argument(help="Which tests to run.")] = Part.all,
    select: Annotated[str | None, typer.Option("-k", help="Only tests whose names match, as pytest's -k.")] = None,
) -> None:
    """Run the checks (ruff, mypy) and the tests; the last line is pytest's own."""
    for together in stages(part, select):
        if not succeed(together):
            raise typer.Exit(Exit.FAILED)


def stages(part: Part, select: str | None) -> list[list[Command]]:
    """What to run, one list after the other, the fastest to fail first; the commands of one list run at once."""
    pytest = {suite: suite_command(paths, select) for suite, paths in SUITES.items()}
    if part is Part.checks:
        return [[check] for check in CHECKS]
    if part is Part.flink:
        return [[FLINK]]
    if part is not Part.all:
        return [[pytest[part]]]
    # Each takes one core. The pipeline of the embedded tests wants both.
    return [*([check] for check in CHECKS), [pytest[Part.synth], pytest[Part.unit], FLINK], [pytest[Part.e2e]]]


def suite_command(paths: Command, select: str | None) -> Command:
    chosen = ("-k", select) if select else ()
    return (sys.executable, "-m", "pytest", "--durations=10", *paths, *chosen)


def succeed(commands: Sequence[Command]) -> bool:
    """Run commands at once. The first one's output is shown as it comes, that of the others when they are done."""
    # Unit tests synthesize with CDK's own template validation off: it costs seconds a process; `weir cdk synth` has it on.
    environment = os.environ | {"CDK_VALIDATION": "false"}
    first, *others = commands
    with tempfile.TemporaryDirectory(prefix="weir-test-") as scratch:
        outputs = [Path(scratch) / str(number) for number in range(len(others))]
        running = []
        for command, output in zip(others, outputs, strict=True):
            with output.open("wb") as file:
                running.append(subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=file, stderr=subprocess.STDOUT))
        announce(first)
        codes = [subprocess.run(first, cwd=PROJECT, env=environment).returncode]
        for command, process, output in zip(others, running, outputs, strict=True):
            codes.append(process.wait())
            announce(command)
            sys.stdout.buffer.write(output.read_bytes())
            sys.stdout.buffer.flush()
    return not any(codes)


def announce(command: Command) -> None:
    err.print(f"[bold]{' '.join(command[1:] if command[0] == sys.executable else command)}[/]")
