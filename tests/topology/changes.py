"""Changing one thing in a synthesized template, leaving all the others shared."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import topology
from config.loader import load_environment
from config.model import Environment
from topology.assembly import Assembly
from topology.permissions import policies
from topology.policies import Request, Statement

_DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy", "AccessPolicies")


_policies = cache(policies)


@cache
def environment_of(name: str) -> Environment:
    """The environment of this name; of `<name>+analytics`, with all Flink applications and a Studio notebook."""
    of, _, analytics = name.partition("+")
    environment = load_environment(of)
    if not analytics:
        return environment
    every = {part: {"enabled": True} for part in ("aggregates", "anomalies", "behaviour", "business", "studio")}
    return Environment.model_validate({**environment.model_dump(), analytics: every})


def findings(assembly: Assembly, environment: str) -> list[topology.Finding]:
    return topology.check(topology.build(assembly), environment_of(environment))


def resource(assembly: Assembly, type_: str, **properties: str) -> tuple[str, str]:
    """(stack, logical id) of the only resource of a type whose resolved properties have these values."""
    (found,) = [
        (entry.stack, entry.id)
        for entry in assembly.of_type(type_)
        if all(assembly.properties(entry).get(name) == value for name, value in properties.items())
    ]
    return found


def changed(assembly: Assembly, stack: str, logical_id: str) -> tuple[Assembly, dict[str, Any]]:
    """A copy of the assembly, and the body of one resource in it that may be changed before the copy is read."""
    template = dict(assembly.stacks[stack].template)
    template["Resources"] = dict(template["Resources"])
    body = copy.deepcopy(template["Resources"][logical_id])
    template["Resources"][logical_id] = body
    return assembly.with_template(stack, template), body


def document(body: dict[str, Any]) -> dict[str, Any]:
    """The policy document of a resource, whichever property holds it."""
    (name,) = [name for name in _DOCUMENTS if name in body["Properties"]]
    held: dict[str, Any] = body["Properties"][name]
    return held


def granting(assembly: Assembly, request: Request) -> Iterator[Statement]:
    """The statements that allow a call by naming its caller; not those that leave it to the account's policies."""
    known = _policies(assembly)
    for statement in known.identity.get(request.principal, ()):
        if statement.effect == "Allow" and statement.covers(request):
            yield statement
    for owner, statements in known.resource.items():
        if request.resource == owner or request.resource.startswith(f"{owner}/"):
            named = (entry for entry in statements if entry.effect == "Allow" and entry.names(request))
            yield from (entry for entry in named if entry.covers(request))


def without_action(assembly: Assembly, origin: tuple[str, str, int], action: str) -> Assembly:
    """The assembly after one statement lost one action."""
    stack, logical_id, number = origin
    copied, body = changed(assembly, stack, logical_id)
    if body["Type"] == "AWS::OpenSearchServerless::AccessPolicy":
        entries = json.loads(assembly.properties(assembly.resources[stack, logical_id])["Policy"])
        for rule in entries[number]["Rules"]:
            rule["Permission"] = [one for one in rule["Permission"] if one != action]
        body["Properties"]["Policy"] = json.dumps(entries)
        return copied
    statements = document(body)["Statement"]
    listed = statements[number]["Action"]
    kept = [one for one in (listed if isinstance(listed, list) else [listed]) if one != action]
    if kept:
        statements[number]["Action"] = kept
    else:
        del statements[number]
    return copied
