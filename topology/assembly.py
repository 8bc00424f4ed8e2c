"""A cloud assembly read back: every stack of the stages, with its references resolved to names and ARNs.

The templates are what CloudFormation will deploy, so whatever is read from here is what will be deployed. Names that
CloudFormation makes up at deployment stand as ``<stack>-<logical id>``: one of a kind, and never a wildcard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from topology.naming import NAMING, Naming

#: Stands for the account of an environment that names none (the documentation's own example account).
ANY_ACCOUNT = "111122223333"
ANY_REGION = "us-east-1"


class AssemblyError(Exception):
    """The assembly cannot be read, or holds something that is not understood and must not be guessed."""


_DROPPED = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True)
class Stack:
    """One stack: ``name`` as CloudFormation knows it, ``step`` the pipeline step it deploys, ``paths`` the place of each
    logical id in the construct tree, below the stack."""

    name: str
    step: str
    account: str
    region: str
    template: Mapping[str, Any]
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """One resource of a template, with what others know it by. ``path`` is its construct path below the stack."""

    stack: str
    step: str
    id: str
    type: str
    path: str
    name: str
    arn: str
    ref: str
    account: str
    region: str


class Assembly:
    """All stacks of a cloud assembly. Immutable: ``with_template`` gives a changed copy that shares the rest."""

    def __init__(self, stacks: Mapping[str, Stack]) -> None:
        self.stacks = dict(stacks)
        self._properties: dict[tuple[str, str], dict[str, Any]] = {}
        self._made: dict[tuple[str, str], Resource] = {}

    def with_template(self, stack: str, template: Mapping[str, Any]) -> Assembly:
        """A copy in which one stack has another template."""
        return Assembly({**self.stacks, stack: replace(self.stacks[stack], template=template)})

    @cached_property
    def resources(self) -> dict[tuple[str, str], Resource]:
        """Every resource by (stack name, logical id)."""
        return {
            (stack.name, logical): self._local(stack, logical, "Resources")
            for stack in self.stacks.values()
            for logical in stack.template.get("Resources", {})
        }

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these CloudFormation types, in the order of the types and of the templates."""
        return (resource for kind in types for resource in self._by_type.get(kind, ()))

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        by_type: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            by_type.setdefault(resource.type, []).append(resource)
        return by_type

    def properties(self, resource: Resource) -> dict[str, Any]:
        """A resource's properties with every reference resolved."""
        key = (resource.stack, resource.id)
        if key not in self._properties:
            body = self.stacks[resource.stack].template["Resources"][resource.id]
            self._properties[key] = self._resolve(self.stacks[resource.stack], body.get("Properties", {}), resource.id)
        return self._properties[key]

    @cached_property
    def _known(self) -> dict[str, list[Resource]]:
        known: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            values = {resource.name, resource.arn, resource.ref}
            if resource.type == "AWS::OpenSearchService::Domain":
                endpoint = self._attribute(resource, "DomainEndpoint")
                values |= {endpoint, f"https://{endpoint}"}
            elif resource.type == "AWS::OpenSearchServerless::Collection":
                values.add(self._attribute(resource, "CollectionEndpoint"))
            for value in values:
                known.setdefault(value, []).append(resource)
        return known

    def find(self, value: object, *types: str) -> Resource | None:
        """The resource (of one of these types, where given) that this name, ARN, URL or endpoint belongs to."""
        if not isinstance(value, str):
            return None
        return next((found for found in self._known.get(value, []) if not types or found.type in types), None)

    def _resource(self, stack: Stack, logical: str, body: Mapping[str, Any]) -> Resource:
        kind = body["Type"]
        naming = NAMING.get(kind, Naming(None, f"{stack.name}-{logical}.Arn"))
        given = body.get("Properties", {}).get(naming.property) if naming.property else None
        name = self._resolve(stack, given, logical) if given is not None else f"{stack.name}-{logical}"
        # A KMS key id is a UUID and a bucket's name lower case; neither matters here, that they are unique does.
        values = {"name": name, "account": stack.account, "region": stack.region}
        arn = naming.arn.format(**values)
        return Resource(
            stack=stack.name,
            step=stack.step,
            id=logical,
            type=kind,
            path=stack.paths.get(logical, logical),
            name=name,
            arn=arn,
            ref=naming.ref.format(arn=arn, **values),
            account=stack.account,
            region=stack.region,
        )

    @cached_property
    def _exports(self) -> dict[str, tuple[Stack, Any]]:
        exports: dict[str, tuple[Stack, Any]] = {}
        for stack in self.stacks.values():
            for key, output in stack.template.get("Outputs", {}).items():
                if "Export" in output:
                    exports[self._resolve(stack, output["Export"]["Name"], key)] = (stack, output["Value"])
        return exports

    @staticmethod
    def _attribute(resource: Resource, attribute: str) -> str:
        if attribute in ("Arn", "ConsumerARN") or (attribute == "TopicArn" and resource.type == "AWS::SNS::Topic"):
            return resource.arn
        if resource.type == "AWS::OpenSearchService::Domain" and attribute == "DomainEndpoint":
            return f"search-{resource.name}.{resource.region}.es.amazonaws.com"
        if attribute in ("TopicName", "QueueName", "KeyId"):
            return resource.name
        # Any other attribute (an id, a URL) has no part in a policy: a value like no other, so nothing matches it.
        return f"{resource.name}.{attribute}"

    def _resolve(self, stack: Stack, value: Any, where: str) -> Any:
        if isinstance(value, list):
            return [item for item in (self._resolve(stack, entry, where) for entry in value) if item is not _DROPPED]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(stack, function, argument, where)
        entries = ((key, self._resolve(stack, entry, where)) for key, entry in value.items())
        return {key: entry for key, entry in entries if entry is not _DROPPED}

    def _call(self, stack: Stack, function: str, argument: Any, where: str) -> Any:
        match function:
            case "Ref":
                return self._ref(stack, argument, where)
            case "Fn::GetAtt":
                logical, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
                return self._attribute(self._local(stack, logical, where), attribute)
            case "Fn::Join":
                return argument[0].join(str(part) for part in self._resolve(stack, argument[1], where))
            case "Fn::Sub":
                return self._substitute(stack, argument, where)
            case "Fn::Select":
                return self._resolve(stack, argument[1], where)[int(argument[0])]
            case "Fn::Split":
                return self._resolve(stack, argument[1], where).split(argument[0])
            case "Fn::GetAZs":
                return [f"{stack.region}{zone}" for zone in "abc"]
            case "Fn::ImportValue":
                name = self._resolve(stack, argument, where)
                if name not in self._exports:
                    raise AssemblyError(f"{stack.name}/{where}: imports {name!r}, which no stack of the assembly exports")
                return self._resolve(*self._exports[name], where)
        raise AssemblyError(f"{stack.name}/{where}: {function} is not understood by the topology reader; add it to assembly.py")

    def _ref(self, stack: Stack, name: str, where: str) -> Any:
        pseudo = {
            "AWS::AccountId": stack.account,
            "AWS::Region": stack.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::StackId": f"arn:aws:cloudformation:{stack.region}:{stack.account}:stack/{stack.name}",
            "AWS::NoValue": _DROPPED,
        }
        if name in pseudo:
            return pseudo[name]
        parameter = stack.template.get("Parameters", {}).get(name)
        if parameter is not None:
            if "Default" not in parameter:
                raise AssemblyError(f"{stack.name}/{where}: parameter {name} has no default, so its value is not known")
            return parameter["Default"]
        return self._local(stack, name, where).ref

    def _local(self, stack: Stack, logical: str, where: str) -> Resource:
        resources = stack.template.get("Resources", {})
        if logical not in resources:
            raise AssemblyError(f"{stack.name}/{where}: refers to {logical}, which the stack does not have")
        key = (stack.name, logical)
        if key not in self._made:
            self._made[key] = self._resource(stack, logical, resources[logical])
        return self._made[key]

    def _substitute(self, stack: Stack, argument: Any, where: str) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def one(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in given:
                return str(self._resolve(stack, given[name], where))
            return str(self._call(stack, *(("Fn::GetAtt", name) if "." in name else ("Ref", name)), where))

        return _PLACEHOLDER.sub(one, text)


def load(directory: Path) -> Assembly:
    """Reads a cloud assembly and the stage assemblies nested in it.

    Raises AssemblyError when the directory is no assembly or holds no stack.
    """
    stacks = {stack.name: stack for stack in _stacks(directory)}
    if not stacks:
        raise AssemblyError(f"{directory}: the assembly has no stack; synthesize with `-c env=<environment>`")
    return Assembly(stacks)


def _stacks(directory: Path) -> Iterator[Stack]:
    manifest_file = directory / "manifest.json"
    if not manifest_file.is_file():
        raise AssemblyError(f"{directory}: not a cloud assembly (it has no manifest.json); synthesize it first")
    artifacts = json.loads(manifest_file.read_text()).get("artifacts", {})
    for key, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(directory / properties["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            shown = artifact.get("displayName", key)
            account, region = artifact["environment"].removeprefix("aws://").split("/")
            yield Stack(
                name=properties.get("stackName", key),
                step=shown.rpartition("/")[2],
                account=ANY_ACCOUNT if account.startswith("unknown") else account,
                region=ANY_REGION if region.startswith("unknown") else region,
                template=json.loads((directory / properties["templateFile"]).read_text()),
                paths=_paths(directory, artifact, shown),
            )


def _paths(directory: Path, artifact: Mapping[str, Any], stack_path: str) -> dict[str, str]:
    """Construct paths by logical id, from the metadata the manifest holds, or (newer libraries) the file it names."""
    metadata = dict(artifact.get("metadata", {}))
    if "additionalMetadataFile" in artifact:
        metadata |= json.loads((directory / artifact["additionalMetadataFile"]).read_text())
    return {
        entry["data"]: path.removeprefix(f"/{stack_path}/").removesuffix("/Resource")
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
