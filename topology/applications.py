"""Flink applications: what each reads and writes by its property groups, what it needs by itself, and who starts it.

Studio notebooks, which are of the same type, are in notebooks.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from topology import application_needs as uses
from topology.assembly import Assembly, AssemblyError, Resource
from topology.delivery import log_group_needs
from topology.encryption import key_of
from topology.model import Edge, Need, Node
from topology.needs import PUT_RECORDS, READ_MASTER_DATA
from topology.use import needs

APPLICATION = "AWS::KinesisAnalyticsV2::Application"
SERVICE = "kinesisanalytics.amazonaws.com"
#: What runs an application, as against what manages it.
_INFRASTRUCTURE = "infrastructure.kinesisanalytics.amazonaws.com"
#: What a grant on the key for running state is limited to.
_GRANTING = {"kms:GrantConstraintType": "EncryptionContextSubset", "kms:GrantOperations": "Decrypt"}
#: As components/flink_operation.py names it.
_RUNNING = "Custom::RunningFlinkApplication"


def application_needs(assembly: Assembly, application: Resource) -> tuple[Need, ...]:
    """What the application's role, and the service in its own name, need whatever it reads and writes."""
    properties = assembly.properties(application)
    role, configured = properties["ServiceExecutionRole"], properties["ApplicationConfiguration"]
    place = configured["ApplicationCodeConfiguration"]["CodeContent"]["S3ContentLocation"]
    found = needs(uses.READ_CODE, role, application, code=f"{place['BucketARN']}/{place['FileKey']}")
    found += log_needs(assembly, application, role)
    if configured.get("VpcConfigurations"):
        found += needs(uses.RUN_INSIDE_NETWORK, role, application)
    return found + _state_needs(assembly, application)


def application_edges(assembly: Assembly, nodes: Mapping[str, Node]) -> Iterator[Edge]:
    """Raises AssemblyError for a stream or table that is not in the assembly."""
    for application in assembly.of_type(APPLICATION):
        if is_notebook(assembly, application):
            continue
        properties = assembly.properties(application)
        for group in properties["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]:
            yield from _edges_of(assembly, nodes, application, properties["ServiceExecutionRole"], group["PropertyMap"])
    for running in assembly.of_type(_RUNNING):
        yield _operated(assembly, nodes, running)


def _edges_of(
    assembly: Assembly, nodes: Mapping[str, Node], application: Resource, role: str, group: Mapping[str, str]
) -> Iterator[Edge]:
    own = nodes[application.arn].key
    if "stream.arn" in group:
        stream = _find(assembly, group["stream.arn"], application, "AWS::Kinesis::Stream")
        key, name = key_of(assembly, stream), nodes[stream.arn].key
        if "source.init.position" not in group:
            yield Edge(own, name, "writes", needs(PUT_RECORDS, role, stream, key=key))
        elif group["source.reader.type"] == "POLLING":
            yield Edge(name, own, "reads", needs(uses.READ_STREAM, role, stream, key=key))
        else:
            consumer = _find(assembly, group["source.efo.consumer.name"], application, "AWS::Kinesis::StreamConsumer")
            yield Edge(name, own, "reads", needs(uses.SUBSCRIBE, role, stream, key=key, consumer=consumer.arn))
    if "table.name" in group:
        table = _find(assembly, group["table.name"], application, "AWS::DynamoDB::Table")
        read = needs(READ_MASTER_DATA, role, table, key=key_of(assembly, table))
        yield Edge(nodes[table.arn].key, own, "reads", read)


def _operated(assembly: Assembly, nodes: Mapping[str, Node], running: Resource) -> Edge:
    properties = assembly.properties(running)
    function = _find(assembly, properties["ServiceToken"], running, "AWS::Lambda::Function")
    application = _find(assembly, properties["Application"], running, APPLICATION)
    role, (group, _) = assembly.properties(function)["Role"], _log_of(assembly, application)
    key = key_of(assembly, application)
    found = needs(uses.OPERATE, role, application, key=key, context=_GRANTING)
    found += needs(uses.READ_APPLICATION_LOG, role, group) + needs(uses.GO_ON, role, function)
    return Edge(nodes[function.arn].key, nodes[application.arn].key, "operates", found)


def _state_needs(assembly: Assembly, application: Resource) -> tuple[Need, ...]:
    key = key_of(assembly, application)
    context = {"aws:SourceArn": application.arn, **_GRANTING}
    return needs(uses.KEEP_SNAPSHOTS, SERVICE, application, key=key, context=context) + needs(
        uses.KEEP_RUNNING_STATE, _INFRASTRUCTURE, application, key=key, context=context
    )


def is_notebook(assembly: Assembly, application: Resource) -> bool:
    """Whether it is one of Studio."""
    return bool(assembly.properties(application).get("ApplicationMode") == "INTERACTIVE")


def log_needs(assembly: Assembly, application: Resource, role: str) -> tuple[Need, ...]:
    """What writing its log takes."""
    group, log_stream = _log_of(assembly, application)
    return needs(uses.WRITE_APPLICATION_LOG, role, group, log_stream=log_stream) + log_group_needs(assembly, group)


def _log_of(assembly: Assembly, application: Resource) -> tuple[Resource, str]:
    """The group and the name of the stream an application logs to."""
    for option in assembly.of_type("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption"):
        properties: dict[str, Any] = assembly.properties(option)
        if properties["ApplicationName"] == application.ref:
            place = properties["CloudWatchLoggingOption"]["LogStreamARN"].partition(":log-group:")[2]
            name, _, stream = place.partition(":log-stream:")
            return _find(assembly, name, application, "AWS::Logs::LogGroup"), stream
    raise AssemblyError(f"{application.stack}/{application.id}: logs nowhere; give it a logging option")


def _find(assembly: Assembly, value: object, where: Resource, kind: str) -> Resource:
    found = assembly.find(value, kind)
    if found is None:
        raise AssemblyError(f"{where.stack}/{where.id}: {value} is no {kind} of the assembly")
    return found
