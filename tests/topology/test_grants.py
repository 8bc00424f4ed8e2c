"""Take any single grant out of a template, and the check names the edge that breaks, the role and the action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

import topology
from tests.topology.changes import environment_of, granting, without_action
from tests.topology.pipeline import ENVIRONMENTS, acting_nodes, edges
from topology.policies import Statement, matches

#: The callers of these are outside of the templates, so nothing in them grants the call.
_OUTSIDE = ("producers/", "deployment/", "catalog/lake", "queue/collect fails to")
#: Who asks what a catalog holds is asked for leave, not the holder.
_HOLDS = " holds catalog/"
CASES = [
    (subject, environment)
    for environment in ENVIRONMENTS
    for subject in (
        *(edge for edge in edges(environment) if not edge.startswith(_OUTSIDE) and _HOLDS not in edge),
        *acting_nodes(environment),
    )
]

#: What needs something, what it needs, and the statements that allow it.
Granted = tuple[str, topology.Need, tuple[Statement, ...]]
Broken = set[tuple[str, str | None, str | None, str | None]]


@pytest.fixture(scope="module")
def granted_in(topology_of: Callable[[str], topology.Topology]) -> Callable[[str], list[Granted]]:
    """Every required need of an environment, with its grants."""

    @cache
    def grants(environment: str) -> list[Granted]:
        pipeline = topology_of(environment)
        needs = [(name, need) for name, need in pipeline.needs() if need.required]
        return [(name, need, tuple(granting(pipeline.assembly, need.request))) for name, need in needs]

    return grants


@pytest.fixture(scope="module")
def broken_without(
    topology_of: Callable[[str], topology.Topology],
) -> Callable[[str, tuple[str, str, int], str], Broken]:
    """What the check names when a statement of an environment loses an action; remembered, since edges share statements."""

    @cache
    def broken(environment: str, origin: tuple[str, str, int], action: str) -> Broken:
        pipeline = topology_of(environment)
        # Nodes and edges do not come from grants: only the check has to run again.
        poorer = replace(pipeline, assembly=without_action(pipeline.assembly, origin, action))
        found = topology.check(poorer, environment_of(environment))
        assert {finding.rule for finding in found} == {"missing permission"}
        return {(finding.subject, finding.role, finding.action, finding.resource) for finding in found}

    return broken


@pytest.mark.parametrize(("subject", "environment"), CASES)
def test_every_grant_taken_away_is_named(
    subject: str,
    environment: str,
    granted_in: Callable[[str], list[Granted]],
    broken_without: Callable[[str, tuple[str, str, int], str], Broken],
) -> None:
    granted = granted_in(environment)
    own = [(need, statements) for name, need, statements in granted if name == subject]
    assert own, f"{subject} needs nothing"
    for need, statements in own:
        assert statements, f"{need.request.action} on {need.request.resource} is granted to nobody in particular"
        for statement in statements:
            pattern = _pattern(statement, need)
            broken = broken_without(environment, statement.origin, pattern)
            assert (subject, need.role, need.request.action, need.request.resource) in broken
            assert broken == _resting_on(granted, statement, pattern)


def _pattern(statement: Statement, need: topology.Need) -> str:
    """The action of a statement, which may be a pattern, that covers a need; there must be just one."""
    (pattern,) = [action for action in statement.actions if matches(need.request.action, action, ignore_case=True)]
    return pattern


def _resting_on(granted: list[Granted], statement: Statement, pattern: str) -> Broken:
    """All that rests on one action of one statement: this must be named, and nothing else."""
    return {
        (name, need.role, need.request.action, need.request.resource)
        for name, need, statements in granted
        if matches(need.request.action, pattern, ignore_case=True)
        and any(other.origin == statement.origin for other in statements)
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_grant_stands_twice(environment: str, granted_in: Callable[[str], list[Granted]]) -> None:
    """A second statement for the same call would hide the loss of the first."""
    for name, need, statements in granted_in(environment):
        own = [statement for statement in statements if not statement.principals]
        assert len(own) <= 1, f"{name}: {need.request.action} on {need.request.resource} is granted by {len(own)} statements"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_edge_has_its_grants_checked(environment: str, granted_in: Callable[[str], list[Granted]]) -> None:
    assert {name for name, _, _ in granted_in(environment)} == {subject for subject, each in CASES if each == environment}
