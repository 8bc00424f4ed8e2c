"""Synthesizing an environment only to look at it: nothing is bundled or deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


class SynthesisError(Exception):
    """The app could not be synthesized; the text is what it said."""


def synthesize(environment_name: str, out: Path) -> Path:
    """Writes the cloud assembly of one environment to `out` and returns `out`, ready for `read`.

    Raises SynthesisError with the app's own words.
    """
    context = {"env": environment_name, "aws:cdk:bundling-stacks": []}
    variables = {
        "CDK_OUTDIR": str(out),
        "CDK_CONTEXT_JSON": json.dumps(context),
        # The library's own validation takes seconds and is part of the synth tests.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }
    command = [sys.executable, str(PROJECT / "app.py")]
    done = subprocess.run(command, cwd=PROJECT, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SynthesisError(done.stderr.strip() or done.stdout.strip())
    return out
