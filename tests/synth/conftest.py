"""One synth an environment, shared by the session, and a way to ask for what is in its templates."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import pytest

# Read by the library's process when it starts, so before the first import of it: CDK's own template validation takes
# seconds a process, and one synth in CI has it on. The rule packs run without it.
os.environ.setdefault("CDK_VALIDATION", "false")
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")

from app import build_app
from config.loader import load_environment
from config.model import Environment
from tests.synth import destinations
from tests.synth.synthesized import NO_BUNDLING, Pipeline, Synthesize

ENVIRONMENTS = ("local", "dev", "staging", "prod")


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Synthesizes an environment, with keys of it changed: `synthesize("prod", {"network": {"vpc": False}})`. The same
    question is answered once a session."""
    known: dict[str, Pipeline] = {}

    def answer(name: str, changes: Mapping[str, Any] | None = None) -> Pipeline:
        key = json.dumps([name, changes], sort_keys=True)
        if key not in known:
            environment = load_environment(name)
            if changes:
                environment = Environment.model_validate(_merged(environment.model_dump(), changes))
            directory = tmp_path_factory.mktemp(f"cdk-{name}")
            build_app(environment, outdir=str(directory), context=NO_BUNDLING).synth()
            known[key] = Pipeline(environment, directory)
        return known[key]

    return answer


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    nested = {
        key: _merged(values[key], change) if isinstance(change, dict) and isinstance(values.get(key), dict) else change
        for key, change in changes.items()
    }
    return {**values, **nested}


@pytest.fixture(params=ENVIRONMENTS)
def pipeline(request: pytest.FixtureRequest, synthesize: Synthesize) -> Pipeline:
    """Each environment in turn."""
    return synthesize(request.param)


@pytest.fixture
def prod(synthesize: Synthesize) -> Pipeline:
    return synthesize("prod")


@pytest.fixture
def dev(synthesize: Synthesize) -> Pipeline:
    return synthesize("dev")


@pytest.fixture
def local(synthesize: Synthesize) -> Pipeline:
    return synthesize("local")


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A delivery stream for every kind of destination."""
    return destinations.synthesize(tmp_path_factory.mktemp("destinations"))


@pytest.fixture(scope="session")
def stage() -> destinations.DestinationsStage:
    """The same stacks, not synthesized: tests change their destinations."""
    return destinations.DestinationsStage(destinations.new_app(), "weir-test")
