"""The assemblies of all environments, synthesized once a session."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

import pytest

import topology
from tests.topology.changes import environment_of
from topology.assembly import Assembly, load

# Read by the construct library's own process when it starts. Its validation takes seconds an app and is part of the synth tests.
os.environ.setdefault("CDK_VALIDATION", "false")
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")


@pytest.fixture(scope="session")
def assembly_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    """The cloud assembly of an environment, by name; of `<name>+analytics` with all Flink applications."""
    from app import build_app  # loads the construct library, which only these tests need

    @cache
    def synthesized(name: str) -> Assembly:
        out = tmp_path_factory.mktemp(name)
        build_app(environment_of(name), outdir=str(out), context={"aws:cdk:bundling-stacks": []}).synth()
        return load(out)

    return synthesized


@pytest.fixture(scope="session")
def topology_of(assembly_of: Callable[[str], Assembly]) -> Callable[[str], topology.Topology]:
    """The topology of an environment, by name."""
    return cache(lambda name: topology.build(assembly_of(name)))
