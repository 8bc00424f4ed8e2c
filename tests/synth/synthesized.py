"""A synthesized environment, read as CloudFormation will."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from config.model import Environment
from topology.assembly import Assembly, Resource, load

#: Assets are staged as they lie: nothing is copied or installed.
NO_BUNDLING: dict[str, list[str]] = {"aws:cdk:bundling-stacks": []}


@dataclass(frozen=True)
class Pipeline:
    """A synthesized environment."""

    environment: Environment
    directory: Path

    @cached_property
    def assembly(self) -> Assembly:
        return load(self.directory)

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Pipeline step → template, as written."""
        return {stack.step: dict(stack.template) for stack in self.assembly.stacks.values()}

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Stack name → its entry in the cloud assembly's manifest."""
        (nested,) = self.directory.glob("assembly-*")
        artifacts = json.loads((nested / "manifest.json").read_text())["artifacts"]
        return {
            artifact["properties"]["stackName"]: artifact["properties"]
            for artifact in artifacts.values()
            if artifact["type"] == "aws:cloudformation:stack"
        }

    def all(self, kind: str) -> list[Resource]:
        """Every resource of a type, in any stack."""
        return list(self.assembly.of_type(kind))

    def one(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """The properties of the only resource of a type, or of the one whose name, or construct path, is given."""
        found = [each for each in self.all(kind) if name is None or name in (each.name, each.path)]
        assert len(found) == 1, f"{len(found)} × {kind} {name or ''}: {[(each.name, each.path) for each in self.all(kind)]}"
        return self.assembly.properties(found[0])

    def body(self, resource: Resource) -> dict[str, Any]:
        """A resource as the template has it, with its policies and dependencies."""
        body: dict[str, Any] = self.assembly.stacks[resource.stack].template["Resources"][resource.id]
        return body

    def arn(self, kind: str, name: str) -> str:
        """The ARN of the resource whose name, or construct path, is given."""
        (found,) = [each.arn for each in self.all(kind) if name in (each.name, each.path)]
        return found

    def key(self) -> str:
        """The ARN of the environment's key."""
        (key,) = self.all("AWS::KMS::Key")
        return key.arn

    def grants(self, role_path: str, action: str) -> list[tuple[list[str], list[str]]]:
        """The statements of a role's policy with an action that starts so: (actions, resources), each sorted."""
        policy = self.one("AWS::IAM::Policy", f"{role_path}/DefaultPolicy")["PolicyDocument"]
        found = [(_sorted(each["Action"]), _sorted(each["Resource"])) for each in policy["Statement"]]
        return [grant for grant in found if any(each.startswith(action) for each in grant[0])]


def _sorted(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else sorted(value)


Synthesize = Callable[..., Pipeline]
