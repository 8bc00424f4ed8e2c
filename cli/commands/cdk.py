"""`weir cdk …`: the pinned CDK command line, on this project."""

from __future__ import annotations

import subprocess

import typer

from localrun.paths import PROJECT

CDK = PROJECT / "cli" / "node" / "node_modules" / ".bin" / "cdk"


def cdk(context: typer.Context) -> None:
    """Run the pinned CDK CLI, e.g. `weir cdk synth -c env=dev`, `weir cdk deploy -c env=dev --all`."""
    raise typer.Exit(subprocess.run([CDK, *context.args], cwd=PROJECT).returncode)
