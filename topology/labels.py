"""What a node is called: its physical name where people gave it one, otherwise its place in the construct tree."""

from __future__ import annotations

import re

from topology.assembly import Resource

_GENERIC = {"Bucket", "Delivery", "Domain", "Function", "Queue", "Resource", "Stream", "Table", "Topic"}


def is_generated(resource: Resource) -> bool:
    """Whether CloudFormation makes up the physical name."""
    return resource.name == f"{resource.stack}-{resource.id}"


def label(resource: Resource, pipeline: str) -> str:
    """A short name: `raw` for the stream `weir-dev-raw` of the pipeline `weir-dev`, `quarantine` for `Quarantine/Bucket`."""
    if not is_generated(resource):
        # A database has no `-` in its name.
        underscored = pipeline.replace("-", "_")
        # What bears the pipeline's own name is what its step is about.
        if resource.name in (pipeline, underscored):
            return resource.step
        return resource.name.removeprefix(f"{pipeline}-").removeprefix(f"{underscored}_")
    parts = resource.path.split("/")
    while len(parts) > 1 and parts[-1] in _GENERIC:
        parts.pop()
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", " ".join(parts))
    return "-".join(word.lower() for word in words)
