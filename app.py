"""The CDK app: one environment of Weir, read from `config/environments/<env>.yaml`.

`cdk synth -c env=dev`, or `python app.py` with the context in `CDK_CONTEXT_JSON`. It reads its own files and nothing
else: no clock, no network, no account look-up, so two synths of one commit give the same templates.
"""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks

from config.loader import ConfigError, environment_names, load_environment
from config.model import Environment
from stacks.stage import PipelineStage

PROJECT = pathlib.Path(__file__).resolve().parent

#: How the library's errors begin when a rule pack refuses a resource, and when an asset could not be put together.
_SAID_BY_THE_LIBRARY = ("ValidationFailed", "Failed to bundle asset")


def build_app(environment: Environment, *, outdir: str | None = None, context: Mapping[str, Any] | None = None) -> cdk.App:
    """The app of one environment, ready for `synth()`.

    `outdir` is where the cloud assembly goes (default: what the CDK CLI says, else a new temporary directory); `context`
    is added to that of `cdk.json`.
    """
    app = _new_app(outdir, context or {})
    _add_pipeline(app, environment)
    return app


def _new_app(outdir: str | None, context: Mapping[str, Any]) -> cdk.App:
    # The CLI passes the feature flags of cdk.json along; read here, a synth without the CLI gives the same templates.
    flags = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return cdk.App(outdir=outdir, context={**flags, **context})


def _add_pipeline(app: cdk.App, environment: Environment) -> None:
    PipelineStage(app, f"weir-{environment.name}", environment=environment)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app), NIST80053R5Checks(app))


def environment_asked_for(app: cdk.App) -> Environment:
    """The environment named by the context key `env`. Raises ConfigError when none is, or there is no such."""
    name = app.node.try_get_context("env")
    if not name:
        raise ConfigError(f"no environment given; add -c env=NAME, one of: {', '.join(environment_names())}")
    return load_environment(str(name))


def main() -> int:
    """Synthesizes the environment named by the context key `env`; 1 when there is none to synthesize."""
    app = _new_app(None, {})
    try:
        _add_pipeline(app, environment_asked_for(app))
        app.synth()
    except ConfigError as error:
        print(f"weir: {error}", file=sys.stderr)
        return 1
    except RuntimeError as error:
        # What comes back from the construct library: only these two are about the input, anything else is a defect.
        if not str(error).startswith(_SAID_BY_THE_LIBRARY):
            raise
        print(f"weir: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
