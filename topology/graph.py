"""From resources to nodes: the parts of the pipeline, the roles they act with, and what each needs by itself."""

from __future__ import annotations

from topology import needs as uses
from topology.applications import SERVICE, application_needs, is_notebook, log_needs
from topology.assembly import Assembly, AssemblyError, Resource
from topology.delivery import log_group_needs, outside, own_needs, read_delivery
from topology.edges import KINDS, OUTSIDE, Reader, outside_bucket, outside_function
from topology.encryption import key_of
from topology.existing_streams import existing_stream_node, existing_streams
from topology.labels import is_generated, label
from topology.model import Need, Node, Topology, unique
from topology.told_buckets import told_buckets
from topology.use import needs


def build(assembly: Assembly) -> Topology:
    """The topology of the one pipeline an assembly holds.

    Raises AssemblyError or PolicyError for what is not understood.
    """
    first = next(iter(assembly.stacks.values()))
    pipeline = first.name.removesuffix(f"-{first.step}")
    inside = {resource.arn: _node(assembly, resource, pipeline) for resource in assembly.of_type(*KINDS)}
    edges = unique(Reader(assembly, inside).edges())
    touched = {key for edge in edges for key in (edge.source, edge.target)}
    streams = (read_delivery(assembly, resource) for resource in assembly.of_type("AWS::KinesisFirehose::DeliveryStream"))
    receivers = [node for node in map(outside, streams) if node]
    receivers += [outside_bucket(told) for told in told_buckets(assembly)]
    functions = assembly.of_type("AWS::Lambda::Function")
    receivers += [existing_stream_node(stream) for function in functions for stream in existing_streams(assembly, function)]
    mappings = assembly.of_type("AWS::Lambda::EventSourceMapping")
    receivers += [node for node in (outside_function(assembly, mapping) for mapping in mappings) if node]
    beyond = [node for node in OUTSIDE if node.key in touched]
    return Topology(pipeline, assembly, {node.key: node for node in (*beyond, *inside.values(), *receivers)}, edges)


def _node(assembly: Assembly, resource: Resource, pipeline: str) -> Node:
    kind = KINDS[resource.type]
    roles: tuple[str, ...] = ()
    found: tuple[Need, ...] = ()
    if kind == "function":
        roles = (assembly.properties(resource)["Role"],)
        found = _trust(assembly, roles, "lambda.amazonaws.com") + _function_needs(assembly, resource, roles[0])
    elif kind == "application":
        roles = (assembly.properties(resource)["ServiceExecutionRole"],)
        found = _trust(assembly, roles, SERVICE)
        if is_notebook(assembly, resource):
            kind = "notebook"
            found += log_needs(assembly, resource, roles[0])
        else:
            found += application_needs(assembly, resource)
    elif kind == "delivery":
        delivery = read_delivery(assembly, resource)
        roles = delivery.roles
        found = _trust(assembly, roles, "firehose.amazonaws.com") + own_needs(assembly, delivery)
    return Node(
        kind=kind,
        label=label(resource, pipeline),
        step=resource.step,
        path=resource.path,
        name=None if is_generated(resource) else resource.name,
        encryption_key=key_of(assembly, resource),
        roles=roles,
        needs=unique(found),
    )


def _trust(assembly: Assembly, roles: tuple[str, ...], service: str) -> tuple[Need, ...]:
    found: tuple[Need, ...] = ()
    for arn in roles:
        role = assembly.find(arn, "AWS::IAM::Role")
        if role is None:
            raise AssemblyError(f"the role {arn} is not in the assembly, so what it may do is not known")
        found += needs(uses.ASSUME_ROLE, service, role)
    return found


def _function_needs(assembly: Assembly, function: Resource, role: str) -> tuple[Need, ...]:
    properties = assembly.properties(function)
    name = properties.get("LoggingConfig", {}).get("LogGroup")
    group = assembly.find(name, "AWS::Logs::LogGroup")
    if group is None:
        raise AssemblyError(f"{function.stack}/{function.id}: has no log group of the assembly; give it one, with its retention")
    found = needs(uses.WRITE_OWN_LOG, role, group) + log_group_needs(assembly, group)
    if properties.get("TracingConfig", {}).get("Mode") == "Active":
        found += needs(uses.TRACE, role, function)
    if properties.get("VpcConfig", {}).get("SubnetIds"):
        found += needs(uses.JOIN_NETWORK, role, function)
    return found
