"""Data streams outside of the stacks that functions copy records to, named by an environment variable's ARN.

The key such a stream is encrypted with nothing tells but the function's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from topology.assembly import Assembly, Resource
from topology.model import Edge, Need, Node
from topology.needs import PUT_RECORDS
from topology.use import needs

#: As components/existing_stream.py writes it.
_KEY = "weir:key"
_STREAM = re.compile(r"arn:aws[a-z-]*:kinesis:[^:]+:[0-9]{12}:stream/[^/]+")


def existing_streams(assembly: Assembly, function: Resource) -> Iterator[Resource]:
    """Those that a function writes to, as if they were of the assembly."""
    variables = assembly.properties(function).get("Environment", {}).get("Variables", {})
    for value in variables.values():
        if isinstance(value, str) and _STREAM.fullmatch(value) and assembly.find(value) is None:
            yield _outside(value, "AWS::Kinesis::Stream")


def existing_stream_node(stream: Resource) -> Node:
    """A stream that is not of the stacks. Of its own kind: one may have the name of the pipeline's without its beginning."""
    return Node("existing-stream", stream.name, step="", path="")


def existing_stream_edges(assembly: Assembly, function: Resource, own: str) -> Iterator[Edge]:
    """What the function, whose node's key is `own`, writes there."""
    for stream in existing_streams(assembly, function):
        yield Edge(own, existing_stream_node(stream).key, "writes", _needs(assembly, function, stream))


def _needs(assembly: Assembly, function: Resource, stream: Resource) -> tuple[Need, ...]:
    body = assembly.stacks[function.stack].template["Resources"][function.id]
    named = body.get("Metadata", {}).get(_KEY)
    key = _outside(named, "AWS::KMS::Key") if named else None
    return needs(PUT_RECORDS, assembly.properties(function)["Role"], stream, key=key)


def _outside(arn: str, type_: str) -> Resource:
    _, _, _, region, account, place = arn.split(":")
    name = place.partition("/")[2]
    return Resource(
        stack="", step="", id=name, type=type_, path=arn, name=name, arn=arn, ref=name, account=account, region=region
    )
